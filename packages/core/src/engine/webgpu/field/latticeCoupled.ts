/**
 * The coupled schedule: q, q' and the clock of each realisation stay on the device, where one small dispatch between two sweeps moves them
 * from the sweep's sums and writes the strengths that the next one reads. Nothing returns to the host between two stops.
 *
 * Where the state is wanted, the sweep leaves out the half kick that opens the next operation; one more sweep makes up for it later, which
 * drifts nothing, kicks once and sums the same numbers again: passing through and stopping give the same bits. Where it is only observed the
 * sweep goes through: it sums the momenta of the time in between itself, and the field is the same before and after a kick.
 */
import type { CoupledSchedule } from "../../latticeJob.ts";
import type { PartJob } from "../../parts.ts";
import type { Buffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { loadKernel, type UniformValues } from "../kernel.ts";
import { recordStride, slotData, slotStride } from "../slots.ts";
import { type Dispatch, encode, submit } from "../submit.ts";
import {
  adders,
  coupledSpecialisation,
  coupledSums,
  globalSpecialisation,
  type LatticeSpecialisation,
  latticeCoupled,
  latticeGlobal,
  MAX_SWEEPERS,
  sweepers,
  uploadConstants,
} from "./latticeKernels.ts";
import { marched, marchSharing, sweepKernel } from "./latticeMarch.ts";
import { join, split } from "./latticeNumbers.ts";
import { ghostCopies, type Layout, slabUniform, writeState } from "./latticeSlabs.ts";
import { arrayBytes, type RecordSlots, type StateArrays, type Steps } from "./latticeSteps.ts";

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

/** Workgroups of each slab's sweep and where their sums begin among a realisation's, and how many sums those are. */
export function sharing(
  adapter: Gpu["adapter"],
  job: Pick<PartJob, "grid" | "fields">,
  layout: Layout,
  specialisation: LatticeSpecialisation,
) {
  const { grid } = job;
  const { constants } = specialisation;
  const march = marched(job, specialisation);
  let groups = 0;
  const shares = layout.slabs.map((planned) => {
    const swept = (): { workgroups: readonly [number, number, number]; params: UniformValues } => {
      if (march) {
        // Along z, of which each realisation takes its part, in two dimensions marches may be too many.
        const { workgroups, params } = marchSharing(adapter, grid, layout, planned, march);
        return { workgroups: [workgroups[0], workgroups[1] * workgroups[2], 1], params };
      }
      const slab = slabUniform(grid, layout, planned);
      const workgroup = [Number(constants.COLUMNS), Number(constants.LINES), 1] as const;
      const workgroups = sweepers(slab.own, workgroup, MAX_SWEEPERS[adapter.type]);
      return { workgroups, params: { slab, deep: workgroups[2] } };
    };
    const { workgroups, params } = swept();
    const share = { workgroups, params: { ...params, firstGroup: groups } };
    groups += workgroups[0] * workgroups[1] * workgroups[2];
    return share;
  });
  return { shares, groups };
}

/** Bytes of what a coupled schedule has beside the state, for so many records. */
export function coupledBytes(
  { adapter }: Pick<Gpu, "adapter">,
  job: PartJob,
  { durations }: CoupledSchedule,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  capacity: number,
) {
  const { realisations, fields } = job;
  const { PARTS, ROUNDS } = coupledSums(fields);
  const width = 4 * specialisation.numbers.words;
  const { groups } = sharing(adapter, job, layout, specialisation);
  return {
    durations: width * (durations.length + 2),
    begun: 4 * realisations,
    globals: 4 * GLOBAL * realisations,
    records: 8 * recorded(fields) * realisations * capacity,
    strengths: width * STRENGTHS * realisations,
    sums: width * PARTS * ROUNDS * realisations * groups,
  };
}

export async function coupledSteps(
  gpu: Gpu,
  job: PartJob,
  schedule: CoupledSchedule,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  buffers: Buffers,
  { capacity, slot }: RecordSlots,
): Promise<Steps> {
  const { grid, realisations, fields, from = 0 } = job;
  const { points, dimensions, spacing } = grid;
  const { numbers } = specialisation;
  const bytes = arrayBytes(job, layout, numbers);
  const pairs = async (suffix: string): Promise<StateArrays[]> => {
    const slabs: StateArrays[] = [];
    for (const _ of layout.slabs)
      slabs.push({
        field: await buffers.make(`field${suffix}`, bytes),
        momentum: await buffers.make(`momentum${suffix}`, bytes),
      });
    return slabs;
  };
  const arrays = [await pairs(""), await pairs(", next")] as const;
  const sweep = await loadKernel(
    gpu,
    ...sweepKernel(job, latticeCoupled, coupledSpecialisation(specialisation, fields)),
  );
  const { shares, groups } = sharing(gpu.adapter, job, layout, specialisation);
  const lanes = adders(groups, gpu.limits);
  const move = await loadKernel(gpu, latticeGlobal, globalSpecialisation(schedule, numbers, fields, lanes));

  const operations = schedule.durations.length;
  const sizes = coupledBytes(gpu, job, schedule, layout, specialisation, capacity);
  const durations = await buffers.make("durations", sizes.durations);
  gpu.device.queue.writeBuffer(durations, 0, numbers.pack(schedule.durations));
  const begun = await buffers.upload("operations begun", new Uint32Array(realisations).fill(from));
  const globals = await buffers.make("q, q' and clock", sizes.globals);
  const records = await buffers.make("records of q, q' and clock", sizes.records);
  const strengths = await buffers.make("strengths", sizes.strengths);
  const sums = await buffers.make("sums", sizes.sums);
  const constants = await uploadConstants(job, specialisation, buffers);
  const uniform = (label: string, data: Uint32Array) => buffers.upload(label, data, GPUBufferUsage.UNIFORM);

  /** The sweep over each slab that starts from the one or the other arrays, and then the ghosts of the new ones. */
  const sweeps: Dispatch[][] = [];
  const ghosts: Dispatch[][] = [];
  for (const here of [0, 1] as const) {
    const then = arrays[1 - here]!;
    const dispatches: Dispatch[] = [];
    for (const [s, { workgroups, params: own }] of shares.entries()) {
      const [x, y, z] = workgroups;
      const params = await uniform("sweep parameters", new Uint32Array(sweep.uniform("params", { ...own, groups })));
      const bindings = await sweep.bind({
        ...arrays[here][s]!,
        firstField: arrays[here][0]!.field,
        firstMomentum: arrays[here][0]!.momentum,
        strengths,
        fieldNext: then[s]!.field,
        momentumNext: then[s]!.momentum,
        sums,
        params,
        constants,
      });
      dispatches.push({ pipeline: sweep.pipeline, bindings, workgroups: [x, y, z * realisations] });
    }
    sweeps.push(dispatches);
    ghosts.push([]);
    for (const name of ["field", "momentum"] as const) {
      const made = then.map((slab) => slab[name]);
      ghosts[here]!.push(...(await ghostCopies({ gpu, job, layout, specialisation, buffers }, made)));
    }
  }
  const turns = TURNS.map((values) => new Uint32Array(move.uniform("turn", values)));
  const turnStride = slotStride(gpu.limits, turns[0]!.byteLength);
  const turn = await uniform(
    "turn parameters",
    slotData(turnStride, TURNS.length, (t) => turns[t]!),
  );
  const number = (value: number): number[] => Array.from(numbers.pack(Float64Array.of(value)));
  const moving = { sites: number(points ** dimensions), curvature: number(1 / spacing ** 2), groups };
  const moveBindings = await move.bind({
    sums,
    durations,
    begun,
    globals,
    strengths,
    records,
    params: await uniform("parameters of q", new Uint32Array(move.uniform("params", moving))),
    turn,
    slot,
  });
  const stride = recordStride(gpu.limits);
  const turnOf = (closes: boolean, opens: boolean, passes: boolean, record: number = capacity): Dispatch => {
    const t = TURNS.findIndex(
      (known) => known.closes === +closes && known.opens === +opens && known.passes === +(opens && passes),
    );
    return {
      pipeline: move.pipeline,
      bindings: moveBindings,
      workgroups: [realisations, 1, 1],
      offsets: [t * turnStride, record * stride],
    };
  };

  let standing: 0 | 1 = 0;
  let open = false;
  const sweepOnce = (pass: GPUComputePassEncoder): void => {
    for (const dispatch of [...sweeps[standing]!, ...ghosts[standing]!]) encode(pass, dispatch);
    standing = standing === 0 ? 1 : 0;
  };
  const rest = (record?: number): Dispatch => turnOf(false, false, false, record);
  return {
    operations,
    arrays,
    standing: () => standing,
    async begin(state) {
      writeState(gpu, job, layout, numbers, arrays[0], state);
      gpu.device.queue.writeBuffer(globals, 0, split(schedule.initial));
      // The strengths of the first sweep, which opens.
      submit(gpu, "first ghosts and strengths", [...ghosts[1]!, rest()]);
    },
    encode(pass, o, stops) {
      if (!open) {
        sweepOnce(pass);
        encode(pass, turnOf(false, true, !stops.state(o + 1)));
      }
      sweepOnce(pass);
      open = !stops.state(o + 1);
      encode(pass, turnOf(true, open, !stops.state(o + 2), stops.record(o + 1)));
    },
    globals: {
      record: rest,
      async readRecords(count) {
        const length = recorded(fields);
        const all = join(await gpu.download(records, 8 * length * realisations * count));
        /** Of record n, `width` numbers of each realisation by what stands where in it. */
        const numbersOf = (n: number, width: number, at: (i: number) => number): Float64Array =>
          Float64Array.from(
            { length: realisations * width },
            (_, i) => all[(n * realisations + Math.floor(i / width)) * length + at(i % width)]!,
          );
        const sites = points ** dimensions;
        return Array.from({ length: count }, (_, n) => ({
          global: numbersOf(n, 3, (i) => i),
          momentumMean: numbersOf(n, fields, (f) => 3 + 2 * f).map((sum) => sum / sites),
          momentumSquare: numbersOf(n, fields, (f) => 4 + 2 * f).map((sum) => sum / sites),
        }));
      },
      read: async () => join(await gpu.download(globals, 4 * GLOBAL * realisations)),
    },
  };
}
