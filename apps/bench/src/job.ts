/** A whole job of an engine as a benchmark: what a user's run does. */
export interface JobBenchmark {
  readonly name: string;
  readonly size: string;
  /** Units of work in one run, as `unit` counts them. */
  readonly work: number;
  readonly unit: string;
  readonly flops: number;
  readonly bytes: number;
  /** Seconds of the engine for one run. */
  run(): Promise<number>;
  /** Largest relative difference from plain float64 loops, on a small size. */
  check(): Promise<number>;
}

/** How large the jobs are: a software adapter would take minutes for what a GPU does in seconds. */
export type Scale = "gpu" | "cpu" | "software";

export const largest = (values: Iterable<number>): number => Math.max(...Array.from(values, Math.abs));
