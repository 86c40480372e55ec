/**
 * Two operations of a prescribed schedule in one sweep: half the bytes, and the margins of its tiles made twice. What wins depends on the
 * adapter, the potential and the stencil, and is found out by trying both on the job's own arrays, where enough operations are left to repay
 * it. Where the two do not agree to the bit, because a compiler fuses them differently, the single sweeps stay, so that a job's numbers do not
 * depend on a clock.
 */
import { InterruptedError } from "../../../errors.ts";
import type { LatticeJob } from "../../latticeJob.ts";
import { operationsOf, type PartJob } from "../../parts.ts";
import type { Buffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { loadKernel } from "../kernel.ts";
import { type Dispatch, submit } from "../submit.ts";
import type { LatticeSpecialisation } from "./latticeKernels.ts";
import { type PairForm, pairForm, windowsOf } from "./latticePairForms.ts";
import type { Layout } from "./latticeSlabs.ts";
import type { StateArrays } from "./latticeSteps.ts";

/** Operations that repay a trial, which costs some fifteen; more where they are short. */
const LONG = 1000;
/** Duration of a submit that is timed, seconds, as far as so many repetitions go. */
const SECONDS = 0.02;
const REPETITIONS = 32;
/** Bytes of each array that are compared. */
const COMPARED = 2 ** 20;

/** A state, slab by slab. */
type Slabs = readonly StateArrays[];

/**
 * The sweeps over each slab, without offsets, that start from each of the given states and go to the one beside it, where both its field and
 * its momentum are others.
 */
export async function pairSweeps(
  gpu: Gpu,
  { kernel, specialisation, slabs }: PairForm,
  buffers: Buffers,
  states: readonly (readonly [Slabs, Slabs])[],
  constants: GPUBuffer,
  operation: GPUBuffer,
): Promise<Dispatch[][]> {
  const { pipeline, uniform, bind } = await loadKernel(gpu, kernel, specialisation);
  const sweeps = states.map((): Dispatch[] => []);
  for (const [s, { params: values, workgroups }] of slabs.entries()) {
    const data = new Uint32Array(uniform("params", values));
    const params = await buffers.upload("pair parameters", data, GPUBufferUsage.UNIFORM);
    for (const [state, [begun, other]] of states.entries()) {
      const { field, momentum } = begun[s]!;
      const { field: fieldNext, momentum: momentumNext } = other[s]!;
      const bindings = await bind({
        ...{ field, momentum, fieldNext, momentumNext },
        ...{ params, constants, operation, second: operation },
      });
      sweeps[state]!.push({ pipeline, bindings, workgroups });
    }
  }
  return sweeps;
}

/** Two operations from one state on the device, made in both ways; the arrays may be left in any state. */
export interface Trial {
  /** By single sweeps, back to the arrays of the state that they started from. */
  readonly singles: readonly Dispatch[];
  /** By one sweep, to other arrays. */
  readonly pair: readonly Dispatch[];
  /** Of the first slab. */
  readonly begun: StateArrays;
  readonly other: StateArrays;
}

/** Whether pairs are to be made; undefined where it is not worth a trial. A trial hears of `signal` between its measurements. */
export type PairChoice = (
  operationsLeft: number,
) => ((gpu: Gpu, trial: Trial, signal?: AbortSignal) => Promise<boolean>) | undefined;

/** Throws InterruptedError. */
async function pairsWin(gpu: Gpu, { singles, pair, begun, other }: Trial, signal?: AbortSignal): Promise<boolean> {
  const bytesOf = async ({ field, momentum }: StateArrays): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for (const buffer of [field, momentum])
      parts.push(Buffer.from((await gpu.download(buffer, Math.min(buffer.size, COMPARED))).buffer));
    return Buffer.concat(parts);
  };
  const seconds = async (label: string, dispatches: readonly Dispatch[], repetitions = 1): Promise<number> => {
    if (signal?.aborted) throw new InterruptedError("interrupted");
    const start = performance.now();
    submit(gpu, label, new Array<readonly Dispatch[]>(repetitions).fill(dispatches).flat());
    await gpu.finished();
    return (performance.now() - start) / 1000;
  };
  // What a kernel's first dispatch takes says little of the others.
  await seconds("pair", pair);
  const together = await bytesOf(other);
  await seconds("singles", singles);
  if (!together.equals(await bytesOf(begun))) return false;
  const once = await seconds("pair", pair);
  const repetitions = Math.max(1, Math.min(REPETITIONS, Math.floor(SECONDS / once)));
  const best = async (label: string, dispatches: readonly Dispatch[]): Promise<number> =>
    Math.min(await seconds(label, dispatches, repetitions), await seconds(label, dispatches, repetitions));
  return (await best("pairs", pair)) < (await best("singles", singles));
}

export const measuredChoice: PairChoice = (left) => (left >= LONG ? pairsWin : undefined);

/** Whether the marching form may be tried, so that slabs want ghosts for two operations. */
export const mayPair = (job: PartJob, words: number): boolean =>
  job.schedule.kind === "prescribed" &&
  measuredChoice(operationsOf(job) - (job.from ?? 0)) !== undefined &&
  windowsOf(job, words) !== undefined;

/** What decides whether pairs are made of the operations that are left, and their form; undefined where single sweeps stay without a trial. */
export function pairChoice(
  gpu: Pick<Gpu, "limits">,
  job: LatticeJob,
  operationsLeft: number,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  choice: PairChoice = measuredChoice,
): { readonly form: PairForm; readonly choose: NonNullable<ReturnType<PairChoice>> } | undefined {
  const choose = choice(operationsLeft);
  const form = choose && pairForm(gpu, job, layout, specialisation);
  return form && { form, choose };
}
