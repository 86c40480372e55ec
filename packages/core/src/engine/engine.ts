/**
 * What an engine is: something that does two jobs, train an ensemble of networks and evolve a lattice of fields. Physics hands over
 * arrays, steps and schedules and gets arrays back; it sees no GPU buffer and no worker, and an engine knows no Hubble rate.
 * All arrays at this border are float64 on the host, whatever precision the engine keeps its state in.
 */
import type { Activation } from "../network/activations.ts";
import type { Potential } from "../potential/potential.ts";

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

/** How a caller follows and ends a running job. */
export interface JobControl {
  /** Aborting ends the job with an InterruptedError at the next submit. */
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second with the work done and in all, in the job's own unit (network steps, site updates). */
  readonly onProgress?: ((done: number, total: number, unit: string) => void) | undefined;
}

/** Multilayer perceptron with scalar output in NTK parametrisation (physics.md section 1). */
export interface Architecture {
  /** d, the number of input coordinates. */
  readonly inputDimension: number;
  /** Number of hidden layers, >= 1. */
  readonly depth: number;
  /** n, units in each hidden layer. */
  readonly width: number;
  readonly activation: Activation;
  readonly weightStd: number;
  readonly biasStd: number;
}

/** Train `networks.count` networks on the same data by full-batch heavy ball on the loss sum_a V(f(x_a) - y_a). */
export interface EnsembleJob {
  readonly architecture: Architecture;
  /** D x d inputs, row after row. */
  readonly inputs: Float64Array;
  /** D targets. */
  readonly targets: Float64Array;
  readonly potential: Potential;
  /** eta, per step. */
  readonly learningRate: number;
  /** beta in [0, 1). */
  readonly momentum: number;
  readonly steps: number;
  /** Philox key; networks `first` .. `first + count - 1` of the seed's ensemble are trained, whatever the batching. */
  readonly seed: number;
  readonly networks: { readonly first: number; readonly count: number };
  /** Ascending steps in 0 .. steps at which the outputs are recorded. */
  readonly recordOutputs: readonly number[];
  /** Ascending steps in 0 .. steps at which each network's empirical kernel is recorded. */
  readonly recordKernels: readonly number[];
}

/** The records of a run of consecutive networks; batches arrive in ascending order of `first` and cover the job. */
export interface EnsembleBatch {
  readonly first: number;
  readonly count: number;
  /** f at the data, [count][recordOutputs.length][D]. */
  readonly outputs: Float64Array;
  /** Theta, [count][recordKernels.length][D][D]. */
  readonly kernels: Float64Array;
}

export interface JobReport {
  /** Stepping and its recordings only: no start-up, compiling or initial draw. */
  readonly engineSeconds: number;
}

/** What a lattice job can reduce at an observation. Every mean is over the sites of one realisation. */
export type Reduction =
  /** <phi_f> and <(phi_f - <phi_f>)^2>, [realisations][fields] each. */
  | { readonly kind: "field" }
  /** <pi_f> and <pi_f^2>. */
  | { readonly kind: "momentum" }
  /** -<phi_f Laplacian phi_f> with the job's stencil. */
  | { readonly kind: "gradient" }
  /** <V>, [realisations]. */
  | { readonly kind: "potential" }
  /** 2 <phi_f cos(k.x)>, k = 2 pi mode/length: the cosine amplitude of one plane wave. */
  | { readonly kind: "cosine"; readonly mode: readonly number[] };

/** One observation's reductions; a quantity that was not asked for is absent. */
export interface Observation {
  /** After how many operations of the schedule it was made. */
  readonly afterOperation: number;
  /** [realisations][fields] each, but `potential`: [realisations], and `cosine`: one array a mode asked for, in order. */
  readonly fieldMean?: Float64Array;
  readonly fieldVariance?: Float64Array;
  readonly momentumMean?: Float64Array;
  readonly momentumSquare?: Float64Array;
  readonly gradient?: Float64Array;
  readonly potential?: Float64Array;
  readonly cosine?: readonly Float64Array[];
}

/** A cubic periodic grid: points^dimensions sites, `spacing` apart. */
export interface Grid {
  readonly dimensions: 1 | 2 | 3;
  /** Points along each side. */
  readonly points: number;
  readonly spacing: number;
  /** Order of the Laplacian's central stencil. */
  readonly stencil: 2;
}

/** [realisations][fields][sites] each, last grid index fastest. */
export interface LatticeState {
  readonly field: Float64Array;
  readonly momentum: Float64Array;
}

/**
 * Evolve R realisations of F fields by a splitting that physics has reduced to numbers. Operation o first kicks, then drifts:
 *   pi_f  += schedule[o][0] Laplacian phi_f - schedule[o][1] dV/dphi_f
 *   phi_f += schedule[o][2] pi_f
 * Any composition of kicks and drifts with prescribed coefficients is such a list, whatever its order and background.
 */
export interface LatticeJob {
  readonly grid: Grid;
  readonly realisations: number;
  readonly fields: number;
  /** Of as many fields as the job has. */
  readonly potential: Potential;
  /** The initial state; asked for once the engine knows that it fits. */
  initial(): Promise<LatticeState>;
  readonly schedule: {
    readonly kind: "prescribed";
    /** [operations][3], float64. */
    readonly coefficients: Float64Array;
  };
  /** Ascending numbers of operations (0: the initial state) after which the reductions are made. */
  readonly observeAfter: readonly number[];
  readonly reductions: readonly Reduction[];
}

export interface LatticeReport extends JobReport {
  readonly observations: readonly Observation[];
  readonly final: LatticeState;
}

export interface Engine {
  readonly info: EngineInfo;
  /** Throws InputError where the job cannot fit, InterruptedError, DeviceLostError, OutOfDeviceMemoryError, WorkerLostError. */
  trainEnsemble(job: EnsembleJob, onBatch: (batch: EnsembleBatch) => void, control?: JobControl): Promise<JobReport>;
  /** Throws as `trainEnsemble`. */
  evolveLattice(job: LatticeJob, control?: JobControl): Promise<LatticeReport>;
  /** Releases the device or the workers; the process can then end by itself. */
  close(): Promise<void>;
}
