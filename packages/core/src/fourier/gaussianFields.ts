/**
 * Real Gaussian fields and their momenta drawn in Fourier space and taken to the sites, on the host's cores in float64, for initial states of
 * any engine: kernels in packages/wasm/assembly/fourier/draw.ts. A mode n of the field is u a_n + (u a_-n)^*, of its momentum v a_n + (v a_-n)^*,
 * with u and v given by orbit (orbits.ts) and the a_n independent complex normals of <|a|^2> = 1/2, keyed by seed, realisation, stream and n.
 * The kernels are never fused and their sums do not depend on who makes them: the bits are the same on every host, engine and thread count.
 * The fields stand outside of the kernels' memory, which ends at 4 GiB, and are transformed in place.
 */
import { availableParallelism } from "node:os";
import { readPlainModule } from "@slowroll/wasm";
import { cooperate, type Work } from "../cooperate.ts";
import { openAside } from "../engine/cpu/aside.ts";
import { LARGEST_MEMORY, planMemory } from "../engine/cpu/control.ts";
import { modeLayout, oddLines, planStages } from "../engine/cpu/fourier.ts";
import { layoutOf } from "../engine/cpu/layout.ts";
import type { Call } from "../engine/cpu/pool.ts";
import { FEW_SITES, fillFields, stateArray } from "../engine/hostState.ts";
import type { Grid, LatticeState } from "../engine/latticeJob.ts";
import { describeBytes } from "../engine/memory.ts";
import { InputError } from "../errors.ts";
import { keyOfSeed } from "../random/philox.ts";
import { orbitCount } from "./orbits.ts";

/** A field that is drawn by itself, before fields are mixed. */
export interface NormalField {
  /** [F] what every field has of it, and what it has of the stream of every field: a row of an orthogonal matrix. */
  readonly direction: readonly number[];
  /** Writes u and, unless all are at rest, v of every orbit: [orbits][2 numbers each]. Mode 0 is not drawn: its entry stays zero. */
  fill(table: Float64Array): Work<void>;
}

export interface GaussianDraw {
  readonly grid: Pick<Grid, "dimensions" | "points">;
  readonly seed: number;
  readonly realisations: number;
  /** As many as there are fields. */
  readonly normals: readonly NormalField[];
  /** What the plain sum over the modes is multiplied with. */
  readonly scale: number;
  /** Whether no momentum is drawn. */
  readonly atRest: boolean;
  /** [F] what is added to every site. */
  readonly mean: readonly number[];
  readonly velocity: readonly number[];
}

/** The last word of the counters: 2 keeps clear of weights (0) and resampling (1), and 16 a stream of realisations, which are 4096 apart. */
const wordOf = (stream: number): number => 2 + 16 * stream;

const SIZE = 8;
const LINE = 64;
/** Rows that are transformed at a time in fewer than three dimensions. */
const SLOTS = 4;
/** Bytes of columns that a worker draws and transforms at a time, about a cache. */
const COLUMN_BYTES = 2 ** 20;
/** Slices of columns for each worker in two dimensions, where there are no rows to deal out. */
const SLICES = 4;
/** Sites that are mixed at a time: see draw.ts. */
const CHUNK_BYTES = 8 * 1024;

/** What the sizes of a draw follow from. */
export interface DrawShape extends Pick<GaussianDraw, "grid" | "realisations" | "atRest"> {
  readonly fields: number;
}

const shapeOf = ({ grid, realisations, normals, atRest }: GaussianDraw): DrawShape => ({
  grid,
  realisations,
  fields: normals.length,
  atRest,
});

/** Where everything stands in the memory of `workers` workers, and what prepares each. */
function planDraw({ grid, realisations, fields, atRest }: DrawShape, workers: number) {
  const { dimensions, points } = grid;
  const parts = atRest ? 1 : 2;
  const { planes, rows, rowBytes, planeBytes, fieldBytes } = layoutOf({ grid }, SIZE);
  const modes = modeLayout(grid, SIZE);
  const modeBytes = SIZE * 2 * modes.storedModes;
  // Slices of about one size.
  const least = dimensions === 2 ? SLICES * workers : 1;
  const slices = Math.max(least, Math.ceil((parts * planes * modeBytes) / COLUMN_BYTES));
  const columnBytes = LINE * Math.ceil(modeBytes / slices / LINE);
  const columnStride = oddLines(columnBytes);
  const workBytes = dimensions === 3 ? modes.planeBytes : SLOTS * modes.rowBytes;
  const siteBytes = dimensions === 3 ? rows * rowBytes : SLOTS * planeBytes;

  const plan = planMemory();
  /** Numbers in the table. */
  const numbers = 2 * parts * orbitCount(grid);
  const table = plan.place(SIZE * numbers);
  const streams = plan.place(16 * fields);
  const matrix = plan.place(SIZE * fields ** 2);
  const constants = plan.place(2 * SIZE * fields);
  const stages = planStages(plan, grid, { workers, size: SIZE });
  // What is drawn, what is transformed back and what is mixed: one after another.
  const areaBytes = Math.max(parts * planes * columnStride, workBytes + siteBytes, (fields + 1) * CHUNK_BYTES);
  const areas = Array.from({ length: workers }, () => plan.place(areaBytes));
  return {
    bytes: plan.bytes,
    numbers,
    table,
    streams,
    matrix,
    constants,
    areas,
    /** Numbers of all half-complex rows that have no place among their sites. */
    rests: realisations * fields * planes * rows * (2 * modes.storedModes - points),
    setup: (worker: number): readonly Call[] => [
      ["setGrid", dimensions, points, realisations, fields, rowBytes, planeBytes, fieldBytes],
      ...stages.setup(worker, areas[worker]!),
      ["setDraw", parts, table, streams, columnBytes, columnStride, areas[worker]!, areas[worker]! + workBytes],
    ],
    write: stages.write,
  };
}

