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
import { readRows, writeRows } from "./layout.ts";
import { type Call, elementOf, type Pool } from "./pool.ts";

/** Seconds of a stretch where someone waits for its end: a checkpoint, or an interruption. */
const STRETCH = 0.25;

/** Evolves realisations at once. */
async function evolveAtOnce(
  pool: Pool,
  precision: Workers["precision"],
  job: PartJob,
  control: JobControl,
  ready: () => Promise<void>,
) {
  const { size, suffix } = elementOf(precision);
  const { realisations, observeAfter, from = 0, snapshots, saving } = job;
  const {
    layout,
    field,
    momentum,
    steps,
    form,
    records,
    snapshots: shots,
    bytes,
    setup,
    prepare,
  } = planLattice(job, {
    threads: pool.threads,
    precision,
  });
  const lattice = emitLatticeWat({
    ...{ form, precision, layout, fused: pool.fusedMultiplyAdd },
    ...{ dimensions: job.grid.dimensions, points: job.grid.points, weights: STENCILS[job.grid.stencil] },
    ...(job.schedule.kind === "coupled" ? { momentumAfter: momentum - field[0] } : {}),
  });
  const session = await pool.open(
    {
      activation: `linearRow${suffix}`,
      potential: await assemblePotential(form, precision),
      lattice: await assembleWat("lattice", lattice),
      ...(shots.curvature ? { curvature: await assemblePotential(shots.curvature, precision) } : {}),
      bytes,
      workers: pool.threads,
      setup,
    },
    "lattice.points",
  );
  await ready();
  const { buffer } = session.memory;
  const elements = size === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
  /** On the host, whenever it is asked for. */
  const state = await job.initial();
  writeRows(job, layout, elements, field[from % 2]!, state.field);
  writeRows(job, layout, elements, momentum, state.momentum);
  prepare(elements);

  const observations: Observation[] = [];
  const pictures: Snapshot[] = [];
  const cells = cellsOf(job);
  const total = steps.operations * cells;
  const global = (): { global?: Float64Array } =>
    steps.globals === undefined ? {} : { global: new Float64Array(buffer, steps.globals, 3 * realisations).slice() };
  const stateNow = (): LatticeState => {
    readRows(job, layout, elements, field[done % 2]!, state.field);
    readRows(job, layout, elements, momentum, state.momentum);
    return state;
  };
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
    saving!.save({
      operation: done,
      state: stateNow(),
      ...global(),
      observations: [...observations],
      snapshots: [...pictures],
    });

  const dueSnapshots = snapshots?.after ?? [];
  let pace = 0;
  let saved = saving?.since ?? performance.now();
  let opening: readonly Call[] = [[`closeLattice${suffix}`, from]];
  for (
    let observed = 0, shot = 0;
    observed < observeAfter.length || shot < dueSnapshots.length || done < steps.operations;
  ) {
    let to = dueSnapshots[shot] ?? steps.operations;
    const full = observeAfter[observed + records.capacity - 1];
    if (full !== undefined) to = Math.min(to, full);
    if (saving) {
      const patience = Math.min(STRETCH, saving.seconds);
      to = Math.min(to, done + Math.max(1, pace > 0 ? Math.floor(patience / pace) : 1));
    }
    const stretch = dueUntil(observeAfter, observed, records.capacity, to);
    new Int32Array(buffer, records.due, stretch.length).set(stretch);
    const operations = to - done;
    // A worker that stops in the middle leaves no whole state: where one is wanted, interruptions wait for the stretch to end.
    const seconds = await run(
      [...opening, [`evolveLattice${suffix}`, done, to, records.due, stretch.length]],
      saving ? {} : control,
    );
    opening = [];
    if (operations > 0) pace = seconds / operations;
    done = to;
    for (const [record, after] of stretch.entries()) observations.push(records.read(buffer, record, after));
    observed += stretch.length;
    if (dueSnapshots[shot] === done) {
      const observed = observations[observations.length - 1];
      const standing = { field: field[done % 2]!, momentum, observed, afterOperation: done };
      pictures.push(await shots.take(elements, standing, (calls) => run(calls, saving ? {} : control)));
      shot++;
    }
    if (endLost({ observations, snapshots: pictures }, job)) break;
    // What came to its end needs neither a checkpoint nor an interruption.
    if (!saving || done === steps.operations) continue;
    const interrupted = control.signal?.aborted;
    if (interrupted || (performance.now() - saved) / 1000 >= saving.seconds) {
      await save();
      saved = performance.now();
    }
    if (interrupted) throw new InterruptedError("interrupted");
  }
  return { engineSeconds, observations, snapshots: pictures, final: stateNow() };
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
