/**
 * Where an ensemble leaves the finite numbers. From step 1 on that is a divergence; at step 0, before any training, the input itself is at
 * fault: a potential outside its domain, or data and weights beyond the precision's range.
 */
import { type EnsembleBatch, type EnsembleJob, kernelPartsOf } from "../engine/ensembleJob.ts";
import { DivergenceError, InputError } from "../errors.ts";
import type { Potential } from "../potential/potential.ts";

export interface Divergence {
  readonly step: number;
  /** The field at which V or V' is not finite; NaN where an output or a kernel is not. */
  readonly phi: number;
}

const finiteAt = (potential: Potential, phi: number): boolean =>
  Number.isFinite(potential.value(phi)) && Number.isFinite(potential.gradient(0, phi));

/** V outside its domain, or a field so large that V overflows: the line says which input to mend. */
function outsideDomain(phi: number): InputError {
  // What float32 cannot hold comes from the targets; any other phi from a network's random output.
  return Number.isFinite(Math.fround(phi))
    ? new InputError(
        `V or V' is not finite at phi = ${phi.toPrecision(4)}, where training starts; choose a potential that is finite around there`,
        { path: "training.potential" },
      )
    : new InputError(
        `V or V' is not finite at phi = ${phi.toPrecision(4)}, minus a target; give targets that float32 can hold`,
        { path: "data.targets" },
      );
}

/** Throws InputError where V or V' is not finite at one of `phi`. */
export function assertFinitePotential(potential: Potential, phi: ArrayLike<number>): void {
  for (let a = 0; a < phi.length; a++) if (!finiteAt(potential, phi[a]!)) throw outsideDomain(phi[a]!);
}

/** Whether all of a stretch are finite: where their sum is they are, and only where it is not are they looked at one by one. */
function allFinite(values: Float64Array, start: number, end: number): boolean {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i]!;
  return Number.isFinite(sum) || values.subarray(start, end).every(Number.isFinite);
}

/** Finds the earliest step of a job at which an output, V or a kernel is not finite. */
export class DivergenceWatch {
  /** Of the batches seen so far. */
  first: Divergence | undefined;
  private readonly job: EnsembleJob;
  /** Of one network, [records][data and outputs]. */
  private readonly phi: Float64Array;

  constructor(job: EnsembleJob) {
    this.job = job;
    this.phi = new Float64Array(job.recordOutputs.length * job.targets.length);
  }

  see(batch: EnsembleBatch): void {
    for (let m = 0; m < batch.count; m++) this.seeNetwork(batch, m);
  }

  /** Looks at network m of a batch. Returns V at its recorded outputs, [records][data and outputs] and maybe more, until the next call. */
  seeNetwork(batch: EnsembleBatch, m: number): Float64Array {
    const { recordOutputs, recordKernels, targets, potential } = this.job;
    const { length: size } = targets;
    const { phi } = this;
    const outputs = m * phi.length;
    for (let start = 0; start < phi.length; start += size)
      for (let i = 0; i < size; i++) phi[start + i] = batch.outputs[outputs + start + i]! - targets[i]!;
    const values = potential.values([phi], phi.length);
    if (!allFinite(phi, 0, phi.length) || !allFinite(values, 0, phi.length)) this.seeOutputs(values);
    const start = recordOutputs.indexOf(0);
    if (start >= 0 && this.isEarlier(0)) this.seeStart(start * size);
    const kernelSize = size * size * kernelPartsOf(this.job);
    for (let k = 0; k < recordKernels.length && this.isEarlier(recordKernels[k]!); k++) {
      const start = (m * recordKernels.length + k) * kernelSize;
      if (!allFinite(batch.kernels, start, start + kernelSize))
        this.first = { step: recordKernels[k]!, phi: Number.NaN };
    }
    return values;
  }

  private isEarlier(step: number): boolean {
    return this.first === undefined || step < this.first.step;
  }

  /** Looks at each output and V there. */
  private seeOutputs(values: Float64Array): void {
    const { recordOutputs, targets } = this.job;
    const { phi } = this;
    const i = phi.findIndex((of, at) => !Number.isFinite(of) || !Number.isFinite(values[at]!));
    const step = recordOutputs[Math.floor(i / targets.length)]!;
    if (this.isEarlier(step)) this.first = { step, phi: Number.isFinite(phi[i]!) ? phi[i]! : Number.NaN };
  }

  /** Before training V' must be finite too, at the record that starts at `start`. */
  private seeStart(start: number): void {
    const { targets, potential } = this.job;
    const phi = this.phi.subarray(start, start + targets.length);
    const slopes = potential.gradients(0, [phi], phi.length);
    if (allFinite(slopes, 0, phi.length)) return;
    this.first = { step: 0, phi: phi.find((_, i) => !Number.isFinite(slopes[i]!))! };
  }
}

/** The error of a divergence in `what`: bad input at step 0, else a DivergenceError that keeps `partial`. */
export function divergenceError<Partial>(
  { step, phi }: Divergence,
  what: string,
  partial: Partial,
  mend = "use a smaller training.learningRate",
): InputError | DivergenceError<Partial> {
  if (step > 0) {
    return new DivergenceError(`${what} diverged: an output or kernel is not finite at step ${step}; ${mend}`, step, {
      partial,
      path: "training.learningRate",
    });
  }
  if (Number.isFinite(phi)) return outsideDomain(phi);
  return new InputError(
    "a network's output or kernel is not finite before training; use a smaller weightStd, smaller inputs or precision float64",
    { path: "network.weightStd" },
  );
}
