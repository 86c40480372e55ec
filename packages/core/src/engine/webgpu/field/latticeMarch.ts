/**
 * The form of a lattice's sweeps in which invocations march along the first axis with vectors of four sites (march.wgsl), of float32 in
 * two and three dimensions. A large GPU moves 16 bytes a site as fast as its memory only if it spends few instructions and few reads from the
 * caches on a site: site by site a sweep takes some 120 instructions and reads each neighbour, which is as long; so about 45, and the
 * neighbours along the march not at all. Whatever does not fit is swept site by site.
 */
import { type LatticeJob, STENCILS } from "../../latticeJob.ts";
import { share } from "../evenly.ts";
import type { Gpu } from "../gpu.ts";
import type { KernelDeclaration } from "../kernel.ts";
import { type LatticeSpecialisation, MAX_SWEEPERS, type SweepKernel } from "./latticeKernels.ts";
import type { Layout, Slab } from "./latticeSlabs.ts";

/** Sites of a vector. */
export const VECTOR = 4;

/** Vectors of the window that an invocation keeps: with what it computes, half of the registers that it may have. */
const WINDOW = 16;

/** Invocations of a workgroup, which any adapter has, and along the last axis, as far as a GPU reads memory at once. */
const INVOCATIONS = 256;
const COLUMNS = 32;

/**
 * Workgroups of a realisation that marches are made shorter for, several turns of a large device: what the last turn leaves idle costs
 * little then. But a march reads the planes that the stencil spans before and behind its own, twice its reach: it has twice as many itself
 * at least; and at most a part of the axis, so that the marches beside find what they share in the caches.
 */
const GROUPS = 2048;
const MARCHES = 32;

/** What the kernels are specialised by in this form; undefined where it does not fit. */
export function marched(
  { grid: { dimensions, points, stencil }, fields }: Pick<LatticeJob, "grid" | "fields">,
  specialisation: LatticeSpecialisation,
): LatticeSpecialisation | undefined {
  const span = 2 * STENCILS[stencil].length + 1;
  if (dimensions < 2 || points % VECTOR > 0 || specialisation.numbers.words > 1 || fields * span > WINDOW)
    return undefined;
  const columns = share(points / VECTOR, dimensions === 3 ? COLUMNS : INVOCATIONS);
  const lines = dimensions === 3 ? share(points, Math.floor(INVOCATIONS / columns)) : 1;
  return {
    ...specialisation,
    constants: { ...specialisation.constants, COLUMNS: columns, LINES: lines, SPAN: span },
  };
}

/** A slab as the kernels that march see it: in vectors along the last axis. */
export function vectorSlab({ dimensions, points }: LatticeJob["grid"], { stride, ghosts }: Layout, { planes }: Slab) {
  const [along, across] = [points / VECTOR, dimensions === 3 ? points : 1];
  return {
    own: [along, across, planes] as const,
    stride: stride / VECTOR,
    sides: [along, across, planes + 2 * ghosts] as const,
    ghosts,
  };
}

/** The kernel of a job's sweeps in the form that fits, and what it is specialised by. */
export function sweepKernel<B extends string>(
  job: Pick<LatticeJob, "grid" | "fields">,
  { sites, march }: SweepKernel<B>,
  specialisation: LatticeSpecialisation,
): readonly [KernelDeclaration<B>, LatticeSpecialisation] {
  const marching = marched(job, specialisation);
  return marching ? [march, marching] : [sites, specialisation];
}

/**
 * How workgroups [x, y, chunks] of each realisation, at most so many, share a slab, and the kernels' parameters of it. It depends on the
 * lattice alone: with the number of realisations the order of sums would change, and with it their last bits.
 */
export function marchSharing(
  { type }: Pick<Gpu["adapter"], "type">,
  grid: LatticeJob["grid"],
  layout: Layout,
  planned: Slab,
  { constants }: LatticeSpecialisation,
  groups: number = MAX_SWEEPERS[type],
) {
  const slab = vectorSlab(grid, layout, planned);
  const [along, across, planes] = slab.own;
  const x = Math.ceil(along / Number(constants.COLUMNS));
  const y = Math.ceil(across / Number(constants.LINES));
  const wanted = Math.max(2 * (Number(constants.SPAN) - 1), Math.min((x * y * planes) / GROUPS, planes / MARCHES));
  const most = Math.max(1, Math.floor(groups / (x * y)));
  const depth = Math.ceil(planes / Math.min(most, Math.ceil(planes / wanted)));
  const chunks = Math.ceil(planes / depth);
  return { workgroups: [x, y, chunks] as const, params: { slab, depth, chunks } };
}
