/**
 * Peers of an engine's two jobs on the same work: each is checked against the engine's numbers first, then timed in turn with it, sample by
 * sample, so that both see the same machine. A peer that is not there, or gives other numbers, is reported as missing with the reason.
 */
import type { Engine } from "@slowroll/core/engine/engine";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import type { PeerResult } from "../peers.ts";
import { median } from "../report.ts";
import type { Benchmark, MeasureOptions } from "../target.ts";
import { type Contestant, latticers, trainers } from "./contestants.ts";
import { PeerMissing } from "./process.ts";
import type { PrescribedJob } from "./work.ts";
import { type LatticeSize, latticeJob, type TrainSize, trainJob, writeWork } from "./work.ts";

interface EnginePeerSizes {
  readonly trainings: readonly TrainSize[];
  readonly lattices: readonly LatticeSize[];
}

const SIZES: EnginePeerSizes = {
  trainings: [
    { width: 64, depth: 1, networks: 1024, steps: 800, few: true },
    { width: 256, depth: 1, networks: 512, steps: 600 },
    { width: 1024, depth: 1, networks: 128, steps: 600, few: true },
    { width: 4096, depth: 1, networks: 64, steps: 300, few: true },
    { width: 256, depth: 2, networks: 64, steps: 200 },
  ],
  lattices: [{ points: 128, operations: 320 }],
};

/** Largest relative differences from the engine's numbers: float32 after hundreds of steps, and float64. */
const TOLERANCE = { float32: 1e-3, float64: 1e-12 };

/** A job of the engine, whole or in part, with peers. */
interface Work<Job> {
  readonly name: string;
  readonly unit: string;
  readonly precision: "float32" | "float64";
  readonly contestants: readonly Contestant<Job>[];
  /** The job with a share of its networks or operations. */
  job(share: number): Promise<Job>;
  /** Units of work. */
  count(job: Job): number;
  /** Runs the engine's own. */
  ours(engine: Engine, job: Job): Promise<{ seconds: number; outcome: Float64Array }>;
}

const HIDDEN = ["no", "one", "two", "three"];

function training(size: TrainSize): Work<EnsembleJob> {
  return {
    name: `train, ${HIDDEN[size.depth]} hidden layer${size.depth > 1 ? "s" : ""}, width ${size.width}`,
    unit: "network steps/s",
    precision: "float32",
    contestants: trainers.filter(({ once, shallow }) => !(once && size.few) && !(shallow && size.depth > 1)),
    job: (share) => trainJob({ ...size, networks: Math.max(1, Math.round(share * size.networks)) }),
    count: ({ networks, steps }) => networks.count * steps,
    async ours(engine, job) {
      const D = job.targets.length;
      const outcome = new Float64Array(job.networks.count * D);
      const { engineSeconds } = await engine.trainEnsemble(job, ({ first, outputs }) =>
        outcome.set(outputs, first * D),
      );
      return { seconds: engineSeconds, outcome };
    },
  };
}

function lattice({ points, operations }: LatticeSize): Work<PrescribedJob> {
  return {
    name: `lattice, phi^4, Verlet, ${points}^3`,
    unit: "site updates/s",
    precision: "float64",
    contestants: latticers,
    job: (share) => latticeJob({ points, operations: Math.max(2, Math.round(share * operations)) }),
    count: ({ schedule }) => (points ** 3 * schedule.coefficients.length) / 3,
    async ours(engine, job) {
      const { engineSeconds, final } = await engine.evolveLattice(job);
      return { seconds: engineSeconds, outcome: final.field };
    },
  };
}

/** Largest difference over the largest value; infinite where the lengths differ, NaN where a number is none. */
function difference(got: Float64Array, want: Float64Array): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  let apart = 0;
  for (const [i, value] of want.entries()) {
    const distance = Math.abs(got[i]! - value);
    if (Number.isNaN(distance)) return Number.NaN;
    largest = Math.max(largest, Math.abs(value));
    apart = Math.max(apart, distance);
  }
  return apart / largest;
}

/** One peer on one work. Throws PeerMissing; what the engine throws. */
async function compete<Job extends EnsembleJob | PrescribedJob>(
  { precision, job: jobOf, count, ours }: Work<Job>,
  { share, start }: Contestant<Job>,
  engine: Engine,
  whole: Job,
  { samples, python = "python3" }: MeasureOptions,
): Promise<{ version: string; rate: number; ratio: number } | { version: string; missing: string }> {
  const job = share === 1 ? whole : await jobOf(share);
  const files = await writeWork(job);
  try {
    const peer = await start(job, files, python);
    try {
      // The first runs compile, and are what is compared.
      await peer.run();
      const wrong = difference(await peer.outcome(), (await ours(engine, job)).outcome);
      if (!(wrong < TOLERANCE[precision])) {
        return {
          version: peer.version,
          missing: `its numbers differ from the engine's by ${wrong.toExponential(1)} relative`,
        };
      }
      const rates: { ours: number; theirs: number }[] = [];
      for (let s = 0; s < samples; s++) {
        const { seconds } = await ours(engine, whole);
        rates.push({ ours: count(whole) / seconds, theirs: count(job) / (await peer.run()) });
      }
      const rate = median(rates.map(({ theirs }) => theirs));
      return { version: peer.version, rate, ratio: median(rates.map((pair) => pair.ours)) / rate };
    } finally {
      peer.close();
    }
  } finally {
    await files.remove();
  }
}

function peersOn<Job extends EnsembleJob | PrescribedJob>(
  work: Work<Job>,
  open: (precision: "float32" | "float64") => Engine,
): Benchmark<PeerResult>[] {
  let whole: Promise<Job> | undefined;
  return work.contestants.map((contestant) => ({
    title: `peers ${contestant.name}: ${work.name}, ${work.precision}`,
    async measure(options) {
      const common = { name: contestant.name, work: work.name, precision: work.precision, unit: work.unit };
      whole ??= work.job(1);
      try {
        return [{ ...common, ...(await compete(work, contestant, open(work.precision), await whole, options)) }];
      } catch (error) {
        // The system's refusals (no room for the files, no right to run a program) are the peer's too; other errors are the engine's.
        if (!(error instanceof PeerMissing || (error as NodeJS.ErrnoException).syscall)) throw error;
        return [{ ...common, version: "-", missing: (error as Error).message }];
      }
    },
  }));
}

/**
 * Rates of the peers and the engine's over them. `open` gives the caller's engine of a precision, the same one each time; it stays the
 * caller's to close. `sizes`: a second or so of the engine on two cores where not given.
 */
export function enginePeers(
  open: (precision: "float32" | "float64") => Engine,
  { trainings, lattices } = SIZES,
): Benchmark<PeerResult>[] {
  return [
    ...trainings.flatMap((size) => peersOn(training(size), open)),
    ...lattices.flatMap((size) => peersOn(lattice(size), open)),
  ];
}
