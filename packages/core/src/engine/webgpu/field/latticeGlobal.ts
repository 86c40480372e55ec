/**
 * q, q' and the clock of each realisation of a coupled schedule on the device, and the small dispatch that moves them from a sweep's sums and
 * writes the strengths that the next sweep reads: lattice_global.wgsl.
 */
import type { CoupledSchedule } from "../../latticeJob.ts";
import type { PartJob } from "../../parts.ts";
import { loadKernel } from "../kernel.ts";
import { recordStride, slotData, slotStride } from "../slots.ts";
import type { Dispatch } from "../submit.ts";
import { adders, coupledSums, globalSpecialisation, latticeGlobal } from "./latticeKernels.ts";
import { join, type Numbers, split } from "./latticeNumbers.ts";
import type { Globals, RecordSlots, Setting } from "./latticeSteps.ts";

/** float32 words of the struct Global, and numbers of Strengths, of lattice_global.wgsl. */
const GLOBAL = 6;
const STRENGTHS = 5;
/** Pairs of float32 of a realisation's record: those of Global, and of each field the sums of pi and of pi^2. */
const recorded = (fields: number): number => GLOBAL / 2 + 2 * fields;

/** What the dispatch for q does between two sweeps: the fields of its struct Turn. */
const TURNS = [
  { closes: 0, opens: 0, passes: 0 },
  { closes: 0, opens: 1, passes: 0 },
  { closes: 0, opens: 1, passes: 1 },
  { closes: 1, opens: 0, passes: 0 },
  { closes: 1, opens: 1, passes: 0 },
  { closes: 1, opens: 1, passes: 1 },
] as const;

/** Bytes of what they stand in, for so many records and partial sums of a realisation. */
export function globalBytes(
  { realisations, fields }: Pick<PartJob, "realisations" | "fields">,
  { durations }: CoupledSchedule,
  { words }: Numbers,
  capacity: number,
  groups: number,
) {
  const { PARTS, ROUNDS } = coupledSums(fields);
  const width = 4 * words;
  return {
    durations: width * (durations.length + 2),
    begun: 4 * realisations,
    globals: 4 * GLOBAL * realisations,
    records: 8 * recorded(fields) * realisations * capacity,
    strengths: width * STRENGTHS * realisations,
    sums: width * PARTS * ROUNDS * realisations * groups,
  };
}

export interface GlobalSteps extends Globals {
  /** What a sweep reads, and what it leaves. */
  readonly strengths: GPUBuffer;
  readonly sums: GPUBuffer;
  /** Puts them onto the device as the schedule has them at first. */
  begin(): void;
  /** What is done after a sweep: whether an operation ends there, the next begins, and the one after it will without a stop. Into a record, if any. */
  turn(closes: boolean, opens: boolean, passes: boolean, record?: number): Dispatch;
}

/** `groups` are the partial sums that a sweep leaves of each realisation. */
export async function globalSteps(
  { gpu, job, specialisation: { numbers }, buffers }: Setting,
  schedule: CoupledSchedule,
  { capacity, slot }: RecordSlots,
  groups: number,
): Promise<GlobalSteps> {
  const { grid, realisations, fields, from = 0 } = job;
  const sites = grid.points ** grid.dimensions;
  const lanes = adders(groups, gpu.limits);
  const kernel = await loadKernel(gpu, latticeGlobal, globalSpecialisation(schedule, numbers, fields, lanes));
  const sizes = globalBytes(job, schedule, numbers, capacity, groups);
  const durations = await buffers.make("durations", sizes.durations);
  gpu.device.queue.writeBuffer(durations, 0, numbers.pack(schedule.durations));
  const begun = await buffers.upload("operations begun", new Uint32Array(realisations).fill(from));
  const globals = await buffers.make("q, q' and clock", sizes.globals);
  const records = await buffers.make("records of q, q' and clock", sizes.records);
  const strengths = await buffers.make("strengths", sizes.strengths);
  const sums = await buffers.make("sums", sizes.sums);

  const uniform = (label: string, data: Uint32Array) => buffers.upload(label, data, GPUBufferUsage.UNIFORM);
  const turns = TURNS.map((values) => new Uint32Array(kernel.uniform("turn", values)));
  const turnStride = slotStride(gpu.limits, turns[0]!.byteLength);
  const turn = await uniform(
    "turn parameters",
    slotData(turnStride, TURNS.length, (t) => turns[t]!),
  );
  const number = (value: number): number[] => Array.from(numbers.pack(Float64Array.of(value)));
  const values = { sites: number(sites), curvature: number(1 / grid.spacing ** 2), groups };
  const params = await uniform("parameters of q", new Uint32Array(kernel.uniform("params", values)));
  const bindings = await kernel.bind({ sums, durations, begun, globals, strengths, records, params, turn, slot });
  const stride = recordStride(gpu.limits);
  const turnOf: GlobalSteps["turn"] = (closes, opens, passes, record = capacity) => {
    const t = TURNS.findIndex(
      (known) => known.closes === +closes && known.opens === +opens && known.passes === +(opens && passes),
    );
    return {
      pipeline: kernel.pipeline,
      bindings,
      workgroups: [realisations, 1, 1],
      offsets: [t * turnStride, record * stride],
    };
  };
  return {
    strengths,
    sums,
    turn: turnOf,
    begin: () => gpu.device.queue.writeBuffer(globals, 0, split(schedule.initial)),
    record: (record) => turnOf(false, false, false, record),
    async readRecords(count) {
      const length = recorded(fields);
      const all = join(await gpu.download(records, 8 * length * realisations * count));
      /** Of record n, `width` numbers of each realisation by what stands where in it. */
      const numbersOf = (n: number, width: number, at: (i: number) => number): Float64Array =>
        Float64Array.from(
          { length: realisations * width },
          (_, i) => all[(n * realisations + Math.floor(i / width)) * length + at(i % width)]!,
        );
      return Array.from({ length: count }, (_, n) => ({
        global: numbersOf(n, 3, (i) => i),
        momentumMean: numbersOf(n, fields, (f) => 3 + 2 * f).map((sum) => sum / sites),
        momentumSquare: numbersOf(n, fields, (f) => 4 + 2 * f).map((sum) => sum / sites),
      }));
    },
    read: async () => join(await gpu.download(globals, 4 * GLOBAL * realisations)),
  };
}
