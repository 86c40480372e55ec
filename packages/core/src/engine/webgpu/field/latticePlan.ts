/**
 * What a lattice job takes on the device and on the host, known before anything is made, and what it is made with. WebGPU tells how large one
 * buffer and one binding may be but not how much memory a device has: what no buffer can hold is refused here, a device that is full refuses
 * when the buffers are made. A software adapter's device is the host, whose memory is known.
 */
import { totalmem } from "node:os";
import { InputError } from "../../../errors.ts";
import { type Form, formOf } from "../../../potential/form.ts";
import type { LatticeMemory } from "../../engine.ts";
import { type Picture, potentialsOf } from "../../latticeJob.ts";
import { describeBytes, recordedBytes, stateBytes } from "../../memory.ts";
import { operationsOf, type Part, type PartJob } from "../../parts.ts";
import { bufferBytes, type Gpu, largestArray } from "../gpu.ts";
import { recordStride } from "../slots.ts";
import { batchesOf } from "./latticeBatches.ts";
import { coupledBytes } from "./latticeCoupled.ts";
import { CONSTANTS_BYTES, type LatticeSpecialisation, potentialSpecialisation } from "./latticeKernels.ts";
import { type LatticePrecision, NUMBERS, type Numbers } from "./latticeNumbers.ts";
import { pairChoice } from "./latticePairs.ts";
import { assertPictures, histogramBytes, sliceBytes } from "./latticePictures.ts";
import { recordLayout, reducedBy } from "./latticeRecords.ts";
import { type Layout, thickest } from "./latticeSlabs.ts";
import { arrayBytes, operationStride } from "./latticeSteps.ts";
import { recordBytes } from "./latticeSums.ts";
import { spectrumSizes } from "./spectrum.ts";
import { tableBytes } from "./transforms.ts";

type Device = Pick<Gpu, "limits" | "adapter">;

/** Buffers of one kind. */
interface Planned {
  readonly what: string;
  /** Of each. */
  readonly bytes: number;
  readonly count?: number;
  /** Whether it is no storage, which a binding's limit is of: a uniform's slots are bound one at a time. */
  readonly uniform?: true;
  /** Bytes of the host's that it is copied to on its way, where it is read. */
  readonly copied?: number;
}

