/**
 * Several outputs of one network. Engines and statistics have them datum after datum, [D][C]; theory has each by itself, since infinitely
 * wide outputs are independent; results have one list a datum, and with one output no list at all.
 */
import type { Work } from "../cooperate.ts";
import { listed, nested } from "../lists.ts";
import { Moments } from "./statistics.ts";

/** What a result has of each datum: a number, or with several outputs one for each. */
export type PerDatum = number | number[];

/** [D] of each output as [D][C], or of one output as [D]. */
export function byDatum(columns: readonly Float64Array[]): PerDatum[] {
  const [first] = columns;
  return columns.length === 1 ? listed(first!) : Array.from(first!, (_, a) => columns.map((column) => column[a]!));
}

/** [D] of each output from [D][C]. */
export function byOutput(values: Float64Array, outputs: number): Float64Array[] {
  return Array.from({ length: outputs }, (_, c) => values.filter((_, i) => i % outputs === c));
}

/** [D][C] of [D] of each output. */
export function interleaved(columns: readonly Float64Array[]): Float64Array {
  const { length: C } = columns;
  return Float64Array.from({ length: columns[0]!.length * C }, (_, i) => columns[i % C]![Math.floor(i / C)]!);
}

/** What `work` makes of each output's [D], one after the other, as [...][D][C]. */
export function* eachOutput(
  values: Float64Array,
  outputs: number,
  work: (own: Float64Array) => Work<Float64Array>,
): Work<Float64Array> {
  if (outputs === 1) return yield* work(values);
  const results: Float64Array[] = [];
  for (const own of byOutput(values, outputs)) results.push(yield* work(own));
  return interleaved(results);
}

/** [D][C] as a result has it. */
export const perDatum = (values: Float64Array, outputs: number): PerDatum[] =>
  outputs === 1 ? listed(values) : nested(values, outputs);

/** [D][D] of each output as [C][D][D], or of one output as [D][D]. */
export function matrices(of: readonly Float64Array[], points: number): number[][] | number[][][] {
  const all = of.map((matrix) => nested(matrix, points));
  return all.length === 1 ? all[0]! : all;
}

/** Theta (x) 1_C, [D C][D C] datum after datum, of a kernel [D][D] that every output has and no two share. */
export function jointKernel(theta: Float64Array, points: number, outputs: number): Float64Array {
  if (outputs === 1) return theta;
  const size = points * outputs;
  const joint = new Float64Array(size * size);
  for (let a = 0; a < points; a++)
    for (let b = 0; b < points; b++)
      for (let c = 0; c < outputs; c++) joint[(a * outputs + c) * size + b * outputs + c] = theta[a * points + b]!;
  return joint;
}

/** Mean over outputs of their own kernels [D][D], of one between all [D C][D C]: sum_c Theta_(ac)(bc)/C. */
export function meanKernel(joint: Float64Array, points: number, outputs: number): Float64Array {
  if (outputs === 1) return joint;
  const size = points * outputs;
  const mean = new Float64Array(points * points);
  for (let a = 0; a < points; a++)
    for (let b = 0; b < points; b++)
      for (let c = 0; c < outputs; c++)
        mean[a * points + b]! += joint[(a * outputs + c) * size + b * outputs + c]! / outputs;
  return mean;
}

/** Records [...][D][C] as a result has them, so many numbers each. */
export const perRecord = (values: Float64Array, size: number, outputs: number): PerDatum[][] =>
  Array.from({ length: values.length / size }, (_, r) => perDatum(values.subarray(r * size, (r + 1) * size), outputs));

/** Covariances over networks of the data, of each output by itself. */
export class OutputCovariances {
  readonly each: readonly Moments[];
  private readonly points: number;

  /** Of `outputs` outputs at `points` data. */
  constructor(points: number, outputs: number) {
    this.points = points;
    this.each = Array.from({ length: outputs }, () => new Moments(points, { covariance: true }));
  }

  /** Adds one network's [D][C], at `offset` of `values`. */
  add(values: ArrayLike<number>, offset: number): void {
    const { each } = this;
    for (let c = 0; c < each.length; c++) each[c]!.add(values, offset + c, each.length);
  }

  /** As `matrices` has them. */
  covariance(): PerDatum[][] {
    return matrices(
      this.each.map((moments) => moments.covariance()),
      this.points,
    );
  }
}
