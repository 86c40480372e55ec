/** What is measured: an engine with its ceilings and its kernels on their own. */
import type { Engine, EngineInfo, Precision } from "@slowroll/core/engine/engine";
import type { Scale } from "./job.ts";
import type { PeerResult } from "./peers.ts";
import type { Ceilings, KernelResult, Measurement } from "./report.ts";

export interface MeasureOptions {
  /** Only what has this in its name. */
  readonly filter: string;
  readonly samples: number;
  /** Interpreter of the peers in Python; `python3` of the PATH where not given. */
  readonly python?: string | undefined;
  onStart(name: string): void;
  /** What the rules of the benchmark or the engine leave out, and why. */
  onLeaveOut(name: string, reason: string): void;
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
  /** Throws where a kernel's result is wrong. */
  measureKernels(options: MeasureOptions): Promise<Measurement[]>;
  measurePeers(kernels: readonly KernelResult[], options: MeasureOptions): Promise<PeerResult[]>;
  close(): Promise<void>;
}