export interface LatticePlan {
  readonly numbers: Numbers;
  readonly form: Form;
  readonly specialisation: LatticeSpecialisation;
  /** Realisations that share their arrays, and which they are. */
  readonly jobs: readonly PartJob[];
  readonly parts: readonly Part[];
  readonly layout: Layout;
  readonly memory: LatticeMemory;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const float64Bytes = (bytes: number, { numbers }: LatticeSpecialisation): number => (2 / numbers.words) * bytes;
const bytesOf = (buffers: readonly Planned[]): number =>
  sum(buffers.map(({ bytes, count = 1 }) => count * bufferBytes(bytes)));

/** State, schedule and constants of one batch. */
function latticeBuffers(
  gpu: Device,
  job: PartJob,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  capacity: number,
): Planned[] {
  const { schedule, from = 0 } = job;
  const operations = operationsOf(job);
  const constants: Planned = { what: "constants", bytes: CONSTANTS_BYTES, uniform: true };
  // Whole buffers are read where sweeps are tried.
  const bytes = bufferBytes(arrayBytes(job, layout, specialisation.numbers));
  const arrays = (count: number): Planned => ({
    what: "arrays of the state",
    bytes,
    count: count * layout.slabs.length,
    // Straight into the state.
    copied: 0,
  });
  if (schedule.kind === "coupled") {
    const { records: _, ...sizes } = coupledBytes(gpu, job, schedule, layout, specialisation, capacity);
    const own = Object.entries(sizes).map(([name, bytes]) => ({ what: `${name} of the expansion`, bytes }));
    return [arrays(4), constants, ...own];
  }
  const paired = pairChoice(gpu, job, operations - from, layout, specialisation) !== undefined;
  return [
    arrays(paired ? 4 : 3),
    constants,
    {
      what: "coefficients of all operations",
      bytes: operationStride(gpu.limits, specialisation.numbers) * Math.max(1, operations),
      uniform: true,
    },
  ];
}

/** What one batch's observations are reduced into. */
function recordBuffers(
  gpu: Device,
  job: PartJob,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  records: ReturnType<typeof recordLayout>,
): Planned[] {
  const { schedule } = job;
  const { capacity } = records;
  const { moments, curvatures, modes } = reducedBy(job);
  const bytes = recordBytes(job, records, specialisation.numbers);
  const reducers = Number(moments) + curvatures.length;
  const slabs = layout.slabs.length;
  const table = 4 * specialisation.numbers.words * job.grid.points;
  return [
    { what: "constants", bytes: CONSTANTS_BYTES, count: reducers, uniform: true },
    { what: "sums of observations", bytes: capacity * bytes.moments, count: slabs * reducers, copied: 0 },
    { what: "sums of modes", bytes: capacity * bytes.cosines, count: slabs * modes.length, copied: 0 },
    ...(modes.length > 0 ? [{ what: "cosines", bytes: table }] : []),
    ...(schedule.kind === "coupled"
      ? [
          {
            what: "records of the expansion",
            bytes: coupledBytes(gpu, job, schedule, layout, specialisation, capacity).records,
            copied: 0,
          },
        ]
      : []),
  ];
}

/** What a picture of one batch is made in. */
function pictureBuffers(
  { limits }: Device,
  job: PartJob,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  picture: Picture,
): Planned[] {
  const { grid, realisations, fields } = job;
  const { numbers } = specialisation;
  if (picture.kind === "slice") {
    // In two dimensions a slice is all of each slab.
    const sites = layout.plane * (grid.dimensions === 3 ? 1 : thickest(layout));
    const bytes = sliceBytes(job, sites, numbers);
    return [{ what: "slices", bytes, copied: bytes + float64Bytes(bytes, specialisation) }];
  }
  if (picture.kind === "histogram") {
    const { ranges, counts } = histogramBytes(job, picture.bins, numbers);
    return [
      { what: "ranges of histograms", bytes: ranges },
      { what: "counts of histograms", bytes: counts, copied: counts },
    ];
  }
  const { arrays, modes, partials } = spectrumSizes(limits, job, layout);
  // Whether masses that may mix do is known when a snapshot is taken.
  const mixed = picture.kind === "oscillators" && reducedBy(job).curvatures.length > fields ? fields : 1;
  const { twiddles, mixture, waveSquares, massSquared } = tableBytes(grid.points, realisations * fields, mixed);
  const tables = [
    twiddles,
    ...(picture.kind === "spectrum" ? [] : [mixture]),
    ...(picture.kind === "oscillators" ? [waveSquares, massSquared] : []),
  ];
  return [
    { what: "modes of spectra", bytes: modes, count: arrays },
    { what: "sums of spectra", bytes: partials, copied: partials },
    ...tables.map((bytes) => ({ what: "tables of spectra", bytes })),
  ];
}

/**
 * The most that reading the device takes beside what it is read into. A buffer is read through one for staging, whose memory comes back when
 * the next has been used. Observations of all slabs are read before any is used.
 */
function copiedBytes({ lattice, records, pictures }: Batch): number {
  const readOf = (buffers: readonly Planned[]): Planned[] => buffers.filter(({ copied }) => copied !== undefined);
  const largest = (buffers: readonly Planned[]): number => Math.max(0, ...buffers.map(({ bytes }) => bytes));
  const observed = readOf(records);
  return Math.max(
    bytesOf(observed) + 2 * largest(observed),
    ...[lattice, ...pictures].flatMap(readOf).map(({ bytes, copied }) => 2 * bytes + copied!),
  );
}

/** What realisations that share their arrays have on the device. */
interface Batch {
  readonly lattice: readonly Planned[];
  readonly records: readonly Planned[];
  /** Of one picture at a time. */
  readonly pictures: readonly (readonly Planned[])[];
}

/** Throws InputError where one of the buffers is larger than the adapter makes or binds. */
function assertHeld({ limits }: Device, buffers: readonly Planned[]): void {
  for (const { what, bytes, uniform } of buffers) {
    const [thing, held] = uniform ? ["buffer", limits.maxBufferSize] : ["binding", largestArray(limits)];
    if (bufferBytes(bytes) <= held) continue;
    throw new InputError(
      `the lattice does not fit: the ${what} take ${bytes} bytes, one ${thing} of this adapter holds ${held}; use ${uniform ? "fewer steps" : "fewer points or realisations"}, or --engine cpu`,
      { path: uniform ? "time.step" : "lattice.points" },
    );
  }
}

/** Throws InputError where the machine has less memory than is known to be needed of it. */
function assertMemory({ adapter }: Device, { bytes, device }: LatticeMemory, total: number): void {
  const host = bytes - device!.bytes;
  const [need, where] =
    adapter.type === "software"
      ? [
          bytes,
          `${describeBytes(device!.bytes)} on the device and ${describeBytes(host)} here, and this machine, whose memory the software adapter uses,`,
        ]
      : [
          host,
          `${describeBytes(host)} here, for the state of all realisations, beside ${describeBytes(device!.bytes)} on the device, and this machine`,
        ];
  if (need <= total) return;
  throw new InputError(
    `the lattice does not fit: it takes ${where} has ${describeBytes(total)}; use fewer points or realisations`,
    { path: "lattice.points" },
  );
}

/**
 * Plans a job on a device, on a machine of `total` bytes.
 * @throws InputError where it is known not to fit, or where the engine does not make one of its pictures.
 */
export function planLattice(
  gpu: Device,
  precision: LatticePrecision,
  job: PartJob,
  total: number = totalmem(),
): LatticePlan {
  const numbers = NUMBERS[precision];
  const form = formOf(potentialsOf(job));
  const specialisation = potentialSpecialisation(job.grid, form, numbers);
  const { jobs, parts, layout } = batchesOf(gpu, job, 4 * numbers.words, form.count);
  assertPictures(gpu, job, layout);
  // The first batch is the largest: what its records take, the others' take too.
  const records = recordLayout(gpu, jobs[0]!, layout, specialisation);
  const slots: Planned = {
    what: "slots of observations",
    bytes: recordStride(gpu.limits) * (records.capacity + 1),
    uniform: true,
  };
  const batches = jobs.map(
    (part): Batch => ({
      lattice: latticeBuffers(gpu, part, layout, specialisation, records.capacity),
      records: recordBuffers(gpu, part, layout, specialisation, records),
      pictures: (job.snapshots?.pictures ?? []).map((picture) =>
        pictureBuffers(gpu, part, layout, specialisation, picture),
      ),
    }),
  );
  for (const { lattice, records: own, pictures } of batches)
    assertHeld(gpu, [...lattice, ...own, slots, ...pictures.flat()]);

  const device = {
    lattice: sum(batches.map(({ lattice }) => bytesOf(lattice))),
    snapshots: Math.max(0, ...batches.flatMap(({ pictures }) => pictures.map(bytesOf))),
    records: bytesOf([slots]) + sum(batches.map((batch) => bytesOf(batch.records))),
  };
  const drawing = job.initialBytes?.() ?? 0;
  const partsOf = {
    state: stateBytes(job),
    ...(drawing > 0 ? { drawing } : {}),
    lattice: device.lattice,
    snapshots: device.snapshots,
    records: device.records + recordedBytes(job),
    copies: Math.max(...batches.map(copiedBytes)),
  };
  const memory: LatticeMemory = {
    bytes: sum(Object.values(partsOf)),
    parts: partsOf,
    batch: job.realisations,
    device: { bytes: sum(Object.values(device)), parts: device },
  };
  assertMemory(gpu, memory, total);
  return { numbers, form, specialisation, jobs, parts, layout, memory };
}
