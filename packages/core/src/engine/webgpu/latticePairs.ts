/**
 * Two operations of a prescribed schedule in one sweep: see lattice_pair.wgsl. It moves half the bytes and makes the margins of its tiles
 * twice: what wins depends on the adapter, the potential and the stencil, and is found out by trying both on the job's own arrays, where
 * enough operations are left to repay it. Where the two do not agree to the bit, because a compiler fuses them differently, the single
 * sweeps stay, so that a job's numbers do not depend on a clock.
 */
import { InterruptedError } from "../../errors.ts";
import type { LatticeJob } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { loadKernel } from "./kernel.ts";
import { type LatticeSpecialisation, latticePair } from "./latticeKernels.ts";
import { type Layout, slabUniform } from "./latticeSlabs.ts";
import type { Buffers, StateArrays } from "./latticeSteps.ts";
import { type Dispatch, submit } from "./submit.ts";

/** Threads along x and y of a workgroup, which are the tile's sites. */
const TILE = { COLUMNS: 32, LINES: 8 } as const;
/** Planes that a workgroup marches over: those it makes for the margin, twice the stencil's reach, cost little beside them. */
const DEPTH = 32;
/** Operations that repay a trial, which costs some fifteen; more where they are short. */
const LONG = 1000;
/** Duration of a submit that is timed, seconds, as far as so many repetitions go. */
const SECONDS = 0.02;
const REPETITIONS = 32;
/** Bytes of each array that are compared. */
const COMPARED = 2 ** 20;

/** Bytes of workgroup memory of lattice_pair.wgsl. */
function pairBytes(fields: number, reach: number, words: number): number {
  return 4 * words * fields * (2 * reach + 2) * (TILE.COLUMNS + 2 * reach) * (TILE.LINES + 2 * reach);
}

/** What lattice_pair.wgsl is specialised by. */
export const pairSpecialisation = (specialisation: LatticeSpecialisation): LatticeSpecialisation => ({
  ...specialisation,
  constants: { ...specialisation.constants, ...TILE },
});

/** How its workgroups share a lattice. */
export function pairSharing(points: number, realisations: number) {
  const chunks = Math.ceil(points / DEPTH);
  const workgroups = [Math.ceil(points / TILE.COLUMNS), Math.ceil(points / TILE.LINES), chunks * realisations] as const;
  return { shares: { depth: DEPTH, chunks }, workgroups };
}

/** Whether the kernel has a form for the job on this adapter. */
export function pairsFit(
  { limits }: Pick<Gpu, "limits">,
  { grid, realisations, fields }: LatticeJob,
  layout: Layout,
  { numbers, constants }: LatticeSpecialisation,
): boolean {
  return (
    grid.dimensions === 3 &&
    layout.ghosts === 0 &&
    pairSharing(grid.points, realisations).workgroups[2] <= limits.maxComputeWorkgroupsPerDimension &&
    TILE.COLUMNS * TILE.LINES <= limits.maxComputeInvocationsPerWorkgroup &&
    pairBytes(fields, Number(constants.REACH), numbers.words) <= limits.maxComputeWorkgroupStorageSize
  );
}

/**
 * The sweeps that start from each of the given states, without offsets, and go to the one beside it, where both its field and its momentum
 * are others.
 */
export async function pairSweeps(
  gpu: Gpu,
  { grid, realisations }: LatticeJob,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  buffers: Buffers,
  states: readonly (readonly [StateArrays, StateArrays])[],
  constants: GPUBuffer,
  operation: GPUBuffer,
): Promise<Dispatch[]> {
  const { pipeline, uniform, bind } = await loadKernel(gpu, latticePair, pairSpecialisation(specialisation));
  const { shares, workgroups } = pairSharing(grid.points, realisations);
  const values = { slab: slabUniform(grid, layout, layout.slabs[0]!), ...shares };
  const data = new Uint32Array(uniform("params", values));
  const params = await buffers.upload("pair parameters", data, GPUBufferUsage.UNIFORM);
  const sweeps: Dispatch[] = [];
  for (const [{ field, momentum }, { field: fieldNext, momentum: momentumNext }] of states)
    sweeps.push({
      pipeline,
      bindings: await bind({
        ...{ field, momentum, fieldNext, momentumNext },
        ...{ params, constants, operation, second: operation },
      }),
      workgroups,
    });
  return sweeps;
}

/** Two operations from one state on the device, made in both ways; the arrays may be left in any state. */
export interface Trial {
  /** By single sweeps, back to the arrays of the state that they started from. */
  readonly singles: readonly [Dispatch, Dispatch];
  /** By one sweep, to other arrays. */
  readonly pair: Dispatch;
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
  await seconds("pair", [pair]);
  const together = await bytesOf(other);
  await seconds("singles", singles);
  if (!together.equals(await bytesOf(begun))) return false;
  const once = await seconds("pair", [pair]);
  const repetitions = Math.max(1, Math.min(REPETITIONS, Math.floor(SECONDS / once)));
  const best = async (label: string, dispatches: readonly Dispatch[]): Promise<number> =>
    Math.min(await seconds(label, dispatches, repetitions), await seconds(label, dispatches, repetitions));
  return (await best("pairs", [pair])) < (await best("singles", singles));
}

export const measuredChoice: PairChoice = (left) => (left >= LONG ? pairsWin : undefined);

/** What decides whether pairs are made of the operations that are left; undefined where single sweeps stay without a trial. */
export const pairChoice = (
  gpu: Pick<Gpu, "limits">,
  job: LatticeJob,
  operationsLeft: number,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  choice: PairChoice = measuredChoice,
): ReturnType<PairChoice> => (pairsFit(gpu, job, layout, specialisation) ? choice(operationsLeft) : undefined);
