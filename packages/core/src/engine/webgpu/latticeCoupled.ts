/**
 * The coupled schedule: q, q' and the clock of each realisation stay on the device, where one small dispatch between two sweeps moves them
 * from the sweep's sums and writes the strengths that the next one reads. Nothing returns to the host between two stops.
 *
 * Where the state is wanted, the sweep leaves out the half kick that opens the next operation; one more sweep makes up for it later, which
 * drifts nothing, kicks once and sums the same numbers again: passing through and stopping give the same bits.
 */
import type { CoupledSchedule, LatticeJob } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { loadKernel } from "./kernel.ts";
import {
  globalSpecialisation,
  type LatticeSpecialisation,
  latticeCoupled,
  latticeGlobal,
  MAX_SWEEPERS,
  sweepers,
} from "./latticeKernels.ts";
import { join, split } from "./latticeNumbers.ts";
import { type Buffers, type RecordSlots, type Steps, slotData } from "./latticeSteps.ts";
import { type Dispatch, encode } from "./submit.ts";

/** float32 words of the struct Global, and numbers of Strengths and Sums, of lattice_global.wgsl. */
const GLOBAL = 6;
const STRENGTHS = 5;
const SUMS = 3;

/** What the dispatch for q does between two sweeps: the fields of its struct Turn. */
const TURNS = [
  { closes: 0, opens: 0, passes: 0 },
  { closes: 0, opens: 1, passes: 0 },
  { closes: 0, opens: 1, passes: 1 },
  { closes: 1, opens: 0, passes: 0 },
  { closes: 1, opens: 1, passes: 0 },
  { closes: 1, opens: 1, passes: 1 },
] as const;

export async function coupledSteps(
  gpu: Gpu,
  { grid, realisations, fields, from = 0 }: LatticeJob,
  schedule: CoupledSchedule,
  specialisation: LatticeSpecialisation,
  buffers: Buffers,
  { capacity, slot }: RecordSlots,
): Promise<Steps> {
  const { points, dimensions, spacing } = grid;
  const sites = points ** dimensions;
  const { numbers } = specialisation;
  const width = 4 * numbers.words;
  const bytes = width * realisations * fields * sites;
  const pair = async (suffix: string) => ({
    field: await buffers.make(`field${suffix}`, bytes),
    momentum: await buffers.make(`momentum${suffix}`, bytes),
  });
  const arrays = [await pair(""), await pair(", next")] as const;
  const sweep = await loadKernel(gpu, latticeCoupled, specialisation);
  const move = await loadKernel(gpu, latticeGlobal, globalSpecialisation(schedule, numbers));
  const [x, y, slabs] = sweepers(grid, sweep.workgroup, MAX_SWEEPERS[gpu.adapter.type]);
  const deep = Math.min(slabs, Math.floor(gpu.limits.maxComputeWorkgroupsPerDimension / realisations));
  const groups = x * y * deep;

  const operations = schedule.durations.length;
  const durations = await buffers.make("durations", 4 * (operations + 2));
  gpu.device.queue.writeBuffer(durations, 0, new Float32Array(schedule.durations));
  const begun = await buffers.upload("operations begun", new Uint32Array(realisations).fill(from));
  const globals = await buffers.make("q, q' and clock", 4 * GLOBAL * realisations);
  const records = await buffers.make("records of q, q' and clock", 4 * GLOBAL * realisations * capacity);
  const strengths = await buffers.make("strengths", width * STRENGTHS * realisations);
  const sums = await buffers.make("sums", width * SUMS * realisations * groups);
  const uniform = (label: string, data: Uint32Array) => buffers.upload(label, data, GPUBufferUsage.UNIFORM);

  const sweepParams = await uniform(
    "sweep parameters",
    new Uint32Array(sweep.uniform("params", { points, sites, slabs: deep })),
  );
  const sweepBindings: GPUBindGroup[] = [];
  for (const here of [0, 1] as const) {
    const { field, momentum } = arrays[here];
    const { field: fieldNext, momentum: momentumNext } = arrays[1 - here]!;
    sweepBindings.push(
      await sweep.bind({ field, momentum, strengths, fieldNext, momentumNext, sums, params: sweepParams }),
    );
  }
  const turn = await uniform(
    "turns",
    slotData(gpu, TURNS.length, (t) => new Uint32Array(move.uniform("turn", TURNS[t]!))),
  );
  const moveBindings = await move.bind({
    sums,
    durations,
    begun,
    globals,
    strengths,
    records,
    params: await uniform(
      "parameters of q",
      new Uint32Array(move.uniform("params", { sites, groups, curvature: 1 / spacing ** 2 })),
    ),
    turn,
    slot,
  });
  const alignment = gpu.limits.minUniformBufferOffsetAlignment;
  const turnOf = (closes: boolean, opens: boolean, passes: boolean, record = 0): Dispatch => {
    const t = TURNS.findIndex(
      (known) => known.closes === +closes && known.opens === +opens && known.passes === +(opens && passes),
    );
    return {
      pipeline: move.pipeline,
      bindings: moveBindings,
      workgroups: [realisations, 1, 1],
      offsets: [t * alignment, record * alignment],
    };
  };

  let standing: 0 | 1 = 0;
  let open = false;
  const sweepOnce = (pass: GPUComputePassEncoder): void => {
    const workgroups = [x, y, deep * realisations] as const;
    encode(pass, { pipeline: sweep.pipeline, bindings: sweepBindings[standing]!, workgroups });
    standing = standing === 0 ? 1 : 0;
  };
  const rest = (record: number): Dispatch => turnOf(false, false, false, record);
  return {
    operations,
    arrays,
    standing: () => standing,
    begin({ field, momentum }) {
      gpu.device.queue.writeBuffer(arrays[0].field, 0, numbers.pack(field));
      gpu.device.queue.writeBuffer(arrays[0].momentum, 0, numbers.pack(momentum));
      gpu.device.queue.writeBuffer(globals, 0, split(schedule.initial));
      // The strengths of the first sweep, which opens.
      const encoder = gpu.device.createCommandEncoder({ label: "first strengths" });
      const pass = encoder.beginComputePass({ label: "first strengths" });
      encode(pass, rest(0));
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
    },
    encode(pass, o, stops) {
      if (!open) {
        sweepOnce(pass);
        encode(pass, turnOf(false, true, !stops(o + 1)));
      }
      sweepOnce(pass);
      open = !stops(o + 1);
      encode(pass, turnOf(true, open, !stops(o + 2)));
    },
    globals: {
      record: rest,
      async readRecords(count) {
        const all = join(await gpu.download(records, 4 * GLOBAL * realisations * count));
        return Array.from({ length: count }, (_, n) => all.slice(3 * realisations * n, 3 * realisations * (n + 1)));
      },
      read: async () => join(await gpu.download(globals, 4 * GLOBAL * realisations)),
    },
  };
}