/** The plan of as many workers as have something to do and fit. Throws InputError where one does not. */
function planWorkers(draw: DrawShape, most: number): ReturnType<typeof planDraw> {
  const { dimensions, points } = draw.grid;
  // A row is one worker's.
  let workers = dimensions === 1 ? Math.min(most, draw.realisations) : most;
  let plan = planDraw(draw, workers);
  while (plan.bytes > LARGEST_MEMORY && workers > 1) {
    workers = Math.ceil(workers / 2);
    plan = planDraw(draw, workers);
  }
  if (plan.bytes <= LARGEST_MEMORY) return plan;
  throw new InputError(
    `fluctuations on ${points}^${dimensions} points do not fit: to draw them takes ${describeBytes(plan.bytes)} beside them, and at most ${describeBytes(LARGEST_MEMORY)} can be had; use fewer points`,
    { path: "lattice.points" },
  );
}

const sitesOf = ({ grid }: Pick<DrawShape, "grid">): number => grid.points ** grid.dimensions;

/** The plan of a draw on so many threads at most; of a small one on the calling thread. Throws InputError where it does not fit. */
function planned(shape: DrawShape, threads: number): ReturnType<typeof planDraw> & { readonly isSmall: boolean } {
  const isSmall = shape.realisations * shape.fields * sitesOf(shape) < FEW_SITES;
  return { ...planWorkers(shape, isSmall ? 1 : threads), isSmall };
}

/** Bytes that a draw takes beside its field and momentum. Throws InputError where it does not fit. */
export function drawingBytes(shape: DrawShape, threads: number = availableParallelism()): number {
  const { bytes, rests } = planned(shape, threads);
  return bytes + SIZE * rests * (shape.atRest ? 1 : 2);
}

/**
 * Draws field and momentum, [realisations][fields][sites] each.
 * @param threads host threads to use at most.
 * @throws InputError where it does not fit, InterruptedError, WorkerLostError, EngineUnavailableError; what `fill` throws.
 */
export async function drawGaussianFields(
  draw: GaussianDraw,
  threads: number = availableParallelism(),
  signal?: AbortSignal,
): Promise<LatticeState> {
  const { seed, normals, scale, atRest, mean, velocity } = draw;
  const shape = shapeOf(draw);
  const { realisations, fields } = shape;
  const sites = sitesOf(shape);
  const count = realisations * fields * sites;
  const { bytes, numbers, table, streams, matrix, constants, areas, rests, isSmall, setup, write } = planned(
    shape,
    threads,
  );
  const state = { field: stateArray(count), momentum: stateArray(count) };
  const outside = [state.field, state.momentum, stateArray(rests), stateArray(atRest ? 0 : rests)];
  const key = keyOfSeed(seed);
  const session = await openAside(
    {
      kernels: readPlainModule("fourier"),
      arrays: outside.map(({ buffer }) => buffer),
      bytes,
      workers: areas.length,
      setup: (worker) => [...setup(worker), ["setSeed", ...key]],
    },
    "lattice.points",
    isSmall,
  );
  try {
    const { buffer } = session.memory;
    write(buffer);
    const run = (call: (worker: number) => Call) => session.run((worker) => [call(worker)], { signal });
    const mixes = normals.some(({ direction }, i) => direction.some((part, f) => part !== (f === i ? 1 : 0)));
    for (const [i, { direction, fill }] of normals.entries()) {
      await cooperate(fill(new Float64Array(buffer, table, numbers)), signal);
      const used = Array.from(direction.entries()).filter(([, factor]) => factor !== 0);
      for (const [s, [stream, factor]] of used.entries()) {
        new Uint32Array(buffer, streams + 16 * s, 1)[0] = wordOf(stream);
        new Float64Array(buffer, streams + 16 * s + 8, 1)[0] = factor;
      }
      await run(() => ["drawModes", i, used.length]);
      const [add, rate] = mixes ? [0, 0] : [mean[i]!, velocity[i]!];
      await run(() => ["invertModes", i, scale / sites, add, rate]);
    }
    if (mixes) {
      const rotation = normals.flatMap((_, f) => normals.map(({ direction }) => direction[f]!));
      new Float64Array(buffer, matrix, fields ** 2).set(rotation);
      new Float64Array(buffer, constants, 2 * fields).set([...mean, ...velocity]);
      await run((worker) => ["mixFields", matrix, constants, areas[worker]!]);
    }
  } finally {
    await session.close();
  }
  if (atRest) fillFields(state.momentum, velocity, sites);
  return state;
}
