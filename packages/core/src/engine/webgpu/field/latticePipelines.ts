/**
 * The kernels of a lattice job, which compile at once and beside what is tried before: who loads one later finds it compiled. Spectra and
 * histograms are left to the first snapshot.
 */
import { curvaturesOf } from "../../../potential/curvature.ts";
import { formOf } from "../../../potential/form.ts";
import { potentialsOf } from "../../latticeJob.ts";
import { operationsOf, type PartJob } from "../../parts.ts";
import type { Gpu } from "../gpu.ts";
import { type KernelDeclaration, loadKernel, type Specialisation } from "../kernel.ts";
import { sharing } from "./latticeCoupled.ts";
import {
  adders,
  coupledSpecialisation,
  globalSpecialisation,
  type LatticeSpecialisation,
  latticeCosine,
  latticeCoupled,
  latticeGhosts,
  latticeGlobal,
  latticeMoments,
  latticeStep,
  momentsSpecialisation,
  potentialSpecialisation,
  withoutPotential,
} from "./latticeKernels.ts";
import { sweepKernel } from "./latticeMarch.ts";
import { pairChoice } from "./latticePairs.ts";
import type { LatticePlan } from "./latticePlan.ts";
import { momentKinds, reducedBy } from "./latticeRecords.ts";

/** Starts to compile them. What is wrong with one is thrown where it is loaded, and InputError for numbers of the job before any is begun. */
export function compileKernels(
  gpu: Gpu,
  job: PartJob,
  { layout, specialisation, numbers, jobs: [largest] }: LatticePlan,
): Promise<unknown> {
  const { schedule, grid, fields, from = 0 } = job;
  const wanted: (readonly [KernelDeclaration<string>, Specialisation])[] = [];
  const compile = (...kernel: (typeof wanted)[number]): void => {
    wanted.push(kernel);
  };
  if (schedule.kind === "coupled") {
    compile(...sweepKernel(job, latticeCoupled, coupledSpecialisation(specialisation, fields)));
    const { groups } = sharing(gpu.adapter, job, layout, specialisation);
    compile(latticeGlobal, globalSpecialisation(schedule, numbers, fields, adders(groups, gpu.limits)));
  } else {
    compile(...sweepKernel(job, latticeStep, specialisation));
    const pairs = pairChoice(gpu, largest!, operationsOf(job) - from, layout, specialisation);
    if (pairs) compile(pairs.form.kernel, pairs.form.specialisation);
  }
  if (layout.ghosts > 0) compile(latticeGhosts, withoutPotential(specialisation, fields));
  const { moments, curvatures, modes } = reducedBy(job);
  const compileMoments = (of: LatticeSpecialisation, momenta: boolean): void =>
    compile(...sweepKernel(job, latticeMoments, momentsSpecialisation(of, momenta)));
  if (moments) for (const momenta of momentKinds(job)) compileMoments(specialisation, momenta);
  if (curvatures.length > 0)
    for (const potentials of curvaturesOf(potentialsOf(job), curvatures))
      compileMoments(potentialSpecialisation(grid, formOf(potentials), numbers), false);
  if (modes.length > 0) compile(latticeCosine, withoutPotential(specialisation, fields));
  return Promise.allSettled(wanted.map((kernel) => loadKernel(gpu, ...kernel)));
}
