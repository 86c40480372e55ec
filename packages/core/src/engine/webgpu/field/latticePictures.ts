/** Snapshots of a lattice on the device: what each picture needs is made there and only that is read. */
import { InputError } from "../../../errors.ts";
import type { Histogram, LatticeJob, Observation, Picture, Snapshot } from "../../latticeJob.ts";
import { ownBuffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { loadKernel } from "../kernel.ts";
import { encode } from "../submit.ts";
import { latticeHistogram, withoutPotential } from "./latticeKernels.ts";
import type { Numbers } from "./latticeNumbers.ts";
import type { Records } from "./latticeRecords.ts";
import { type Layout, slabUniform } from "./latticeSlabs.ts";
import type { Setting, StateArrays } from "./latticeSteps.ts";
import { assertSpectrum, takeSpectra } from "./spectrum.ts";
import type { Blend } from "./transforms.ts";

/** Mean and variance of each realisation and field. */
export interface Spread {
  readonly fieldMean: Float64Array;
  readonly fieldVariance: Float64Array;
}

type Fields = Pick<LatticeJob, "realisations" | "fields">;

/** Realisations that are pictured, as they stand on the device. */
type Pictured = Omit<Setting, "buffers">;

/** How a reduction over stretches of sites is laid out: workgroups a field, and the sites of each. */
export interface ReductionLayout {
  readonly groups: number;
  readonly sitesPerGroup: number;
}

/** @throws InputError where this engine does not make one of the pictures. */
export function assertPictures(gpu: Pick<Gpu, "limits">, { grid, snapshots }: LatticeJob, layout: Layout): void {
  const largest = gpu.limits.maxComputeWorkgroupStorageSize / 4;
  for (const picture of snapshots?.pictures ?? []) {
    if (["spectrum", "momentumSpectrum", "oscillators"].includes(picture.kind)) assertSpectrum(gpu, grid, layout);
    if (picture.kind === "slice" && grid.dimensions === 1)
      throw new InputError("a lattice of one dimension has no slice; leave it out", { path: "observe" });
    if (picture.kind === "histogram" && picture.bins > largest)
      throw new InputError(`a histogram has at most ${largest} bins on this adapter, not ${picture.bins}; use fewer`, {
        path: "observe",
      });
  }
}

/** Bytes of a histogram's ranges and of its counts. */
export function histogramBytes({ realisations, fields }: Fields, bins: number, { words }: Numbers) {
  // Range of lattice_histogram.wgsl: the low end, and the bins over the width.
  return { ranges: 8 * words * realisations * fields, counts: 4 * realisations * fields * bins };
}

async function histograms(
  { gpu, job, layout, specialisation }: Pictured,
  { groups, sitesPerGroup }: ReductionLayout,
  slabs: readonly GPUBuffer[],
  { bins, reach }: Extract<Picture, { kind: "histogram" }>,
  { fieldMean, fieldVariance }: Spread,
): Promise<Histogram> {
  const { realisations, fields } = job;
  const half = fieldVariance.map((variance) => reach * Math.sqrt(variance));
  const low = fieldMean.map((mean, rf) => mean - half[rf]!);
  const high = fieldMean.map((mean, rf) => mean + half[rf]!);
  const { constants, includes } = withoutPotential(specialisation, fields);
  const kernel = await loadKernel(gpu, latticeHistogram, { constants: { ...constants, BINS: bins }, includes });
  const buffers = ownBuffers(gpu);
  try {
    const { numbers } = specialisation;
    const sizes = histogramBytes(job, bins, numbers);
    const size = 2 * numbers.words;
    const data = new Float32Array(sizes.ranges / 4);
    const begins = numbers.pack(low);
    for (const [rf, end] of high.entries()) {
      const width = end - low[rf]!;
      data.set(begins.subarray(numbers.words * rf, numbers.words * (rf + 1)), size * rf);
      data[size * rf + numbers.words] = width > 0 ? bins / width : 0;
    }
    const ranges = await buffers.upload("ranges", data);
    const counts = await buffers.make("counts", sizes.counts);
    // Slab by slab: all sites of a large lattice may be more than 32 bits count, those of a slab are not.
    const all = new Float64Array(sizes.counts / 4);
    for (const [s, field] of slabs.entries()) {
      const slab = slabUniform(job.grid, layout, layout.slabs[s]!);
      const values = kernel.uniform("params", { slab, sitesPerGroup, opaqueZero: 0 });
      const params = await buffers.upload("histogram parameters", new Uint32Array(values), GPUBufferUsage.UNIFORM);
      const bindings = await kernel.bind({ field, ranges, counts, params });
      const encoder = gpu.device.createCommandEncoder({ label: "histogram" });
      encoder.clearBuffer(counts);
      const pass = encoder.beginComputePass({ label: "histogram" });
      encode(pass, { pipeline: kernel.pipeline, bindings, workgroups: [groups, fields, realisations] });
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
      const counted = new Uint32Array((await gpu.download(counts, sizes.counts)).buffer);
      for (let i = 0; i < counted.length; i++) all[i]! += counted[i]!;
    }
    return { histogramLow: low, histogramHigh: high, histogramCounts: all };
  } finally {
    buffers.destroy();
  }
}

/** Bytes of so many sites of each field, copied out of the field. */
export const sliceBytes = ({ realisations, fields }: Fields, sites: number, { words }: Numbers): number =>
  4 * words * realisations * fields * sites;

/** [realisations][fields][points^2], copied out of the field on the device: a plane of the slab that holds it, or all planes of two dimensions. */
async function slices(
  { gpu, job, layout: { slabs: planned, ghosts, plane, stride }, specialisation: { numbers } }: Pictured,
  slabs: readonly GPUBuffer[],
  index: number,
): Promise<Float64Array> {
  const { grid, realisations, fields } = job;
  const count = realisations * fields;
  const result = new Float64Array(count * grid.points ** 2);
  const [from, end] = grid.dimensions === 3 ? [index, index + 1] : [0, grid.points];
  for (const [s, { first, planes }] of planned.entries()) {
    const start = Math.max(from, first);
    const size = plane * (Math.min(end, first + planes) - start);
    if (size <= 0) continue;
    const bytes = 4 * numbers.words * size;
    const gathered = await gpu.buffer("slices", sliceBytes(job, size, numbers));
    try {
      const encoder = gpu.device.createCommandEncoder({ label: "slices" });
      for (let rf = 0; rf < count; rf++) {
        const at = 4 * numbers.words * (rf * stride + (ghosts + start - first) * plane);
        encoder.copyBufferToBuffer(slabs[s]!, at, gathered, rf * bytes, bytes);
      }
      gpu.device.queue.submit([encoder.finish()]);
      const values = numbers.unpack(await gpu.download(gathered, count * bytes));
      for (let rf = 0; rf < count; rf++)
        result.set(values.subarray(rf * size, (rf + 1) * size), rf * grid.points ** 2 + (start - from) * plane);
    } finally {
      gathered.destroy();
    }
  }
  return result;
}

/** The pictures of the state as it stands in `slabs`. */
export async function takeSnapshot(
  setting: Pictured,
  reduction: ReductionLayout,
  slabs: readonly StateArrays[],
  afterOperation: number,
  { made, records }: { readonly made: Observation | undefined; readonly records: Records },
): Promise<Snapshot> {
  const { gpu, job, layout, specialisation } = setting;
  const fields = slabs.map(({ field }) => field);
  const spectraOf = (blend?: Blend) => takeSpectra(gpu, job, layout, specialisation, slabs, blend);
  const observed = (): Observation => {
    if (made?.afterOperation !== afterOperation)
      throw new Error("a snapshot of momenta needs an observation made with it");
    return made;
  };
  let snapshot: Snapshot = { afterOperation };
  for (const picture of job.snapshots!.pictures) {
    switch (picture.kind) {
      case "slice":
        snapshot = { ...snapshot, slices: await slices(setting, fields, picture.index) };
        break;
      case "spectrum":
        snapshot = { ...snapshot, spectra: await spectraOf() };
        break;
      case "momentumSpectrum": {
        const factor = picture.factor(observed());
        const none = new Float64Array(factor.length);
        const ofMomenta = mixture(job, none, factor);
        snapshot = { ...snapshot, momentumSpectra: await spectraOf({ mixture: ofMomenta }) };
        break;
      }
      case "oscillators": {
        const curvature = await records.curvature();
        const { coordinate, turning, velocity, massSquared, rotation } = picture.of(observed(), curvature);
        const { waveSquares } = picture;
        const none = new Float64Array(coordinate.length);
        const potential = await spectraOf({
          mixture: mixture(job, coordinate, none, rotation),
          weights: { by: "omega", waveSquares, massSquared },
        });
        const kinetic = await spectraOf({
          mixture: mixture(job, turning, velocity, rotation),
          weights: { by: "1/omega", waveSquares, massSquared },
        });
        const oscillators = kinetic.map((sum, i) => sum + potential[i]!);
        snapshot = { ...snapshot, oscillators, curvature };
        break;
      }
      default: {
        const spread = await records.spread();
        const bars = await histograms(setting, reduction, fields, picture, spread);
        snapshot = { ...snapshot, ...bars };
      }
    }
  }
  return snapshot;
}

/**
 * What each of the job's fields and momenta is multiplied with, from numbers of each realisation, and where combinations are made of them its
 * part in each.
 */
function mixture(
  { fields }: LatticeJob,
  ofField: Float64Array,
  ofMomentum: Float64Array,
  rotation?: Float64Array,
): NonNullable<Blend["mixture"]> {
  const each = rotation ? fields ** 2 : fields;
  const factors = Float32Array.from({ length: 2 * each * ofField.length }, (_, i) => {
    const at = Math.floor(i / 2);
    const r = Math.floor(at / each);
    return (rotation?.[at] ?? 1) * (i % 2 === 0 ? ofField[r]! : ofMomentum[r]!);
  });
  return rotation ? { factors, fields } : { factors };
}
