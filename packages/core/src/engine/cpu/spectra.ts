/** All spectra that a lattice job asks for on the CPU: of fields and momenta, and of oscillators, which are two weighted ones. */
import type { LatticeJob, Observation, Snapshot } from "../engine.ts";
import type { MemoryPlan } from "./control.ts";
import type { Elements, Layout } from "./layout.ts";
import { mix, planCurvature } from "./oscillators.ts";
import type { Call } from "./pool.ts";
import { askedFor } from "./snapshots.ts";
import { planSpectrum } from "./spectrum.ts";

/** A state between two operations. */
interface State {
  /** Addresses of the arrays. */
  readonly field: number;
  readonly momentum: number;
  readonly afterOperation: number;
  /** The last observation. */
  readonly made: Observation | undefined;
}

interface Spectra {
  setup(worker: number): readonly Call[];
  /** Writes the tables, once. */
  prepare(memory: WebAssembly.Memory, elements: Elements): Promise<void>;
  take(state: State, run: (calls: readonly Call[]) => Promise<unknown>): Promise<Snapshot>;
}

/** Plans them. Throws InputError where a constant does not fit the precision. */
export function planSpectra(
  plan: MemoryPlan,
  job: LatticeJob,
  layout: Layout,
  { workers, size }: { readonly workers: number; readonly size: 4 | 8 },
): Spectra {
  const { grid, realisations, fields } = job;
  const ofField = askedFor(job, "spectrum");
  const ofMomentum = askedFor(job, "momentumSpectrum");
  const oscillators = askedFor(job, "oscillators");
  if (!ofField && !ofMomentum && !oscillators)
    return { setup: () => [], prepare: async () => {}, take: async ({ afterOperation }) => ({ afterOperation }) };
  const spectrum = planSpectrum(plan, grid, layout, {
    realisations,
    fields,
    workers,
    size,
    waveSquares: oscillators?.waveSquares,
  });
  const curvature = oscillators && planCurvature(plan, job, layout, size);
  const target = oscillators ? plan.place(realisations * fields * layout.fieldBytes) : 0;
  let buffer: ArrayBufferLike;
  let elements: Elements;
  return {
    setup: spectrum.setup,
    async prepare(memory, all) {
      ({ buffer } = memory);
      elements = all;
      spectrum.prepare(buffer);
      await curvature?.prepare(memory, elements);
    },
    async take({ field, momentum, made, afterOperation }, run) {
      let taken: Snapshot = { afterOperation };
      if (ofField) {
        await run(spectrum.calls(field));
        taken = { ...taken, spectra: spectrum.read(buffer) };
      }
      if (!ofMomentum && !oscillators) return taken;
      if (made?.afterOperation !== afterOperation)
        throw new Error("a snapshot of momenta needs an observation made with it");
      if (ofMomentum) {
        await run(spectrum.calls(momentum));
        const sums = spectrum.read(buffer);
        const factor = ofMomentum.factor(made);
        const perRealisation = sums.length / realisations;
        const momentumSpectra = sums.map((sum, i) => factor[Math.floor(i / perRealisation)]! ** 2 * sum);
        taken = { ...taken, momentumSpectra };
      }
      if (oscillators) {
        const means = curvature!.means(elements, field);
        const given = oscillators.of(made, means);
        await run(spectrum.weighted(buffer, field, "omega", given.massSquared));
        const potential = spectrum.read(buffer);
        mix(job, layout, elements, given, { field, momentum, target });
        await run(spectrum.weighted(buffer, target, "1/omega", given.massSquared));
        const kinetic = spectrum.read(buffer);
        const perRealisation = kinetic.length / realisations;
        const sums = kinetic.map(
          (sum, i) => sum + given.coordinate[Math.floor(i / perRealisation)]! ** 2 * potential[i]!,
        );
        taken = { ...taken, oscillators: sums, curvature: means };
      }
      return taken;
    },
  };
}
