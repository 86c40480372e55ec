/**
 * Where an ensemble leaves the finite numbers. From step 1 on that is a divergence; at step 0, before any training, the input itself is at
 * fault: a potential outside its domain, or data and weights beyond the precision's range.
 */
import { type EnsembleBatch, type EnsembleJob, kernelPartsOf } from "../engine/ensembleJob.ts";
import { DivergenceError, InputError } from "../errors.ts";
import type { Potential } from "../potential/potential.ts";

/** Where a network leaves the finite numbers. */
interface Exit {
  readonly step: number;
  /** The field at which V or V' is not finite; NaN where an output or a kernel is not. */
  readonly phi: number;
}

/** The earliest of all networks', of how many of those seen. */
export interface Divergence extends Exit {
  readonly networks: number;
  readonly seen: number;
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

/** Finds the earliest step of a job at which an output, V or a kernel is not finite, and in how many networks any is not. */
export class DivergenceWatch {
  private readonly job: EnsembleJob;
  /** Of one network, [records][data and outputs]. */
  private readonly phi: Float64Array;
  private earliest: Exit | undefined;
  private networks = 0;
  private seen = 0;

  constructor(job: EnsembleJob) {
    this.job = job;
    this.phi = new Float64Array(job.recordOutputs.length * job.targets.length);
  }

  /** Of the batches seen so far. */
  get first(): Divergence | undefined {
    const { earliest, networks, seen } = this;
    return earliest && { ...earliest, networks, seen };
  }

  see(batch: EnsembleBatch): void {
    for (let m = 0; m < batch.count; m++) this.seeNetwork(batch, m);
  }

  /** Looks at network m of a batch. Returns V at its recorded outputs, [records][data and outputs] and maybe more, until the next call. */
  seeNetwork(batch: EnsembleBatch, m: number): Float64Array {
    const { targets, potential } = this.job;
    const { length: size } = targets;
    const { phi } = this;
    const outputs = m * phi.length;
    for (let start = 0; start < phi.length; start += size)
      for (let i = 0; i < size; i++) phi[start + i] = batch.outputs[outputs + start + i]! - targets[i]!;
    const values = potential.values([phi], phi.length);
    const exits = [this.exitOfOutputs(values), this.exitAtStart(), this.exitOfKernels(batch, m)].filter(
      (exit) => exit !== undefined,
    );
    this.seen++;
    if (exits.length > 0) this.networks++;
    for (const exit of exits) if (!this.earliest || exit.step < this.earliest.step) this.earliest = exit;
    return values;
  }

  /** Where an output or V there, `values`, is not finite. */
  private exitOfOutputs(values: Float64Array): Exit | undefined {
    const { phi } = this;
    if (allFinite(phi, 0, phi.length) && allFinite(values, 0, phi.length)) return undefined;
    const { recordOutputs, targets } = this.job;
    const i = phi.findIndex((of, at) => !Number.isFinite(of) || !Number.isFinite(values[at]!));
    const step = recordOutputs[Math.floor(i / targets.length)]!;
    return { step, phi: Number.isFinite(phi[i]!) ? phi[i]! : Number.NaN };
  }

  /** Before training V' must be finite too. */
  private exitAtStart(): Exit | undefined {
    const { recordOutputs, targets, potential } = this.job;
    const start = recordOutputs.indexOf(0) * targets.length;
    if (start < 0) return undefined;
    const phi = this.phi.subarray(start, start + targets.length);
    const slopes = potential.gradients(0, [phi], phi.length);
    if (allFinite(slopes, 0, phi.length)) return undefined;
    return { step: 0, phi: phi.find((_, i) => !Number.isFinite(slopes[i]!))! };
  }

  private exitOfKernels({ kernels }: EnsembleBatch, m: number): Exit | undefined {
    const { recordKernels, targets } = this.job;
    const size = targets.length ** 2 * kernelPartsOf(this.job);
    const start = m * recordKernels.length * size;
    const k = recordKernels.findIndex((_, at) => !allFinite(kernels, start + at * size, start + (at + 1) * size));
    return k < 0 ? undefined : { step: recordKernels[k]!, phi: Number.NaN };
  }
}

/** The error of a divergence in `what`: bad input at step 0, else a DivergenceError that keeps `partial`. */
export function divergenceError<Partial>(
  { step, phi, networks, seen }: Divergence,
  what: string,
  partial: Partial,
  mend = "use a smaller training.learningRate",
): InputError | DivergenceError<Partial> {
  if (step > 0) {
    const share = seen > 1 ? ` in ${networks} of ${seen} networks` : "";
    return new DivergenceError(
      `${what} diverged${share}: an output or kernel is not finite at step ${step}; ${mend}`,
      step,
      { partial, path: "training.learningRate" },
    );
  }
  if (Number.isFinite(phi)) return outsideDomain(phi);
  return new InputError(
    "a network's output or kernel is not finite before training; use a smaller weightStd, smaller inputs or precision float64",
    { path: "network.weightStd" },
  );
}
