/**
 * The lattice job on the CPU: the workers share one lattice and run whole stretches of the schedule with the observations in them. A stretch
 * ends where the host has something to do: records are full, a snapshot is due, a checkpoint, or an interruption that must find a whole state.
 */
import { InterruptedError } from "../../errors.ts";
import { assemblePotential } from "../../potential/assemble.ts";
import { float32 } from "../../potential/emit.ts";
import { type Form, formOf } from "../../potential/form.ts";
import {
  type CoupledSchedule,
  type JobControl,
  type LatticeCheckpoint,
  type LatticeJob,
  type LatticeReport,
  type Monomial,
  type Observation,
  potentialsOf,
  type Snapshot,
  STENCILS,
} from "../engine.ts";
import { LARGEST_MEMORY, type MemoryPlan, planMemory } from "./control.ts";
import { type Layout, layoutOf, readRows, writeRows } from "./layout.ts";
import { type Call, elementOf, type Pool, tooLarge } from "./pool.ts";
import { planRecords } from "./records.ts";
import { takeSnapshot } from "./snapshots.ts";
import { planSpectra } from "./spectra.ts";

/** Seconds of a stretch where someone waits for its end: a checkpoint, or an interruption. */
const STRETCH = 0.25;

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

function planSteps(plan: MemoryPlan, job: LatticeJob, layout: Layout): Steps {
  const { schedule, grid, realisations } = job;
  const inverseSquare = 1 / grid.spacing ** 2;
  if (schedule.kind === "prescribed") {
    const operations = schedule.coefficients.length / 3;
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
  const operations = schedule.durations.length;
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

/**
 * The numbers of each realisation's own potential, [realisations][constants].
 * @throws InputError where one does not fit float32.
 */
function planConstants(plan: MemoryPlan, job: LatticeJob, form: Form, size: 4 | 8) {
  const values = potentialsOf(job).flatMap((potential) => form.constants.get(potential)!);
  const numbers = size === 4 ? Float32Array.from(values, float32) : Float64Array.from(values);
  const at = plan.place(numbers.byteLength);
  return {
    setup: [["setConstants", at, size * form.count]] satisfies Call[],
    write: (elements: Float32Array | Float64Array) => elements.set(numbers, at / size),
  };
}

export async function evolveLattice(
  pool: Pool,
  precision: "float32" | "float64",
  job: LatticeJob,
  control: JobControl = {},
): Promise<LatticeReport> {
  const { size, suffix } = elementOf(precision);
  const { grid, realisations, fields, observeAfter, from = 0, snapshots, checkpoint } = job;
  const { dimensions, points } = grid;
  const sites = points ** dimensions;
  const layout = layoutOf(job, size);
  const { rowBytes, planeBytes, fieldBytes, lead } = layout;
  const coupled = job.schedule.kind === "coupled";

  const plan = planMemory();
  const arrayBytes = realisations * fields * fieldBytes + 2 * lead;
  // The arrays start at different places within a page, as rows and planes do.
  const array = (offset: number): number => plan.place(arrayBytes + offset) + offset + lead;
  const first = array(0);
  // A coupled schedule works in place.
  const field = [first, coupled ? first : array(1344)] as const;
  const momentum = array(2688);
  const steps = planSteps(plan, job, layout);
  const form = formOf(potentialsOf(job));
  const constants = planConstants(plan, job, form, size);
  const records = planRecords(plan, job, layout, steps.globals);
  const spectra = await planSpectra(plan, job, layout, { workers: pool.threads, precision });
  // Each worker's rows of forces, of potentials and of Laplacians.
  const rows = Array.from({ length: pool.threads }, () => plan.place((fields + 2) * rowBytes + 64));
  if (plan.bytes > LARGEST_MEMORY) throw tooLarge(plan.bytes, "lattice.points");

  const weights = STENCILS[grid.stencil];
  const session = await pool.open(
    {
      activation: `linearRow${suffix}`,
      potential: await assemblePotential(form, precision),
      bytes: plan.bytes,
      workers: pool.threads,
      setup: (worker) => [
        ["setGrid", dimensions, points, realisations, fields, rowBytes, planeBytes, fieldBytes],
        ["setStencil", weights.length, weights[0]!, weights[1] ?? 0, weights[2] ?? 0],
        ["setLattice", field[0], field[1], momentum, steps.coefficients, rows[worker]!],
        ...constants.setup,
        ...steps.setup,
        ...records.setup,
        ...spectra.setup(worker),
      ],
    },
    "lattice.points",
  );
  const { buffer } = session.memory;
  const elements = size === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
  const initial = await job.initial();
  writeRows(job, layout, elements, field[from % 2]!, initial.field);
  writeRows(job, layout, elements, momentum, initial.momentum);
  steps.write(buffer);
  constants.write(elements);
  records.prepare(buffer);
  spectra.prepare(session.memory, elements);

  const observations: Observation[] = [];
  const pictures: Snapshot[] = [];
  const cells = realisations * fields * sites;
  const total = steps.operations * cells;
  const global = (): { global?: Float64Array } =>
    steps.globals === undefined ? {} : { global: new Float64Array(buffer, steps.globals, 3 * realisations).slice() };
  const state = (operation: number): LatticeCheckpoint["state"] => ({
    field: readRows(job, layout, elements, field[operation % 2]!),
    momentum: readRows(job, layout, elements, momentum),
  });
  let engineSeconds = 0;
  let done = from;
  const run = async (calls: readonly Call[], following: JobControl): Promise<number> => {
    const before = done * cells;
    const { seconds } = await session.run(
      () => calls,
      following,
      (units) => control.onProgress?.(before + units, total, "site updates"),
    );
    engineSeconds += seconds;
    return seconds;
  };
  const save = async (): Promise<void> =>
    checkpoint!.save({
      operation: done,
      state: state(done),
      ...global(),
      observations: [...observations],
      snapshots: [...pictures],
    });

  const dueSnapshots = snapshots?.after ?? [];
  let pace = 0;
  let saved = performance.now();
  let opening: readonly Call[] = [[`closeLattice${suffix}`, from]];
  for (
    let observed = 0, shot = 0;
    observed < observeAfter.length || shot < dueSnapshots.length || done < steps.operations;
  ) {
    let to = dueSnapshots[shot] ?? steps.operations;
    const full = observeAfter[observed + records.capacity - 1];
    if (full !== undefined) to = Math.min(to, full);
    if (checkpoint) {
      const patience = Math.min(STRETCH, checkpoint.seconds);
      to = Math.min(to, done + Math.max(1, pace > 0 ? Math.floor(patience / pace) : 1));
    }
    const stretch = observeAfter.slice(observed, observed + records.capacity).filter((after) => after <= to);
    new Int32Array(buffer, records.due, stretch.length).set(stretch);
    const operations = to - done;
    // A worker that stops in the middle leaves no whole state: where one is wanted, interruptions wait for the stretch to end.
    const seconds = await run(
      [...opening, [`evolveLattice${suffix}`, done, to, records.due, stretch.length]],
      checkpoint ? {} : control,
    );
    opening = [];
    if (operations > 0) pace = seconds / operations;
    done = to;
    for (const [record, after] of stretch.entries()) observations.push(records.read(buffer, record, after));
    observed += stretch.length;
    if (dueSnapshots[shot] === done) {
      const standing = { job, layout, elements, address: field[done % 2]! };
      const made = observations[observations.length - 1];
      const taken = await spectra.take({ field: standing.address, momentum, made, afterOperation: done }, (calls) =>
        run(calls, checkpoint ? {} : control),
      );
      pictures.push(takeSnapshot(standing, taken));
      shot++;
    }
    // What came to its end needs neither a checkpoint nor an interruption.
    if (!checkpoint || done === steps.operations) continue;
    const interrupted = control.signal?.aborted;
    if (interrupted || (performance.now() - saved) / 1000 >= checkpoint.seconds) {
      await save();
      saved = performance.now();
    }
    if (interrupted) throw new InterruptedError("interrupted");
  }
  return { engineSeconds, observations, snapshots: pictures, final: state(done) };
}
