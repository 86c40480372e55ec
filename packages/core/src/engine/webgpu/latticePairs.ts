/**
 * Two operations of a prescribed schedule in one sweep: see lattice_pair.wgsl, and lattice_pair_march.wgsl for float32. It moves half the bytes and makes the margins of its tiles
 * twice: what wins depends on the adapter, the potential and the stencil, and is found out by trying both on the job's own arrays, where
 * enough operations are left to repay it. Where the two do not agree to the bit, because a compiler fuses them differently, the single
 * sweeps stay, so that a job's numbers do not depend on a clock.
 */
import { InterruptedError } from "../../errors.ts";
import { type LatticeJob, STENCILS } from "../engine.ts";
import { operationsOf, type PartJob } from "../parts.ts";
import type { Gpu } from "./gpu.ts";
import { type KernelDeclaration, loadKernel, type UniformValues } from "./kernel.ts";
import { type LatticeSpecialisation, latticePair } from "./latticeKernels.ts";
import { VECTOR, vectorSlab } from "./latticeMarch.ts";
import { type Layout, slabUniform } from "./latticeSlabs.ts";
import type { Buffers, StateArrays } from "./latticeSteps.ts";
import { type Dispatch, submit } from "./submit.ts";

/** Threads along x and y of a workgroup, which are the tile's sites. */
const TILE = { COLUMNS: 32, LINES: 8 } as const;
/** Planes that a workgroup marches over: those it makes for the margin, twice the stencil's reach, cost little beside them. */
const DEPTH = 32;
/**
 * The marching form's: vectors of both windows that an invocation keeps at most, invocations of a workgroup, of which a multiprocessor of
 * NVIDIA's has registers for two where the windows hold three vectors each and for one where they hold more, and vectors along a tile, as
 * many as a GPU reads at once.
 */
const WINDOWS = 16;
/** In two dimensions, where a tile is a stretch of a line. */
const FLAT_INVOCATIONS = 256;
const invocationsOf = (windows: number): number => (windows > 12 ? 384 : 512);
const COLUMNS = 32;
/** Operations that repay a trial, which costs some fifteen; more where they are short. */
const LONG = 1000;
/** Duration of a submit that is timed, seconds, as far as so many repetitions go. */
const SECONDS = 0.02;
const REPETITIONS = 32;
/** Bytes of each array that are compared. */
const COMPARED = 2 ** 20;

/** A sweep's kernel in the form that suits a job, and how its workgroups share each slab. */
export interface PairForm {
  readonly kernel: KernelDeclaration<"field" | "momentum" | "fieldNext" | "momentumNext">;
  readonly specialisation: LatticeSpecialisation;
  readonly slabs: readonly {
    readonly params: UniformValues;
    readonly workgroups: readonly [number, number, number];
  }[];
}

/** How a workgroup's invocations lie: over a tile of vectors, and a margin of `margin` beside it and of `edge` lines before and behind. */
interface Tile {
  readonly columns: number;
  readonly lines: number;
  readonly margin: 0 | 1;
  readonly edge: number;
}

/** The tile of at most so many invocations with which all workgroups together have the fewest. One as long as a line needs no margin beside it. */
function pairTile([width, across]: readonly [number, number], edge: number, columnsAtMost: number, most: number) {
  let best: (Tile & { readonly all: number }) | undefined;
  for (let columns = 1; columns <= Math.min(width, columnsAtMost); columns++) {
    const margin = columns === width ? 0 : 1;
    for (let lines = 1; lines <= across; lines++) {
      const invocations = (columns + 2 * margin) * (lines + 2 * edge);
      if (invocations > most) break;
      const all = Math.ceil(width / columns) * Math.ceil(across / lines) * invocations;
      if (!best || all < best.all) best = { columns, lines, margin, edge, all };
    }
  }
  return best;
}

type FormOf = (
  gpu: {
    readonly limits: Pick<GPUSupportedLimits, "maxComputeInvocationsPerWorkgroup" | "maxComputeWorkgroupStorageSize">;
  },
  job: Pick<LatticeJob, "grid" | "realisations" | "fields">,
  layout: Layout,
  specialisation: LatticeSpecialisation,
) => PairForm | undefined;

