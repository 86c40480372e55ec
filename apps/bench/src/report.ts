/** The report's form (contract: `slowroll-bench --json`), and how a timing is judged against the ceilings of its run. */
import type { EngineInfo, Precision } from "@slowroll/core/engine/engine";
import type { PeerResult } from "./peers.ts";

/** What the machine can do at best, measured in the same run as what is compared with it. */
export interface Ceilings {
  readonly copyBytesPerSecond: number;
  /** Of float32. */
  readonly flopsPerSecond: number;
  /** Of float64, where the engine has it. */
  readonly float64FlopsPerSecond?: number;
  readonly dispatchSeconds: number;
}

export interface KernelResult {
  readonly name: string;
  readonly size: string;
  readonly precision: Precision;
  /** Median. */
  readonly rate: number;
  readonly unit: string;
  /** The ceiling that binds first. */
  readonly ceiling: "copy" | "multiply-add";
  /** Of that ceiling; above 1 where several steps pass over data that the caches hold. */
  readonly fraction: number;
  /** Of the multiply-add ceiling taken just before and just after each timing, the median; where it was taken. */
  readonly beside?: number;
  /** The rate of each timing. */
  readonly samples: number[];
}

export interface Curve {
  readonly name: string;
  readonly sizes: number[];
  readonly seconds: number[];
  /** Of the power law from the smallest to the largest size. */
  readonly exponent: number;
}

export interface Report {
  readonly version: string;
  readonly engine: Omit<EngineInfo, "reason">;
  readonly ceilings: Ceilings;
  readonly kernels: KernelResult[];
  readonly peers: PeerResult[];
  readonly curves: Curve[];
  /** Where not all was measured: `interrupted before ...`. */
  readonly incomplete?: string;
}

/** The best of each that was measured: what else the machine did meanwhile can only have slowed them. */
export function bestCeilings(measured: readonly Ceilings[]): Ceilings {
  const best = (key: "copyBytesPerSecond" | "flopsPerSecond"): number =>
    Math.max(...measured.map((ceilings) => ceilings[key]));
  const doubles = measured.flatMap(({ float64FlopsPerSecond }) => float64FlopsPerSecond ?? []);
  return {
    copyBytesPerSecond: best("copyBytesPerSecond"),
    flopsPerSecond: best("flopsPerSecond"),
    ...(doubles.length > 0 && { float64FlopsPerSecond: Math.max(...doubles) }),
    dispatchSeconds: Math.min(...measured.map(({ dispatchSeconds }) => dispatchSeconds)),
  };
}

/** What one timing did. */
interface Work {
  readonly flops: number;
  readonly bytes: number;
  /** Units of work, by default those of the ceiling that binds. */
  readonly count?: number;
  readonly unit?: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Timings of one kernel or job, to be judged once all ceilings of the run are known. */
export interface Measurement extends Pick<KernelResult, "name" | "size" | "precision"> {
  /** Seconds. */
  readonly timings: readonly number[];
  /** Operations a second of the multiply-add ceiling around each timing. */
  readonly ceilingsBeside?: readonly number[];
  readonly work: Work;
}

/** Rate, ceiling and fraction. */
export function judge(
  { name, size, precision, timings, ceilingsBeside, work }: Measurement,
  ceilings: Ceilings,
): KernelResult {
  const flopsPerSecond = precision === "float64" ? ceilings.float64FlopsPerSecond! : ceilings.flopsPerSecond;
  const byMemory = work.bytes / ceilings.copyBytesPerSecond;
  const byArithmetic = work.flops / flopsPerSecond;
  const ceiling = byMemory >= byArithmetic ? "copy" : "multiply-add";
  const count = work.count ?? (ceiling === "copy" ? work.bytes : work.flops);
  const seconds = median(timings);
  return {
    name,
    size,
    precision,
    rate: count / seconds,
    unit: work.unit ?? (ceiling === "copy" ? "B/s" : "flop/s"),
    ceiling,
    fraction: Math.max(byMemory, byArithmetic) / seconds,
    ...(ceilingsBeside && { beside: median(ceilingsBeside.map((flops, t) => work.flops / timings[t]! / flops)) }),
    samples: timings.map((timing) => count / timing),
  };
}
