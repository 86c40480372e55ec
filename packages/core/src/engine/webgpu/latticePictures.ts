/** Snapshots of a lattice on the device: what each picture needs is made there and only that is read. */
import { InputError } from "../../errors.ts";
import type { LatticeJob, Picture, Snapshot } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { loadKernel } from "./kernel.ts";
import { type LatticeSpecialisation, latticeHistogram } from "./latticeKernels.ts";
import { assertSpectrum, takeSpectra } from "./spectrum.ts";
import { encode } from "./submit.ts";

/** Mean and variance of each realisation and field. */
export interface Spread {
  readonly fieldMean: Float64Array;
  readonly fieldVariance: Float64Array;
}

/** How a reduction is laid out: workgroups a field, and the sites of each. */
export interface ReductionLayout {
  readonly groups: number;
  readonly sitesPerGroup: number;
}

/** @throws InputError where this engine does not make one of the pictures. */
export function assertPictures(gpu: Gpu, { grid, snapshots }: LatticeJob): void {
  const largest = gpu.limits.maxComputeWorkgroupStorageSize / 4;
  for (const picture of snapshots?.pictures ?? []) {
    if (picture.kind === "spectrum") assertSpectrum(gpu, grid);
    if (picture.kind === "slice" && grid.dimensions === 1)
      throw new InputError("a lattice of one dimension has no slice; leave it out", { path: "observe" });
    if (picture.kind === "histogram" && picture.bins > largest)
      throw new InputError(`a histogram has at most ${largest} bins on this adapter, not ${picture.bins}; use fewer`, {
        path: "observe",
      });
  }
}

async function histograms(
  gpu: Gpu,
  job: LatticeJob,
  specialisation: LatticeSpecialisation,
  { groups, sitesPerGroup }: ReductionLayout,
  field: GPUBuffer,
  { bins, reach }: Extract<Picture, { kind: "histogram" }>,
  { fieldMean, fieldVariance }: Spread,
): Promise<NonNullable<Snapshot["histograms"]>> {
  const { grid, realisations, fields } = job;
  const sites = grid.points ** grid.dimensions;
  const ends = Array.from(fieldMean, (mean, rf) => {
    const half = reach * Math.sqrt(fieldVariance[rf]!);
    return { low: mean - half, high: mean + half };
  });
  const constants = { ...specialisation.constants, BINS: bins };
  const kernel = await loadKernel(gpu, latticeHistogram, { ...specialisation, constants });
  const buffers: GPUBuffer[] = [];
  const own = async (made: Promise<GPUBuffer>): Promise<GPUBuffer> => {
    buffers.push(await made);
    return buffers[buffers.length - 1]!;
  };
  try {
    const perWidth = ({ low, high }: { low: number; high: number }): number => (high > low ? bins / (high - low) : 0);
    const { numbers } = specialisation;
    // Range of lattice_histogram.wgsl: the low end, and the bins over the width.
    const size = 2 * numbers.words;
    const data = new Float32Array(size * ends.length);
    for (const [rf, end] of ends.entries()) {
      data.set(numbers.pack(Float64Array.of(end.low)), size * rf);
      data[size * rf + numbers.words] = perWidth(end);
    }
    const ranges = await own(gpu.upload("ranges", data));
    const counts = await own(gpu.buffer("counts", 4 * ends.length * bins));
    const values = kernel.uniform("params", { sites, sitesPerGroup, opaqueZero: 0 });
    const params = await own(gpu.upload("histogram parameters", new Uint32Array(values), GPUBufferUsage.UNIFORM));
    const bindings = await kernel.bind({ field, ranges, counts, params });
    const encoder = gpu.device.createCommandEncoder({ label: "histogram" });
    const pass = encoder.beginComputePass({ label: "histogram" });
    encode(pass, { pipeline: kernel.pipeline, bindings, workgroups: [groups, fields, realisations] });
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const raw = new Uint32Array((await gpu.download(counts, 4 * ends.length * bins)).buffer);
    return ends.map((end, rf) => ({ ...end, counts: Float64Array.from(raw.subarray(rf * bins, (rf + 1) * bins)) }));
  } finally {
    for (const buffer of buffers) buffer.destroy();
  }
}

/** [realisations][fields][points^2], copied out of the field on the device. */
async function slices(
  gpu: Gpu,
  job: LatticeJob,
  { numbers }: LatticeSpecialisation,
  field: GPUBuffer,
  index: number,
): Promise<Float64Array> {
  const { grid, realisations, fields } = job;
  const width = 4 * numbers.words;
  const plane = width * grid.points ** 2;
  const first = grid.dimensions === 3 ? index * plane : 0;
  const count = realisations * fields;
  const gathered = await gpu.buffer("slices", count * plane);
  try {
    const encoder = gpu.device.createCommandEncoder({ label: "slices" });
    for (let rf = 0; rf < count; rf++)
      encoder.copyBufferToBuffer(
        field,
        rf * width * grid.points ** grid.dimensions + first,
        gathered,
        rf * plane,
        plane,
      );
    gpu.device.queue.submit([encoder.finish()]);
    return numbers.unpack(await gpu.download(gathered, count * plane));
  } finally {
    gathered.destroy();
  }
}

/** The pictures of the field as it stands in `field`. `spread` is asked for the field's own moments. */
export async function takeSnapshot(
  gpu: Gpu,
  job: LatticeJob,
  specialisation: LatticeSpecialisation,
  layout: ReductionLayout,
  field: GPUBuffer,
  afterOperation: number,
  spread: () => Promise<Spread>,
): Promise<Snapshot> {
  let snapshot: Snapshot = { afterOperation };
  for (const picture of job.snapshots!.pictures) {
    if (picture.kind === "slice")
      snapshot = { ...snapshot, slices: await slices(gpu, job, specialisation, field, picture.index) };
    else if (picture.kind === "spectrum")
      snapshot = { ...snapshot, spectra: await takeSpectra(gpu, job, specialisation, field) };
    else {
      const made = await histograms(gpu, job, specialisation, layout, field, picture, await spread());
      snapshot = { ...snapshot, histograms: made };
    }
  }
  return snapshot;
}