/** Vectors of both windows of the marching form; undefined where it does not fit numbers of so many words. */
function windowsOf({ grid, fields }: Pick<LatticeJob, "grid" | "fields">, words: number): number | undefined {
  const { dimensions, points, stencil } = grid;
  const windows = 2 * fields * (2 * STENCILS[stencil].length + 1);
  return dimensions > 1 && points % VECTOR === 0 && words === 1 && windows <= WINDOWS ? windows : undefined;
}

/** Whether the marching form may be tried, so that slabs want ghosts for two operations. */
export const mayPair = (job: PartJob, words: number): boolean =>
  job.schedule.kind === "prescribed" &&
  measuredChoice(operationsOf(job) - (job.from ?? 0)) !== undefined &&
  windowsOf(job, words) !== undefined;

/** The form in which invocations march with vectors of four sites; undefined where it does not fit. */
const marchingPairs: FormOf = ({ limits }, job, layout, { numbers, constants, ...specialisation }) => {
  const { grid, realisations, fields } = job;
  const reach = STENCILS[grid.stencil].length;
  const windows = windowsOf(job, numbers.words);
  if (windows === undefined || (layout.ghosts > 0 && layout.ghosts < 2 * reach)) return undefined;
  const slabs = layout.slabs.map((planned) => vectorSlab(grid, layout, planned));
  const [along, across] = slabs[0]!.own;
  const isFlat = grid.dimensions === 2;
  const most = Math.min(
    isFlat ? FLAT_INVOCATIONS : invocationsOf(windows),
    limits.maxComputeInvocationsPerWorkgroup,
    Math.floor(limits.maxComputeWorkgroupStorageSize / (2 * 16 * fields)),
  );
  const tile = pairTile([along, across], isFlat ? 0 : reach, isFlat ? most : COLUMNS, most);
  if (!tile) return undefined;
  const { columns, lines, margin, edge } = tile;
  return {
    kernel: latticePair.march,
    specialisation: {
      ...specialisation,
      numbers,
      constants: { ...constants, SPAN: 2 * reach + 1, COLUMNS: columns, LINES: lines, MARGIN: margin, EDGE: edge },
    },
    slabs: slabs.map((slab) => {
      const chunks = Math.ceil(slab.own[2] / DEPTH);
      return {
        params: { slab, depth: DEPTH, chunks },
        workgroups: [Math.ceil(along / columns), Math.ceil(across / lines), chunks * realisations],
      };
    }),
  };
};

/** The form site by site; undefined where the adapter has no room for its tile. */
const sitePairs: FormOf = ({ limits }, { grid, realisations, fields }, layout, specialisation) => {
  const { numbers, constants } = specialisation;
  const reach = Number(constants.REACH);
  const bytes = 4 * numbers.words * fields * (2 * reach + 2) * (TILE.COLUMNS + 2 * reach) * (TILE.LINES + 2 * reach);
  if (grid.dimensions !== 3 || layout.ghosts > 0) return undefined;
  if (TILE.COLUMNS * TILE.LINES > limits.maxComputeInvocationsPerWorkgroup) return undefined;
  if (bytes > limits.maxComputeWorkgroupStorageSize) return undefined;
  const chunks = Math.ceil(grid.points / DEPTH);
  return {
    kernel: latticePair.sites,
    specialisation: { ...specialisation, constants: { ...constants, ...TILE } },
    slabs: [
      {
        params: { slab: slabUniform(grid, layout, layout.slabs[0]!), depth: DEPTH, chunks },
        workgroups: [Math.ceil(grid.points / TILE.COLUMNS), Math.ceil(grid.points / TILE.LINES), chunks * realisations],
      },
    ],
  };
};

export const pairForms = { sites: sitePairs, march: marchingPairs } as const;

/** The form of the sweeps for a job on this adapter; undefined where there is none. */
export function pairForm(
  gpu: Pick<Gpu, "limits">,
  job: LatticeJob,
  layout: Layout,
  specialisation: LatticeSpecialisation,
): PairForm | undefined {
  const form = marchingPairs(gpu, job, layout, specialisation) ?? sitePairs(gpu, job, layout, specialisation);
  const most = gpu.limits.maxComputeWorkgroupsPerDimension;
  return form?.slabs.every(({ workgroups }) => workgroups[2] <= most) ? form : undefined;
}

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
