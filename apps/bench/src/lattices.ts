/** A lattice's evolution as a benchmark: what a user's run does, on a prescribed and on a self-consistent background. */

import type { Engine } from "@slowroll/core/engine/engine";
import type { CoupledSchedule, LatticeJob } from "@slowroll/core/engine/latticeJob";
import { coupling } from "@slowroll/core/field/friedmann";
import { compilePotential } from "@slowroll/core/potential/compile";
import { type JobBenchmark, largest } from "./job.ts";
import { stencil } from "./plain.ts";

/** Bytes of a site that an operation reads and writes: phi and pi, each once. Compensated numbers are two of float32. */
const STATE_BYTES = { float32: 16, compensated: 32, float64: 32 };

/** What an operation's Laplacian, force and drift are multiplied by. */
const STEP = { laplacian: 0.01, force: 0.01, drift: 0.01 };
/** Sides and operations of the lattice that plain loops evolve too. */
const CHECKED = { points: 8, operations: 20 };

const initialWaves = (points: number) => ({
  field: Float64Array.from({ length: points ** 3 }, (_, i) => Math.sin(i)),
  momentum: new Float64Array(points ** 3),
});

async function prescribedJob(points: number, operations: number): Promise<LatticeJob> {
  const each = [STEP.laplacian, STEP.force, STEP.drift];
  return {
    grid: { dimensions: 3, points, spacing: 1, stencil: 2 },
    realisations: 1,
    fields: 1,
    potential: await compilePotential("quartic"),
    initial: async () => initialWaves(points),
    schedule: {
      kind: "prescribed",
      coefficients: Float64Array.from({ length: 3 * operations }, (_, i) => each[i % 3]!),
    },
    observeAfter: [operations],
    reductions: [{ kind: "field" }],
  };
}

/** Prescribed coefficients, nothing observed before the end. */
export async function lattice(engine: Engine, points: number, operations: number): Promise<JobBenchmark> {
  const sites = points ** 3;
  const job = await prescribedJob(points, operations);
  return {
    name: "lattice, phi^4, Verlet",
    size: `${points}^3`,
    work: sites * operations,
    unit: "site updates/s",
    flops: sites * operations * 20,
    bytes: STATE_BYTES[engine.info.precision] * sites * operations,
    run: async () => (await engine.evolveLattice(job)).engineSeconds,
    async check() {
      const small = await prescribedJob(CHECKED.points, CHECKED.operations);
      const { observations, final } = await engine.evolveLattice(small);
      let { field, momentum } = initialWaves(CHECKED.points);
      for (let o = 0; o < CHECKED.operations; o++) field = stencil(field, momentum, CHECKED.points, STEP);
      const mean = field.reduce((sum, value) => sum + value, 0) / field.length;
      const differences = field.map((value, i) => value - final.field[i]!);
      return largest([...differences, observations[0]!.fieldMean![0]! - mean]) / largest(field);
    },
  };
}

/** Self-consistent expansion, as preheating runs it: energies every ten steps. */
export async function expandingLattice(engine: Engine, points: number, operations: number): Promise<JobBenchmark> {
  const sites = points ** 3;
  const every = 10;
  const step = 0.01;
  const initial = async () => ({
    field: Float64Array.from({ length: sites }, (_, i) => 1 + 0.01 * Math.sin(i)),
    momentum: new Float64Array(sites).fill(-0.5),
  });
  const hubble = 1;
  const job: LatticeJob = {
    grid: { dimensions: 3, points, spacing: 1, stencil: 2 },
    realisations: 1,
    fields: 1,
    potential: await compilePotential("quartic"),
    initial,
    schedule: {
      kind: "coupled",
      durations: new Float64Array(operations).fill(step),
      initial: Float64Array.of(1, hubble, 0),
      ...coupling(1, 0.42746),
    },
    observeAfter: Array.from({ length: Math.floor(operations / every) + 1 }, (_, o) => o * every),
    reductions: [{ kind: "field" }, { kind: "momentum" }, { kind: "gradient" }, { kind: "potential" }],
  };
  return {
    name: "lattice, phi^4, self-consistent",
    size: `${points}^3, energies every ${every}`,
    work: sites * operations,
    unit: "site updates/s",
    flops: sites * operations * 30,
    bytes: STATE_BYTES[engine.info.precision] * sites * operations,
    run: async () => (await engine.evolveLattice(job)).engineSeconds,
    async check() {
      // All sites alike, whose fields are those of one.
      const uniform = { field: new Float64Array(64).fill(1), momentum: new Float64Array(64).fill(-0.5) };
      const small = {
        ...job,
        grid: { ...job.grid, points: 4 },
        initial: async () => uniform,
        schedule: { ...job.schedule, durations: new Float64Array(100).fill(step) } as CoupledSchedule,
        observeAfter: [100],
      };
      const { final, observations } = await engine.evolveLattice(small);
      const [a, phi] = plainExpansion(small.schedule, 1, -0.5);
      return Math.max(Math.abs(observations[0]!.global![0]! / a - 1), Math.abs(final.field[5]! / phi - 1));
    },
  };
}

/** a and phi at the end of a coupled schedule of V = phi^4/4 for one site, in plain loops. */
function plainExpansion(schedule: CoupledSchedule, start: number, momentum: number): [number, number] {
  const { acceleration, force, drift } = schedule;
  const at = ({ factor, power }: { factor: number; power: number }, q: number): number => factor * q ** power;
  let [q, rate] = schedule.initial as unknown as [number, number];
  let phi = start;
  let pi = momentum;
  for (const h of schedule.durations) {
    const pull = (): number =>
      at(acceleration.momentumSquare, q) * pi ** 2 + (at(acceleration.potential, q) * phi ** 4) / 4;
    rate += (h / 2) * pull();
    pi -= (h / 2) * at(force, q) * phi ** 3;
    const next = q + h * rate;
    phi += h * at(drift, (q + next) / 2) * pi;
    q = next;
    pi -= (h / 2) * at(force, q) * phi ** 3;
    rate += (h / 2) * pull();
  }
  return [q, phi];
}
