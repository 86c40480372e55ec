/**
 * The lattice job's spectra on WebGPU: rows, then columns of each further axis, then the bins, some fields at a time in one array of
 * half-complex modes [fields][points]..[points/2 + 1]. Only the bins' partial sums are read.
 */
import { InputError } from "../../../errors.ts";
import { type Grid, type LatticeJob, type Snapshot, spectrumBins } from "../../latticeJob.ts";
import { type Buffers, ownBuffers } from "../buffers.ts";
import { type Gpu, largestArray } from "../gpu.ts";
import type { Specialisation } from "../kernel.ts";
import { type Dispatch, submit } from "../submit.ts";
import { longestLine, modesOf } from "./fourierKernels.ts";
import { type Layout, thickest } from "./latticeSlabs.ts";
import type { StateArrays } from "./latticeSteps.ts";
import { addSlabSpectra } from "./spectrumSlabs.ts";
import { type Blend, binGroups, modeBytes, openTransforms, type Transforms } from "./transforms.ts";

/** Bytes of modes at a time, where one field takes less. */
const BATCH_BYTES = 64 * 2 ** 20;

type Fields = Pick<LatticeJob, "grid" | "realisations" | "fields">;

/** @throws InputError where this adapter cannot transform a field of the grid that stands so. */
export function assertSpectrum(
  gpu: Pick<Gpu, "limits">,
  { dimensions, points }: Pick<Grid, "dimensions" | "points">,
  layout: Layout,
): void {
  const longest = longestLine(gpu.limits.maxComputeWorkgroupStorageSize);
  const refuse = (why: string): never => {
    throw new InputError(`${why}; use fewer points, leave spectra out, or --engine cpu`, { path: "lattice.points" });
  };
  if (points > longest)
    refuse(`spectra on this adapter are made of at most ${longest} points along a side, not ${points}`);
  if (layout.ghosts > 0 && dimensions < 3)
    refuse("a plane that one binding of this adapter does not hold is evolved in slabs, but has no spectra");
  const largest = largestArray(gpu.limits);
  const bytes = modeBytes(points, layout.ghosts > 0 ? thickest(layout) * points : points ** (dimensions - 1));
  if (bytes > largest)
    refuse(`the modes of a spectrum take ${bytes} bytes, one binding of this adapter holds ${largest}`);
}

/** Fields that are transformed at once; arrays of their modes and bytes of each, and bytes of their bins' partial sums. */
export function spectrumSizes(limits: GPUSupportedLimits, { grid, realisations, fields }: Fields, layout: Layout) {
  const { dimensions, points } = grid;
  const inSlabs = layout.ghosts > 0;
  const rows = inSlabs ? thickest(layout) * points : points ** (dimensions - 1);
  const bytes = modeBytes(points, rows);
  const batch = inSlabs
    ? 1
    : Math.min(
        realisations * fields,
        limits.maxComputeWorkgroupsPerDimension,
        Math.max(1, Math.floor(Math.min(BATCH_BYTES, largestArray(limits)) / bytes)),
      );
  return {
    batch,
    // Of every slab, and of rows that are gathered from all.
    arrays: inSlabs ? layout.slabs.length + 1 : 1,
    modes: batch * bytes,
    partials: 4 * batch * binGroups(rows).groups * spectrumBins(grid),
  };
}

export type SpectrumSizes = ReturnType<typeof spectrumSizes>;

/** Fields that stand whole in one array, some at a time. */
async function addSpectra(
  gpu: Gpu,
  transforms: Transforms,
  buffers: Buffers,
  { grid, realisations, fields }: Fields,
  sizes: SpectrumSizes,
  state: StateArrays,
  spectra: Float64Array,
): Promise<void> {
  const { dimensions, points } = grid;
  const rows = points ** (dimensions - 1);
  const all = realisations * fields;
  const { batch } = sizes;
  const { groups } = binGroups(rows);
  const modes = await buffers.make("modes", sizes.modes);
  const partials = await buffers.make("spectrum sums", sizes.partials);
  for (let from = 0; from < all; from += batch) {
    const count = Math.min(batch, all - from);
    const stood = { skipped: from, fields: count, rows, stride: rows * points, first: 0 };
    const dispatches: Dispatch[] = [await transforms.rows(state, state, modes, stood)];
    for (let axis = 1; axis < dimensions; axis++) {
      const stride = modesOf(points) * points ** (axis - 1);
      dispatches.push(await transforms.columns(modes, stride, (count * rows * modesOf(points)) / points));
    }
    dispatches.push(await transforms.bins(modes, partials, count, { skipped: from, rows, width: points, first: 0 }));
    submit(gpu, "spectrum", dispatches);
    await transforms.add(partials, count, groups, spectra, from);
  }
}

/**
 * Spectra of all realisations and fields that stand in `slabs`, [realisations][fields][sites] or cut as the layout says: see
 * Snapshot.spectra; or of a blend. `includes` says what a number of the field is.
 */
export async function takeSpectra(
  gpu: Gpu,
  job: Fields,
  layout: Layout,
  { includes }: Required<Pick<Specialisation, "includes">>,
  slabs: readonly StateArrays[],
  blend?: Blend,
): Promise<NonNullable<Snapshot["spectra"]>> {
  const spectra = new Float64Array(job.realisations * job.fields * spectrumBins(job.grid));
  const buffers = ownBuffers(gpu);
  try {
    const transforms = await openTransforms(gpu, job.grid, includes, buffers, blend);
    const sizes = spectrumSizes(gpu.limits, job, layout);
    if (layout.ghosts > 0) await addSlabSpectra(gpu, transforms, buffers, job, layout, sizes, slabs, spectra);
    else await addSpectra(gpu, transforms, buffers, job, sizes, slabs[0]!, spectra);
    return spectra;
  } finally {
    buffers.destroy();
  }
}
