/** The whole report: ceilings, kernels, jobs, peers and curves, in one run on one engine. */
import type { Engine, Precision } from "@slowroll/core/engine/engine";
import { EngineUnavailableError, InputError } from "@slowroll/core/errors";
import { jobBenchmarks } from "./jobs.ts";
import { bestCeilings, type Ceilings, type Curve, judge, median, type Report } from "./report.ts";
import type { MeasureOptions, Target } from "./target.ts";

/** Largest relative error of a job against plain float64 loops that counts as rounding. */
const JOB_TOLERANCE = { float32: 1e-4, compensated: 1e-10, float64: 1e-11 };
/** A job takes a second or so: more timings would only repeat themselves. */
const JOB_SAMPLES = 3;

/**
 * Measures all kernels, jobs and, where `peers`, peers whose name has the filter in it.
 * @throws Error where a result is wrong; InputError where the filter is in no name; what the engine throws.
 */
export async function measureAll(
  target: Target,
  options: MeasureOptions & { readonly peers: boolean; readonly version: string },
): Promise<Report> {
  const { filter, samples, onStart, version } = options;
  // Before, between and after: clocks and neighbours change within a run.
  const measured: Ceilings[] = [];
  const measureCeilings = async (): Promise<void> => {
    onStart("ceilings");
    measured.push(await target.measureCeilings(samples));
  };
  await measureCeilings();
  const measurements = await target.measureKernels(options);
  await measureCeilings();
  const curves: Curve[] = [];
  let leftOut = false;
  for (const precision of target.precisions) {
    const engine = await engineOf(target, precision, options);
    if (!engine) continue;
    const jobs = await jobBenchmarks(engine, target.scale, precision === "float32" ? target.layeredEngine : undefined);
    for (const { name, size, reason } of jobs.leftOut) {
      if (!name.includes(filter)) continue;
      leftOut = true;
      options.onLeaveOut(`${name}, ${size}, ${precision}`, reason);
    }
    const perStep = new Map<string, { sizes: number[]; seconds: number[] }>();
    for (const job of jobs.timed) {
      if (!job.name.includes(filter)) continue;
      const { name, size } = job;
      onStart(`${name}, ${size}, ${precision}`);
      const wrong = await job.check();
      if (!(wrong < JOB_TOLERANCE[precision]))
        throw new Error(`${name} differs from plain loops by ${wrong.toExponential(1)}: its speed means nothing`);
      // The first run compiles.
      await job.run();
      const timings: number[] = [];
      for (let s = 0; s < Math.min(samples, JOB_SAMPLES); s++) timings.push(await job.run());
      measurements.push({ name, size, precision, timings, work: { ...job, count: job.work } });
      const width = /^width (\d+)/.exec(size);
      if (width && job.unit === "network steps/s") {
        const points = perStep.get(name) ?? { sizes: [], seconds: [] };
        perStep.set(name, points);
        points.sizes.push(Number(width[1]));
        points.seconds.push(median(timings) / job.work);
      }
    }
    for (const [name, { sizes, seconds }] of perStep) {
      if (sizes.length > 1)
        curves.push(curve(`seconds per network step against width, ${name}, ${precision}`, sizes, seconds));
    }
  }
  await measureCeilings();
  const ceilings = bestCeilings(measured);
  const kernels = measurements.map((measurement) => judge(measurement, ceilings));
  const peers = options.peers ? await target.measurePeers(kernels, options) : [];
  if (kernels.length === 0 && peers.length === 0 && !leftOut) {
    const what = options.peers ? "no kernel and no peer has" : "no kernel has";
    throw new InputError(
      `${what} ${JSON.stringify(filter)} in its name; without it all are measured, with their names`,
      {
        path: "--filter",
      },
    );
  }
  return { version, engine: target.info, ceilings, kernels, peers, curves };
}

/** The target's engine, or undefined, said so, where its adapter has no such precision. */
async function engineOf(
  target: Target,
  precision: Precision,
  { onLeaveOut }: MeasureOptions,
): Promise<Engine | undefined> {
  try {
    return await target.engine(precision);
  } catch (error) {
    if (!(error instanceof EngineUnavailableError)) throw error;
    onLeaveOut(`jobs in ${precision}`, error.message);
    return undefined;
  }
}

function curve(name: string, sizes: number[], seconds: number[]): Curve {
  const last = sizes.length - 1;
  const exponent = Math.log(seconds[last]! / seconds[0]!) / Math.log(sizes[last]! / sizes[0]!);
  return { name, sizes, seconds, exponent };
}
