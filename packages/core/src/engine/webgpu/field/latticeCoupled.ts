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
import type { Gpu } from "../gpu.ts";
import { loadKernel, type UniformValues } from "../kernel.ts";
import { type Dispatch, encode, submit } from "../submit.ts";
import { type GlobalSteps, globalBytes, globalSteps } from "./latticeGlobal.ts";
import {
  coupledSpecialisation,
  type LatticeSpecialisation,
  latticeCoupled,
  MAX_SWEEPERS,
  sweepers,
  uploadConstants,
} from "./latticeKernels.ts";
import { marched, marchSharing, sweepKernel } from "./latticeMarch.ts";
import { ghostCopies, type Layout, slabUniform, writeState } from "./latticeSlabs.ts";
import { makeArrays, type RecordSlots, type Setting, type StateArrays, type Steps } from "./latticeSteps.ts";

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
  schedule: CoupledSchedule,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  capacity: number,
) {
  const { groups } = sharing(adapter, job, layout, specialisation);
  return globalBytes(job, schedule, specialisation.numbers, capacity, groups);
}

/** Field and momentum of every slab. */
async function makeState(setting: Setting, suffix: string): Promise<StateArrays[]> {
  const field = await makeArrays(setting, `field${suffix}`);
  const momentum = await makeArrays(setting, `momentum${suffix}`);
  return field.map((slab, s) => ({ field: slab, momentum: momentum[s]! }));
}

/** The sweep over each slab that starts from the one or the other arrays, and then the ghosts of the new ones. */
async function bindSweeps(
  setting: Setting,
  arrays: readonly [readonly StateArrays[], readonly StateArrays[]],
  { shares, groups }: ReturnType<typeof sharing>,
  { strengths, sums }: GlobalSteps,
): Promise<{ readonly slabs: Dispatch[]; readonly ghosts: Dispatch[] }[]> {
  const { gpu, job, specialisation, buffers } = setting;
  const { realisations, fields } = job;
  const { pipeline, uniform, bind } = await loadKernel(
    gpu,
    ...sweepKernel(job, latticeCoupled, coupledSpecialisation(specialisation, fields)),
  );
  const constants = await uploadConstants(job, specialisation, buffers);
  const sweeps: { slabs: Dispatch[]; ghosts: Dispatch[] }[] = [];
  for (const [here, then] of [arrays, [arrays[1], arrays[0]] as const]) {
    const slabs: Dispatch[] = [];
    for (const [s, { workgroups, params: own }] of shares.entries()) {
      const [x, y, z] = workgroups;
      const data = new Uint32Array(uniform("params", { ...own, groups }));
      const bindings = await bind({
        ...here[s]!,
        firstField: here[0]!.field,
        firstMomentum: here[0]!.momentum,
        strengths,
        fieldNext: then[s]!.field,
        momentumNext: then[s]!.momentum,
        sums,
        params: await buffers.upload("sweep parameters", data, GPUBufferUsage.UNIFORM),
        constants,
      });
      slabs.push({ pipeline, bindings, workgroups: [x, y, z * realisations] });
    }
    const ghosts: Dispatch[] = [];
    for (const name of ["field", "momentum"] as const) {
      const made = then.map((slab) => slab[name]);
      ghosts.push(...(await ghostCopies(setting, made)));
    }
    sweeps.push({ slabs, ghosts });
  }
  return sweeps;
}

export async function coupledSteps(setting: Setting, schedule: CoupledSchedule, slots: RecordSlots): Promise<Steps> {
  const { gpu, job, layout, specialisation } = setting;
  const arrays = [await makeState(setting, ""), await makeState(setting, ", next")] as const;
  const shared = sharing(gpu.adapter, job, layout, specialisation);
  const globals = await globalSteps(setting, schedule, slots, shared.groups);
  const sweeps = await bindSweeps(setting, arrays, shared, globals);

  let standing: 0 | 1 = 0;
  let open = false;
  const sweepOnce = (pass: GPUComputePassEncoder): void => {
    const { slabs, ghosts } = sweeps[standing]!;
    for (const dispatch of [...slabs, ...ghosts]) encode(pass, dispatch);
    standing = standing === 0 ? 1 : 0;
  };
  return {
    operations: schedule.durations.length,
    arrays,
    standing: () => standing,
    async begin(state) {
      writeState(gpu, job, layout, specialisation.numbers, arrays[0], state);
      globals.begin();
      // The strengths of the first sweep, which opens.
      submit(gpu, "first ghosts and strengths", [...sweeps[1]!.ghosts, globals.turn(false, false, false)]);
    },
    encode(pass, o, stops) {
      if (!open) {
        sweepOnce(pass);
        encode(pass, globals.turn(false, true, !stops.state(o + 1)));
      }
      sweepOnce(pass);
      open = !stops.state(o + 1);
      encode(pass, globals.turn(true, open, !stops.state(o + 2), stops.record(o + 1)));
    },
    globals,
  };
}
