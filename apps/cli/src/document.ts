/** The result document: what result.json holds and --json prints, as in the contract. */
import type { Config, ConfigCommand } from "@slowroll/core/config/schema";
import type { KernelResult } from "@slowroll/core/duality/kernel";
import type { DualityResult } from "@slowroll/core/duality/run";
import type { EngineInfo, JobMemory, LatticeMemory } from "@slowroll/core/engine/engine";
import type { FieldResult } from "@slowroll/core/field/result";
import type { SweepResult } from "@slowroll/core/field/sweep";
import type { PerDatum } from "@slowroll/core/network/outputs";
import type { NetworkResult } from "@slowroll/core/network/run";

interface Frame<C extends ConfigCommand> {
  readonly command: C;
  readonly version: string;
  readonly config: Config<C>;
  readonly engine: EngineInfo;
  readonly timings: { readonly totalSeconds: number; readonly engineSeconds: number };
  /** What `network`, or a lattice on the CPU engine, took, as planned before it ran. */
  readonly memory?: JobMemory | LatticeMemory;
  /** Why the run ended before its end; what the result lacks was not computed. */
  readonly incomplete?: string;
}

// Partial: a run that was cut short lacks some of the result's keys.
export type KernelDocument = Frame<"kernel"> & Partial<KernelResult>;
export type NetworkDocument = Frame<"network"> & Partial<NetworkResult<PerDatum>>;
export type FieldDocument = Frame<"field"> & Partial<FieldResult> & Partial<SweepResult>;
export type DualityDocument = Frame<"duality"> & Partial<DualityResult<PerDatum>>;
export type ResultDocument = KernelDocument | NetworkDocument | FieldDocument | DualityDocument;
