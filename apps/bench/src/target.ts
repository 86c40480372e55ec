/** What is measured: an engine with its ceilings and its kernels on their own. */
import type { Engine, EngineInfo } from "@slowroll/core/engine/engine";
import type { PeerResult } from "./peers.ts";
import type { Ceilings, KernelResult } from "./report.ts";

export interface MeasureOptions {
  /** Only what has this in its name. */
  readonly filter: string;
  readonly samples: number;
  /** Interpreter of the peers in Python; `python3` of the PATH where not given. */
  readonly python?: string | undefined;
  onStart(name: string): void;
}

export interface Target {
  readonly info: Omit<EngineInfo, "reason">;
  /** Of the jobs. */
  readonly precisions: readonly ("float32" | "float64")[];
  /** How large the jobs are: a software adapter would take minutes for what a GPU does in seconds. */
  readonly scale: "gpu" | "cpu" | "software";
  /** One engine a precision, owned by the target. */
  engine(precision: "float32" | "float64"): Engine;
  measureCeilings(samples: number): Promise<Ceilings>;
  /** Throws where a kernel's result is wrong. */
  measureKernels(ceilings: Ceilings, options: MeasureOptions): Promise<KernelResult[]>;
  measurePeers(kernels: readonly KernelResult[], options: MeasureOptions): Promise<PeerResult[]>;
  close(): Promise<void>;
}
