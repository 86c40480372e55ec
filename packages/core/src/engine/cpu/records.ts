/** The lattice job's observations on the CPU: where the planes' sums are kept, and the means that they give, added in order on the host. */
import type { LatticeJob, Observation } from "../latticeJob.ts";
import type { MemoryPlan } from "./control.ts";
import { type Layout, overPlanes } from "./layout.ts";
import type { Call } from "./pool.ts";

/** Bytes of observations kept before they are read. */
const OBSERVATION_BYTES = 32 * 2 ** 20;
/** Where the numbers of a plane's record stand: see assembly/field/observe.ts. */
export const MOMENT = {
  field: 0,
  square: 1,
  momentum: 2,
  momentumSquare: 3,
  gradient: 4,
  potential: 5,
  cube: 6,
  fourth: 7,
  reference: 8,
} as const;
export const MOMENTS = Object.keys(MOMENT).length;

export interface Records {
  /** Observations that are kept before they are read. */
  readonly capacity: number;
  /** Where the numbers of operations stand after which observations are due. */
  readonly due: number;
  readonly setup: readonly Call[];
  /** Writes the tables that observations read. */
  prepare(buffer: ArrayBufferLike): void;
  /** The observation in record `record`. */
  read(buffer: ArrayBufferLike, record: number, afterOperation: number): Observation;
}

/** Plans the records of a job; `globals` is where a coupled schedule keeps its numbers. */
export function planRecords(
  plan: MemoryPlan,
  job: LatticeJob,
  { planes }: Layout,
  globals: number | undefined,
): Records {
  const { grid, realisations, fields, reductions, observeAfter } = job;
  const { dimensions, points } = grid;
  const modes = reductions.filter((reduction) => reduction.kind === "cosine");
  const wantsMoments = reductions.some(({ kind }) => kind !== "cosine");
  const planeCount = realisations * fields * planes;
  const momentBytes = wantsMoments ? 8 * MOMENTS * planeCount : 0;
  const globalBytes = globals === undefined ? 0 : 24 * realisations;
  const recordBytes = momentBytes + 8 * modes.length * planeCount + globalBytes;
  const capacity = Math.max(1, Math.min(observeAfter.length, Math.floor(OBSERVATION_BYTES / Math.max(1, recordBytes))));

  const due = plan.place(4 * capacity);
  const moments = plan.place(momentBytes * capacity);
  const cosines = plan.place(8 * modes.length * planeCount * capacity);
  const globalRecords = plan.place(globalBytes * capacity);
  const modeTable = plan.place(12 * modes.length);
  const turns = plan.place(8 * points);
  return {
    capacity,
    due,
    setup: [
      ["setObservations", wantsMoments ? moments : 0, cosines, modes.length, modeTable, turns],
      ...(globals === undefined ? [] : [["setGlobalRecords", globals, globalRecords] as const]),
    ],
    prepare(buffer) {
      const cosine = new Float64Array(buffer, turns, points);
      for (let n = 0; n < points; n++) cosine[n] = Math.cos((2 * Math.PI * n) / points);
      const words = new Int32Array(buffer, modeTable, 3 * modes.length);
      for (const [m, { mode }] of modes.entries()) {
        // Grid indices run first to last; the kernel counts axes from the last.
        for (let axis = 0; axis < 3; axis++) {
          const n = mode[dimensions - 1 - axis] ?? 0;
          words[3 * m + axis] = ((n % points) + points) % points;
        }
      }
    },
    read(buffer, record, afterOperation) {
      const sums = new Float64Array(buffer, moments + record * momentBytes, momentBytes / 8);
      const cosine = modes.map((_, m) => {
        const at = cosines + 8 * (record * modes.length + m) * planeCount;
        return gatherCosine(new Float64Array(buffer, at, planeCount), planes, points ** dimensions);
      });
      return {
        afterOperation,
        ...(wantsMoments ? gatherMoments(job, sums, planes) : {}),
        ...(modes.length > 0 ? { cosine } : {}),
        ...(globals === undefined
          ? {}
          : { global: new Float64Array(buffer, globalRecords + record * globalBytes, 3 * realisations).slice() }),
      };
    },
  };
}

/** The means that were asked for, from one observation's sums [realisations][fields][planes][MOMENTS]. */
export function gatherMoments(
  job: Pick<LatticeJob, "grid" | "realisations" | "fields" | "reductions">,
  sums: Float64Array,
  planes: number,
): Omit<Observation, "afterOperation"> {
  const { realisations, fields } = job;
  const sites = job.grid.points ** job.grid.dimensions;
  const mean = (moment: keyof typeof MOMENT): Float64Array =>
    Float64Array.from(
      { length: realisations * fields },
      (_, rf) => overPlanes(sums, planes, rf, MOMENTS, MOMENT[moment]) / sites,
    );
  const above = mean("field");
  const square = mean("square");
  const cube = mean("cube");
  const fourth = mean("fourth");
  const asked = new Set(job.reductions.map(({ kind }) => kind));
  return {
    ...(asked.has("field")
      ? {
          fieldMean: above.map((value, rf) => sums[rf * planes * MOMENTS + MOMENT.reference]! + value),
          fieldVariance: square.map((value, rf) => Math.max(0, value - above[rf]! ** 2)),
        }
      : {}),
    ...(asked.has("shape")
      ? {
          fieldThird: above.map((m, rf) => cube[rf]! - 3 * m * square[rf]! + 2 * m ** 3),
          fieldFourth: above.map((m, rf) => fourth[rf]! - 4 * m * cube[rf]! + 6 * m ** 2 * square[rf]! - 3 * m ** 4),
        }
      : {}),
    ...(asked.has("momentum") ? { momentumMean: mean("momentum"), momentumSquare: mean("momentumSquare") } : {}),
    ...(asked.has("gradient") ? { gradient: mean("gradient").map((value) => value / job.grid.spacing ** 2) } : {}),
    ...(asked.has("potential") ? { potential: mean("potential").filter((_, rf) => rf % fields === 0) } : {}),
  };
}

/** 2 <phi cos(k.x)> from sums [realisations][fields][planes]. */
const gatherCosine = (sums: Float64Array, planes: number, sites: number): Float64Array =>
  Float64Array.from({ length: sums.length / planes }, (_, rf) => (2 * overPlanes(sums, planes, rf)) / sites);
