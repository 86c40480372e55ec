/** What is measured: an engine with its ceilings and its kernels on their own. */
import type { Engine, EngineInfo, Precision } from "@slowroll/core/engine/engine";
import type { Scale } from "./job.ts";
import type { PeerResult } from "./peers.ts";
import type { Ceilings, Measurement } from "./report.ts";

export interface MeasureOptions {
  readonly samples: number;
  /** Interpreter of the peers in Python; `python3` of the PATH where not given. */
  readonly python?: string | undefined;
}

/** What is measured at a time, under the title that it is announced with and that a filter finds. */
export interface Benchmark<Result> {
  readonly title: string;
  /** Throws where a result of ours is wrong. */
  measure(options: MeasureOptions): Promise<Result[]>;
}

export interface Target {
  readonly info: Omit<EngineInfo, "reason">;
  /** Of the jobs. */
  readonly precisions: readonly Precision[];
  readonly scale: Scale;
  /** One engine a precision, owned by the target. Throws EngineUnavailableError where there is none of that precision. */
  engine(precision: Precision): Promise<Engine>;
  /** The float32 engine with one hidden layer trained layer by layer, where it has a faster way that this is to be compared with. */
  readonly layeredEngine?: Engine;
  measureCeilings(samples: number): Promise<Ceilings>;
  readonly kernels: readonly Benchmark<Measurement>[];
  readonly peers: readonly Benchmark<PeerResult>[];
  close(): Promise<void>;
}
