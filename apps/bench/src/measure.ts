/** The whole report: ceilings, kernels, jobs, peers and curves, in one run on one engine. */
import type { Engine, Precision } from "@slowroll/core/engine/engine";
import { EngineUnavailableError, InputError } from "@slowroll/core/errors";
import type { JobBenchmark } from "./job.ts";
import { jobBenchmarks } from "./jobs.ts";
import { bestCeilings, type Ceilings, type Curve, judge, type Measurement, median, type Report } from "./report.ts";
import type { Benchmark, MeasureOptions, Target } from "./target.ts";

/** Largest relative error of a job against plain float64 loops that counts as rounding. */
const JOB_TOLERANCE = { float32: 1e-4, compensated: 1e-10, float64: 1e-11 };
/** A job takes a second or so: more timings would only repeat themselves. */
const JOB_SAMPLES = 3;

export interface ReportOptions extends MeasureOptions {
  /** Only what has this in its title. */
  readonly filter: string;
  readonly peers: boolean;
  readonly version: string;
  /** Aborting leaves out what has not been started. */
  readonly signal?: AbortSignal | undefined;
  onStart(title: string): void;
  /** What the rules of the benchmark or the engine leave out, and why. */
  onLeaveOut(title: string, reason: string): void;
}

/**
 * Measures all kernels, jobs and, where `peers`, peers whose title has the filter in it.
 * @throws Error where a result is wrong; InputError, before anything is measured, where the filter is in no title; what the engine throws.
 */
export async function measureAll(target: Target, options: ReportOptions): Promise<Report> {
  const { filter, samples, signal, onStart, version } = options;
  const wanted = <Of extends { readonly title: string }>(all: readonly Of[]): Of[] =>
    all.filter(({ title }) => title.includes(filter));
  const kernels = wanted(target.kernels);
  const { timed, leftOut } = await jobsOf(target, options);
  const jobs = wanted(timed);
  const peers = options.peers ? wanted(target.peers) : [];
  const left = wanted(leftOut);
  if (kernels.length + jobs.length + peers.length + left.length === 0) {
    const what = options.peers ? "no kernel, job or peer has" : "no kernel and no job has";
    const all = [...target.kernels, ...timed, ...(options.peers ? target.peers : []), ...leftOut];
    const beginnings = [...new Set(all.map(({ title }) => title.split(", ")[0]))];
    throw new InputError(`${what} ${JSON.stringify(filter)} in its title; titles begin with ${beginnings.join(", ")}`, {
      path: "--filter",
    });
  }
  for (const { title, reason } of left) options.onLeaveOut(title, reason);

  // Before, between and after: clocks and neighbours change within a run.
  const measured: Ceilings[] = [];
  let incomplete: string | undefined;
  const interrupted = (title: string): boolean => {
    if (signal?.aborted) incomplete ??= `interrupted before ${title}`;
    return incomplete !== undefined;
  };
  const measureCeilings = async (): Promise<void> => {
    if (measured.length > 0 && interrupted("ceilings")) return;
    onStart("ceilings");
    measured.push(await target.measureCeilings(samples));
  };
  const measureEach = async <Result>(benchmarks: readonly Benchmark<Result>[]): Promise<Result[]> => {
    const results: Result[] = [];
    for (const { title, measure } of benchmarks) {
      if (interrupted(title)) break;
      onStart(title);
      results.push(...(await measure(options)));
    }
    return results;
  };
  await measureCeilings();
  const measurements = await measureEach(kernels);
  await measureCeilings();
  const timings = await measureEach(jobs);
  await measureCeilings();
  const ceilings = bestCeilings(measured);
  return {
    version,
    engine: target.info,
    ceilings,
    kernels: [...measurements, ...timings].map((measurement) => judge(measurement, ceilings)),
    peers: await measureEach(peers),
    curves: curvesOf(timings),
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

type LeftOut = { readonly title: string; readonly reason: string };

/** The jobs of every precision; one that the adapter does not have is left out, said so. */
async function jobsOf(
  target: Target,
  { onLeaveOut }: ReportOptions,
): Promise<{ timed: Benchmark<Measurement>[]; leftOut: LeftOut[] }> {
  const timed: Benchmark<Measurement>[] = [];
  const leftOut: LeftOut[] = [];
  for (const precision of target.precisions) {
    let engine: Engine;
    try {
      engine = await target.engine(precision);
    } catch (error) {
      if (!(error instanceof EngineUnavailableError)) throw error;
      onLeaveOut(`jobs in ${precision}`, error.message);
      continue;
    }
    const titleOf = ({ name, size }: { name: string; size: string }): string => `${name}, ${size}, ${precision}`;
    const jobs = await jobBenchmarks(engine, target.scale, precision === "float32" ? target.layeredEngine : undefined);
    leftOut.push(...jobs.leftOut.map((job) => ({ title: titleOf(job), reason: job.reason })));
    timed.push(
      ...jobs.timed.map((job) => ({
        title: titleOf(job),
        measure: async ({ samples }: MeasureOptions) => [await timeJob(job, precision, samples)],
      })),
    );
  }
  return { timed, leftOut };
}

/** Throws where the job's result is wrong. */
async function timeJob(job: JobBenchmark, precision: Precision, samples: number): Promise<Measurement> {
  const { name, size } = job;
  const wrong = await job.check();
  if (!(wrong < JOB_TOLERANCE[precision]))
    throw new Error(`${name} differs from plain loops by ${wrong.toExponential(1)}: its speed means nothing`);
  // The first run compiles.
  await job.run();
  const timings: number[] = [];
  for (let s = 0; s < Math.min(samples, JOB_SAMPLES); s++) timings.push(await job.run());
  return { name, size, precision, timings, work: { ...job, count: job.work } };
}

/** Of every training that was timed at several widths. */
function curvesOf(timings: readonly Measurement[]): Curve[] {
  const perStep = new Map<string, { sizes: number[]; seconds: number[] }>();
  for (const { name, size, precision, timings: seconds, work } of timings) {
    const width = /^width (\d+)/.exec(size);
    if (!width || work.unit !== "network steps/s") continue;
    const title = `seconds per network step against width, ${name}, ${precision}`;
    const points = perStep.get(title) ?? { sizes: [], seconds: [] };
    perStep.set(title, points);
    points.sizes.push(Number(width[1]));
    points.seconds.push(median(seconds) / work.count!);
  }
  return [...perStep]
    .filter(([, { sizes }]) => sizes.length > 1)
    .map(([name, { sizes, seconds }]) => curve(name, sizes, seconds));
}

function curve(name: string, sizes: number[], seconds: number[]): Curve {
  const last = sizes.length - 1;
  const exponent = Math.log(seconds[last]! / seconds[0]!) / Math.log(sizes[last]! / sizes[0]!);
  return { name, sizes, seconds, exponent };
}
