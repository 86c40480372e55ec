/**
 * The lattice job on the CPU: the workers share one lattice and run whole stretches of the schedule with the observations in them. A stretch
 * ends where the host has something to do: records are full, a snapshot is due, a checkpoint, or an interruption that must find a whole state.
 */
import { InterruptedError } from "../../errors.ts";
import { assemblePotential, assembleWat } from "../../potential/assemble.ts";
import type { JobControl, LatticeReport } from "../engine.ts";
import { evolveInTurn } from "../inTurn.ts";
import {
  dueUntil,
  type LatticeJob,
  type LatticeState,
  type Observation,
  type Snapshot,
  STENCILS,
} from "../latticeJob.ts";
import { endLost } from "../lost.ts";
import { cellsOf, type PartJob } from "../parts.ts";
import { planAtOnce, planLattice, ROOM, type Room, type Workers } from "./latticePlan.ts";
import { emitLatticeWat } from "./latticeWat.ts";
import { type Elements, readRows, writeRows } from "./layout.ts";
import { type Call, elementOf, type Pool, type Session } from "./pool.ts";

/** Seconds of a stretch where someone waits for its end: a checkpoint, or an interruption. */
const STRETCH = 0.25;

type Plan = ReturnType<typeof planLattice>;

/** Opens workers that run kernels of the job's own, in a memory laid out as planned. */
async function openWorkers(pool: Pool, precision: Workers["precision"], job: PartJob, plan: Plan): Promise<Session> {
  const { grid, schedule } = job;
  const { form, layout, field, momentum, bytes, setup } = plan;
  const { curvature } = plan.snapshots;
  const lattice = emitLatticeWat({
    ...{ form, precision, layout, fused: pool.fusedMultiplyAdd },
    ...{ dimensions: grid.dimensions, points: grid.points, weights: STENCILS[grid.stencil] },
    ...(schedule.kind === "coupled" ? { momentumAfter: momentum - field[0] } : {}),
  });
  return pool.open(
    {
      activation: `linearRow${elementOf(precision).suffix}`,
      potential: await assemblePotential(form, precision),
      lattice: await assembleWat("lattice", lattice),
      ...(curvature ? { curvature: await assemblePotential(curvature, precision) } : {}),
      bytes,
      workers: pool.threads,
      setup,
    },
    "lattice.points",
  );
}

/** The state where the workers have it: after so many operations in one of two arrays of the field, or always in the same. */
function stateIn(elements: Elements, job: PartJob, { layout, field, momentum, steps }: Plan) {
  const { globals } = steps;
  return {
    addresses: (operations: number) => ({ field: field[operations % 2]!, momentum }),
    write(state: LatticeState, operations: number): void {
      writeRows(job, layout, elements, field[operations % 2]!, state.field);
      writeRows(job, layout, elements, momentum, state.momentum);
    },
    read(state: LatticeState, operations: number): LatticeState {
      readRows(job, layout, elements, field[operations % 2]!, state.field);
      readRows(job, layout, elements, momentum, state.momentum);
      return state;
    },
    /** q, q' and the clock, where the schedule is coupled. */
    global: (): { global?: Float64Array } =>
      globals === undefined ? {} : { global: new Float64Array(elements.buffer, globals, 3 * job.realisations).slice() },
  };
}

/** Evolves realisations at once. */
async function evolveAtOnce(
  pool: Pool,
  precision: Workers["precision"],
  job: PartJob,
  control: JobControl,
  ready: () => Promise<void>,
) {
  const { size, suffix } = elementOf(precision);
  const { observeAfter, from = 0, snapshots, saving } = job;
  const plan = planLattice(job, { threads: pool.threads, precision });
  const { steps, records } = plan;
  const session = await openWorkers(pool, precision, job, plan);
  await ready();
  const { buffer } = session.memory;
  const elements = size === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
  const there = stateIn(elements, job, plan);
  /** On the host, whenever it is asked for. */
  const state = await job.initial();
  there.write(state, from);
  plan.prepare(elements);

  const observations: Observation[] = [];
  const pictures: Snapshot[] = [];
  const cells = cellsOf(job);
  const total = steps.operations * cells;
  // A worker that stops in the middle leaves no whole state: where one is wanted, interruptions wait for the stretch to end.
  const heard = saving ? {} : control;
  let engineSeconds = 0;
  let done = from;
  const run = async (calls: readonly Call[]): Promise<number> => {
    const before = done * cells;
    const { seconds } = await session.run(
      () => calls,
      heard,
      (units) => control.onProgress?.(before + units, total, "site updates"),
    );
    engineSeconds += seconds;
    return seconds;
  };

  const dueSnapshots = snapshots?.after ?? [];
  /** Seconds of an operation, as the last stretch took them. */
  let pace = 0;
  /** Where the next stretch ends. */
  const nextEnd = (): number => {
    const due = dueSnapshots[pictures.length] ?? steps.operations;
    const full = observeAfter[observations.length + records.capacity - 1] ?? due;
    if (!saving) return Math.min(due, full);
    const patience = Math.min(STRETCH, saving.seconds);
    return Math.min(due, full, done + Math.max(1, pace > 0 ? Math.floor(patience / pace) : 1));
  };
  let saved = saving?.since ?? performance.now();
  let opening: readonly Call[] = [[`closeLattice${suffix}`, from]];
  while (
    observations.length < observeAfter.length ||
    pictures.length < dueSnapshots.length ||
    done < steps.operations
  ) {
    const to = nextEnd();
    const stretch = dueUntil(observeAfter, observations.length, records.capacity, to);
    new Int32Array(buffer, records.due, stretch.length).set(stretch);
    const operations = to - done;
    const seconds = await run([...opening, [`evolveLattice${suffix}`, done, to, records.due, stretch.length]]);
    opening = [];
    if (operations > 0) pace = seconds / operations;
    done = to;
    for (const [record, after] of stretch.entries()) observations.push(records.read(buffer, record, after));
    if (dueSnapshots[pictures.length] === done) {
      const observed = observations[observations.length - 1];
      const standing = { ...there.addresses(done), observed, afterOperation: done };
      pictures.push(await plan.snapshots.take(elements, standing, run));
    }
    if (endLost({ observations, snapshots: pictures }, job)) break;
    // What came to its end needs neither a checkpoint nor an interruption.
    if (!saving || done === steps.operations) continue;
    const interrupted = control.signal?.aborted;
    if (interrupted || (performance.now() - saved) / 1000 >= saving.seconds) {
      await saving.save({
        operation: done,
        state: there.read(state, done),
        ...there.global(),
        observations: [...observations],
        snapshots: [...pictures],
      });
      saved = performance.now();
    }
    if (interrupted) throw new InterruptedError("interrupted");
  }
  return { engineSeconds, observations, snapshots: pictures, final: there.read(state, done) };
}

/** Evolves a lattice's realisations, those together that there is room for. */
export function evolveLattice(
  pool: Pool,
  precision: Workers["precision"],
  job: LatticeJob,
  control?: JobControl,
  room: Room = ROOM,
): Promise<LatticeReport> {
  const workers = { threads: pool.threads, precision };
  return evolveInTurn(
    job,
    {
      plan: (asked) => planAtOnce(asked, workers, room),
      evolve: (part, following, ready) => evolveAtOnce(pool, precision, part, following, ready),
    },
    control,
  );
}
