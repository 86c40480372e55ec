/**
 * What an engine is: something that does two jobs, train an ensemble of networks and evolve a lattice of fields. Physics hands over
 * arrays, steps and schedules and gets arrays back; it sees no GPU buffer and no worker, and an engine knows no Hubble rate.
 * All arrays at this border are float64 on the host, whatever precision the engine keeps its state in.
 */
import type { EnsembleJob, OnEnsembleBatch } from "./ensembleJob.ts";
import type { LatticeJob, LatticeState, Observation, Snapshot } from "./latticeJob.ts";

export type EngineKind = "webgpu" | "cpu";
export type Precision = "float32" | "compensated" | "float64";

/** The identity of an engine, as it stands in every result. */
export interface EngineInfo {
  readonly kind: EngineKind;
  /** The adapter's or processor's name. */
  readonly name: string;
  /** `vulkan`, `metal`, `d3d12`, `wasm`, ... */
  readonly backend: string;
  readonly type: "hardware" | "software";
  readonly precision: Precision;
  /** Host threads that compute; 0 where the device does. */
  readonly threads: number;
  /** Whether products and sums were fused, where the host computes: it changes the last bit. */
  readonly fusedMultiplyAdd?: boolean;
  /** Why this engine was chosen, as one phrase. */
  readonly reason: string;
}

/**
 * What a job is going to take: all of its engine's memory that grows with the job, and the host's copies of its records; of a study's job what
 * the study makes of them too.
 */
export interface JobMemory {
  readonly bytes: number;
  /** The same by what it is for. */
  readonly parts: Readonly<Record<"weights" | "units" | "records" | "data" | "copies", number> & { results?: number }>;
  /** Networks that are in it at once. */
  readonly batch: number;
}

/** What a lattice job is going to take at once. */
export interface LatticeMemory {
  readonly bytes: number;
  /**
   * The state of all realisations on the host; of those that are evolved at once the engine's arrays, and what snapshots and records take;
   * what making the initial state takes beside it, where the job says so; where a device has them, what is copied to read them; and, of a
   * study's job, what the study makes of its records.
   */
  readonly parts: Readonly<
    Record<"state" | "lattice" | "snapshots" | "records", number> & {
      drawing?: number;
      copies?: number;
      results?: number;
    }
  >;
  /** Realisations that are evolved at once. */
  readonly batch: number;
  /** What of it is on a device, where the engine has one: all its buffers but the kernels' parameters. The rest is the host's. */
  readonly device?: {
    readonly bytes: number;
    readonly parts: Readonly<Record<"lattice" | "snapshots" | "records", number>>;
  };
}

/** How a caller follows and ends a running job. */
export interface JobControl {
  /**
   * Called once with what an ensemble's job is going to take, before anything is written to it, and with all workers, modules and compiled
   * kernels there, so that they count to the process that the job's memory comes beside. A device's buffers are made by then.
   */
  readonly onMemory?: ((memory: JobMemory) => void) | undefined;
  /** Likewise of a lattice's; nothing is taken until what it returns resolves. */
  readonly onLatticeMemory?: ((memory: LatticeMemory) => void | Promise<void>) | undefined;
  /** Aborting ends the job with an InterruptedError at the next submit. */
  readonly signal?: AbortSignal | undefined;
  /** Told what the host is about to compute that can take long: `eigenvalues of 4096 data`. */
  readonly onStage?: ((what: string) => void) | undefined;
  /** Called a few times a second with the work done and in all, in the job's own unit (network steps, site updates). */
  readonly onProgress?: ((done: number, total: number, unit: string) => void) | undefined;
}

export interface JobReport {
  /** Stepping and its recordings only: no start-up, compiling or initial draw. */
  readonly engineSeconds: number;
}

/** Of a lattice that has diverged the state soon after, and the records that were left as the last before: numbers do not come back. */
export interface LatticeReport extends JobReport {
  readonly observations: readonly Observation[];
  readonly snapshots: readonly Snapshot[];
  readonly final: LatticeState;
}

/**
 * Jobs may be asked for while others run: the CPU engine, whose workers all have one memory, makes them wait for each other. So a job must not
 * wait in its own callbacks for another of the same engine.
 */
export interface Engine {
  readonly info: EngineInfo;
  /** Throws InputError where the job cannot fit, as `trainEnsemble` does: for what comes before it and takes long. */
  assertRoom(job: EnsembleJob): Promise<void>;
  /** Throws InputError where the job cannot fit, InterruptedError, DeviceLostError, OutOfDeviceMemoryError, WorkerLostError. */
  trainEnsemble(job: EnsembleJob, onBatch: OnEnsembleBatch, control?: JobControl): Promise<JobReport>;
  /** Throws as `trainEnsemble`. */
  evolveLattice(job: LatticeJob, control?: JobControl): Promise<LatticeReport>;
  /** Releases the device or the workers; the process can then end by itself. Jobs that run or are asked for later are rejected. */
  close(): Promise<void>;
}
