/**
 * Where everything of a lattice job on the CPU stands in the shared memory, and how many realisations are evolved at once: as many as that
 * memory holds and the machine has free.
 */
import { freemem, totalmem } from "node:os";
import { InputError } from "../../errors.ts";
import { formOf } from "../../potential/form.ts";
import type { LatticeMemory } from "../engine.ts";
import { type CoupledSchedule, type Monomial, potentialsOf, STENCILS } from "../latticeJob.ts";
import { describeBytes, recordedBytes, stateBytes } from "../memory.ts";
import { jobOfPart, operationsOf, type PartJob } from "../parts.ts";
import { planConstants } from "./constants.ts";
import { LARGEST_MEMORY, type MemoryPlan, planMemory } from "./control.ts";
import { type Elements, type Layout, layoutOf } from "./layout.ts";
import { type Call, tooLarge } from "./pool.ts";
import { planRecords } from "./records.ts";
import { planSnapshots } from "./snapshots.ts";

/** What an engine's jobs have room in. */
export interface Room {
  /** Bytes of one shared memory at most. */
  readonly largest: number;
  /** Bytes that the machine has free now. */
  free(): number;
  /** Bytes that are taken whatever is said to be free: some systems count as used what they give back at once. */
  readonly always: number;
}

export const ROOM: Room = {
  largest: LARGEST_MEMORY,
  // Newer Node knows what a container leaves.
  free: () => process.availableMemory?.() ?? freemem(),
  always: 2 ** 28,
};

/** Who computes. */
export interface Workers {
  readonly threads: number;
  readonly precision: "float32" | "float64";
}

/** What a schedule needs in memory. */
interface Steps {
  readonly operations: number;
  /** Where the coefficients stand, for setLattice. */
  readonly coefficients: number;
  readonly setup: readonly Call[];
  /** Where a coupled schedule keeps q, q' and the clock. */
  readonly globals?: number;
  write(buffer: ArrayBufferLike): void;
}

function planSteps(plan: MemoryPlan, job: PartJob, layout: Layout): Steps {
  const { schedule, grid, realisations } = job;
  const inverseSquare = 1 / grid.spacing ** 2;
  const operations = operationsOf(job);
  if (schedule.kind === "prescribed") {
    const coefficients = plan.place(24 * operations);
    return {
      operations,
      coefficients,
      setup: [],
      write: (buffer) =>
        new Float64Array(buffer, coefficients, 3 * operations).set(
          schedule.coefficients.map((value, i) => (i % 3 === 0 ? value * inverseSquare : value)),
        ),
    };
  }
  const durations = plan.place(8 * operations);
  const order = monomials(schedule);
  const table = plan.place(16 * order.length);
  const globals = plan.place(24 * realisations);
  const sums = plan.place(24 * realisations * layout.planes);
  return {
    operations,
    coefficients: 0,
    globals,
    setup: [["setCoupling", durations, table, globals, sums, inverseSquare]],
    write(buffer) {
      new Float64Array(buffer, durations, operations).set(schedule.durations);
      new Float64Array(buffer, table, 2 * order.length).set(order.flatMap(({ factor, power }) => [factor, power]));
      new Float64Array(buffer, globals, 3 * realisations).set(schedule.initial);
    },
  };
}

/** In the order of assembly/field/couple.ts. */
function monomials({ acceleration, laplacian, force, drift, clock }: CoupledSchedule): Monomial[] {
  const { momentumSquare, gradient, potential } = acceleration;
  return [momentumSquare, gradient, potential, laplacian, force, drift, clock];
}

/** Lays out realisations that are evolved at once. @throws InputError where a constant does not fit the precision. */
export function planLattice(job: PartJob, { threads, precision }: Workers) {
  const size = precision === "float32" ? 4 : 8;
  const { grid, realisations, fields } = job;
  const { dimensions, points } = grid;
  const layout = layoutOf(job, size);
  const { rowBytes, planeBytes, fieldBytes, lead } = layout;
  const plan = planMemory();
  const arrayBytes = realisations * fields * fieldBytes + 2 * lead;
  // The arrays start at different places within a page, as rows and planes do.
  const array = (offset: number): number => plan.place(arrayBytes + offset) + offset + lead;
  const first = array(0);
  // A coupled schedule works in place.
  const field = [first, job.schedule.kind === "coupled" ? first : array(1344)] as const;
  const momentum = array(2688);
  const steps = planSteps(plan, job, layout);
  const potentials = potentialsOf(job);
  const form = formOf(potentials);
  const constants = planConstants(plan, potentials, form, size);
  // Each worker's row of potentials.
  const rows = Array.from({ length: threads }, () => plan.place(rowBytes + 64));
  const lattice = plan.bytes;
  const records = planRecords(plan, job, layout, steps.globals);
  const recorded = plan.bytes;
  const snapshots = planSnapshots(plan, job, layout, { workers: threads, size });
  const weights = STENCILS[grid.stencil];
  return {
    layout,
    field,
    momentum,
    steps,
    form,
    records,
    snapshots,
    bytes: plan.bytes,
    /** Of them. */
    parts: { lattice, records: recorded - lattice, snapshots: plan.bytes - recorded },
    setup: (worker: number): Call[] => [
      ["setGrid", dimensions, points, realisations, fields, rowBytes, planeBytes, fieldBytes],
      ["setStencil", weights.length, weights[0]!, weights[1] ?? 0, weights[2] ?? 0],
      ["setLattice", field[0], field[1], momentum, steps.coefficients, rows[worker]!],
      ["setConstants", constants.address, constants.bytes],
      ...steps.setup,
      ...records.setup,
      ...snapshots.setup(worker),
    ],
    /** Writes all tables; the schedule's start must be known. */
    prepare(elements: Elements) {
      const { buffer } = elements;
      steps.write(buffer);
      constants.write(elements);
      records.prepare(buffer);
      snapshots.prepare(elements);
    },
  };
}

/**
 * What the job takes, with as many realisations at once as there is room for.
 * @throws InputError where there is no room for one, or where a constant does not fit the precision.
 */
export function planAtOnce(job: PartJob, workers: Workers, room: Room): LatticeMemory {
  const { realisations: all } = job;
  const planned = (count: number) => planLattice(jobOfPart(job, { first: 0, count, all }), workers);
  const state = stateBytes(job);
  const drawing = job.initialBytes?.() ?? 0;
  const host = state + drawing + recordedBytes(job);
  const free = Math.min(room.largest, Math.max(room.always, room.free() - host));
  let count = all;
  let plan = planned(count);
  while (plan.bytes > free && count > 1) {
    count = Math.max(1, Math.min(count - 1, Math.floor((count * free) / plan.bytes)));
    plan = planned(count);
  }
  // As many parts as it takes, all of about one size.
  const even = Math.ceil(all / Math.ceil(all / count));
  if (even < count) plan = planned(even);
  if (plan.bytes > room.largest) throw tooLarge(plan.bytes, "lattice.points", { largest: room.largest });
  const bytes = host + plan.bytes;
  if (bytes > totalmem()) {
    throw new InputError(
      `does not fit: it takes ${describeBytes(bytes)}, ${describeBytes(host)} of them for the state of all realisations, and this machine has ${describeBytes(totalmem())}; use fewer points or realisations`,
      { path: "lattice.points" },
    );
  }
  const { lattice, records, snapshots } = plan.parts;
  return {
    bytes,
    parts: {
      state,
      ...(drawing > 0 ? { drawing } : {}),
      lattice,
      snapshots,
      records: records + host - state - drawing,
    },
    batch: even,
  };
}
