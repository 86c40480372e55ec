/**
 * The empirical kernels of an ensemble, step by step: their mean, and how far each network's own lies from theory's, from where it
 * started, and along the targets. Summed network after network in float64, so that no batching shows.
 * Of several outputs the mean is that of their own kernels, [D][D], and the distances are of the whole kernel [D C][D C] from theory's
 * Theta (x) 1_C, in which no output pushes another.
 */
import type { EnsembleBatch } from "../engine/ensembleJob.ts";
import { eigenAside } from "../linalg/eigen.ts";
import { nested } from "../lists.ts";
import { targetAlignment } from "./observables.ts";
import { meanKernel } from "./outputs.ts";
import type { NetworkSetup } from "./setup.ts";
import { squaredNorm } from "./statistics.ts";

/** Parts of the kernel that the weights and biases into each layer have, the output's last, [depth + 1][D][D] each. */
export interface KernelLayers {
  /** Means over the ensemble at the first and last step. */
  readonly initial: number[][][];
  readonly final: number[][][];
  /** Of infinite width, before training. */
  readonly theory: number[][][];
}

/** [K] are the steps whose kernels were recorded. */
export interface KernelSeries {
  readonly times: number[];
  /** sqrt(mean over networks of ||Theta(t) - Theta(0)||_F^2)/||Theta_inf||_F. */
  readonly drift: number[];
  /**
   * Mean over networks of <Theta, y y^T>_F/(||Theta||_F |y|^2): how much of the kernel points along the targets (Cristianini et al.,
   * NeurIPS 2001). Null where all targets are zero.
   */
  readonly alignment: (number | null)[];
  /** Of the ensemble's mean kernel, [K][D], descending; where steps between the first and the last were asked for. */
  readonly eigenvalues?: number[][];
}

function addTo(sums: Float64Array, offset: number, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) sums[offset + i]! += values[i]!;
}

export class EmpiricalKernels {
  private readonly setup: NetworkSetup;
  private readonly steps: readonly number[];
  /** [K][D * D]. */
  private readonly sums: Float64Array[];
  /** Of the first and last record, [parts * D * D], where a kernel is recorded as parts. */
  private readonly partSums: Float64Array[];
  private readonly drift: Float64Array;
  private readonly alignment: Float64Array;
  private fluctuationSum = 0;
  private count = 0;

  /** Of a job that records kernels, or their parts, at `steps`. */
  constructor(setup: NetworkSetup, steps: readonly number[]) {
    const D = setup.data.points;
    const parts = setup.kernels.layers?.length ?? 1;
    this.partSums = parts > 1 ? [0, 1].map(() => new Float64Array(parts * D * D)) : [];
    this.setup = setup;
    this.steps = steps;
    this.sums = steps.map(() => new Float64Array(D * D));
    this.drift = new Float64Array(steps.length);
    this.alignment = new Float64Array(steps.length);
  }

  /** Kernel [D C][D C] of network `m` of a batch at record k. */
  own(batch: EnsembleBatch, m: number, k: number): Float64Array {
    const recorded = this.recorded(batch, m, k);
    const square = this.setup.jointNtk.length;
    if (recorded.length === square) return recorded;
    const whole = recorded.slice(0, square);
    for (let i = square; i < recorded.length; i++) whole[i % square]! += recorded[i]!;
    return whole;
  }

  /** The same, or its parts. */
  private recorded(batch: EnsembleBatch, m: number, k: number): Float64Array {
    const size = this.setup.jointNtk.length * (this.setup.kernels.layers?.length ?? 1);
    const at = (m * this.steps.length + k) * size;
    return batch.kernels.subarray(at, at + size);
  }

  /** Adds network `m` of a batch. */
  add(batch: EnsembleBatch, m: number): void {
    const { points: D, outputs, targets } = this.setup.data;
    const square = this.setup.jointNtk.length;
    const initial = this.own(batch, m, 0);
    this.count++;
    this.fluctuationSum += squaredNorm(initial, 0, square, this.setup.jointNtk);
    for (let k = 0; k < this.sums.length; k++) {
      const theta = k === 0 ? initial : this.own(batch, m, k);
      addTo(this.sums[k]!, 0, meanKernel(theta, D, outputs));
      if (k > 0) this.drift[k]! += squaredNorm(theta, 0, square, initial);
      this.alignment[k]! += targetAlignment(theta, targets);
    }
    for (const [end, sum] of this.partSums.entries()) {
      const parts = this.recorded(batch, m, end * (this.steps.length - 1));
      for (let at = 0; at < parts.length; at += square)
        addTo(sum, (at / square) * D * D, meanKernel(parts.subarray(at, at + square), D, outputs));
    }
  }

  private relative(sum: number): number {
    return Math.sqrt(sum / this.count) / Math.sqrt(squaredNorm(this.setup.jointNtk, 0, this.setup.jointNtk.length));
  }

  /** sqrt(mean over networks of ||Theta(0) - Theta_inf||_F^2)/||Theta_inf||_F. */
  fluctuation(): number {
    return this.relative(this.fluctuationSum);
  }

  /** The ensemble's mean kernel at record k, [D][D]. */
  mean(k: number): number[][] {
    return nested(
      this.sums[k]!.map((sum) => sum / this.count),
      this.setup.data.points,
    );
  }

  /** The layers' parts of the ensemble's mean kernel, where they were recorded. */
  layers(): KernelLayers | undefined {
    const theory = this.setup.kernels.layers;
    if (!theory) return undefined;
    const D = this.setup.data.points;
    const mean = (sum: Float64Array): number[][][] =>
      theory.map((_, l) =>
        nested(
          sum.subarray(l * D * D, (l + 1) * D * D).map((value) => value / this.count),
          D,
        ),
      );
    const [initial, final] = this.partSums.map(mean);
    return { initial: initial!, final: final!, theory: theory.map((part) => nested(part, D)) };
  }

  /** The series of the first `records` records. Throws as `eigenAside`. */
  async series(
    records: number,
    { eigenvalues, signal }: { readonly eigenvalues: boolean; readonly signal: AbortSignal | undefined },
  ): Promise<KernelSeries> {
    const D = this.setup.data.points;
    const spectra: number[][] = [];
    for (const sum of eigenvalues ? this.sums.slice(0, records) : []) {
      const { values } = await eigenAside(sum, D, signal);
      spectra.push(Array.from(values, (value) => value / this.count));
    }
    return {
      times: this.steps.slice(0, records),
      drift: Array.from(this.drift.subarray(0, records), (sum) => this.relative(sum)),
      alignment: Array.from(this.alignment.subarray(0, records), (sum) =>
        Number.isFinite(sum) ? sum / this.count : null,
      ),
      ...(eigenvalues ? { eigenvalues: spectra } : {}),
    };
  }
}
