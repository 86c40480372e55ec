/** An ensemble's outputs over its networks: mean, standard deviation and loss at each record, covariances at the first and last. */
import { cooperate } from "../cooperate.ts";
import type { EnsembleBatch } from "../engine/ensembleJob.ts";
import type { Eigen } from "../linalg/eigen.ts";
import type { Data } from "./data.ts";
import { inModes, modeVariances } from "./observables.ts";
import { byDatum, byOutput, OutputCovariances, type PerDatum, perDatum, perRecord } from "./outputs.ts";
import { Moments } from "./statistics.ts";

/** Collects them network by network. */
export class OutputStatistics {
  private readonly outputs: number;
  /** Numbers of one record, [D][C]. */
  private readonly size: number;
  private readonly records: number;
  /** Numbers at the test inputs, [P][C]. */
  private readonly testSize: number;
  private readonly moments: Moments;
  private readonly initial: OutputCovariances;
  private readonly final: OutputCovariances;
  private readonly tested: Moments;
  /** [T], summed over networks. */
  private readonly losses: Float64Array;

  /** Of networks with so many records. */
  constructor({ points, outputs, targets, test, dimension }: Data, records: number) {
    this.outputs = outputs;
    this.size = targets.length;
    this.records = records;
    this.testSize = ((test?.length ?? 0) / dimension) * outputs;
    this.moments = new Moments(records * this.size, { covariance: false });
    this.initial = new OutputCovariances(points, outputs);
    this.final = new OutputCovariances(points, outputs);
    this.tested = new Moments(this.testSize, { covariance: false });
    this.losses = new Float64Array(records);
  }

  /** Adds network m of a batch, with V at its recorded outputs, [T][D][C] and maybe more. */
  add(batch: EnsembleBatch, m: number, values: Float64Array): void {
    const { size, records: T, testSize, losses } = this;
    this.moments.add(batch.outputs, m * T * size);
    this.initial.add(batch.outputs, m * T * size);
    this.final.add(batch.outputs, ((m + 1) * T - 1) * size);
    for (let t = 0; t < T; t++) {
      let sum = 0;
      for (let i = t * size; i < (t + 1) * size; i++) sum += values[i]!;
      losses[t]! += sum;
    }
    this.tested.add(batch.test, m * testSize);
  }

  /** At the first so many records; the loss is of all data and outputs. */
  series(records: number): { mean: PerDatum[][]; std: PerDatum[][]; loss: number[] } {
    const { moments, losses, size, outputs } = this;
    const kept = (values: Float64Array) => perRecord(values.subarray(0, records * size), size, outputs);
    return {
      mean: kept(moments.mean),
      std: kept(moments.std()),
      loss: Array.from(losses.subarray(0, records), (sum) => sum / moments.count),
    };
  }

  covarianceInitial(): PerDatum[][] {
    return this.initial.covariance();
  }

  covarianceFinal(): PerDatum[][] {
    return this.final.covariance();
  }

  /** At the test inputs after the last step. */
  test(): { mean: PerDatum[]; std: PerDatum[] } {
    const { tested, outputs } = this;
    return { mean: perDatum(tested.mean, outputs), std: perDatum(tested.std(), outputs) };
  }

  /** Along a kernel's eigenvectors: mean u_i . f at each record, and variances about it at the first and last. Throws InterruptedError. */
  async alongModes(
    spectrum: Eigen,
    signal: AbortSignal | undefined,
  ): Promise<{ mean: PerDatum[][]; varianceInitial: PerDatum[]; varianceFinal: PerDatum[] }> {
    const { moments, size, records, outputs } = this;
    const meanAt = (t: number): PerDatum[] => {
      const each = byOutput(moments.mean.subarray(t * size, (t + 1) * size), outputs);
      return byDatum(each.map((mean) => inModes(mean, spectrum)));
    };
    const variances = async ({ each }: OutputCovariances): Promise<PerDatum[]> => {
      const all: Float64Array[] = [];
      for (const own of each) all.push(await cooperate(modeVariances(own.covariance(), spectrum), signal));
      return byDatum(all);
    };
    return {
      mean: Array.from({ length: records }, (_, t) => meanAt(t)),
      varianceInitial: await variances(this.initial),
      varianceFinal: await variances(this.final),
    };
  }
}
