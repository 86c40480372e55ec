/** A network of any depth in plain float64 loops: what an engine's training and kernels are checked against. */
import { dataOf, type EnsembleJob, outputsOf } from "@slowroll/core/engine/ensembleJob";
import { normals } from "@slowroll/core/random/normal";

interface Layer {
  /** [units][columns], the last column being the biases. */
  readonly weights: Float64Array;
  readonly units: number;
  readonly columns: number;
  /** weightStd / sqrt(inputs). */
  readonly scale: number;
}

/** What each layer is given for one datum, [columns], scaled and with biasStd at its end, and the sums z of its units. */
interface Evaluation {
  readonly given: readonly Float64Array[];
  /** The outputs last. */
  readonly sums: readonly Float64Array[];
}

function draw({ architecture, seed, networks }: EnsembleJob): Layer[] {
  const { inputDimension, depth, width, weightStd } = architecture;
  return Array.from({ length: depth + 1 }, (_, l) => {
    const inputs = l === 0 ? inputDimension : width;
    const units = l === depth ? outputsOf(architecture) : width;
    const columns = inputs + 1;
    const own = normals(seed, networks.first, 2 * l, units * inputs);
    const biases = normals(seed, networks.first, 2 * l + 1, units);
    const weights = Float64Array.from({ length: units * columns }, (_, i) => {
      const [j, column] = [Math.floor(i / columns), i % columns];
      return column < inputs ? own[j * inputs + column]! : biases[j]!;
    });
    return { weights, units, columns, scale: weightStd / Math.sqrt(inputs) };
  });
}

function evaluate({ architecture }: EnsembleJob, layers: readonly Layer[], x: Float64Array): Evaluation {
  const { activation, biasStd } = architecture;
  const given: Float64Array[] = [];
  const sums: Float64Array[] = [];
  let values = x;
  for (const { weights, units, columns, scale } of layers) {
    const row = Float64Array.from({ length: columns }, (_, i) => (i < columns - 1 ? scale * values[i]! : biasStd));
    const z = new Float64Array(units);
    for (let j = 0; j < units; j++) for (let i = 0; i < columns; i++) z[j]! += weights[j * columns + i]! * row[i]!;
    given.push(row);
    sums.push(z);
    values = z.map(activation.value);
  }
  return { given, sums };
}

/** dL/dz of each layer's units for one datum, from dL/df of the outputs. */
function back(
  { architecture }: EnsembleJob,
  layers: readonly Layer[],
  { sums }: Evaluation,
  outermost: Float64Array,
): Float64Array[] {
  const signals: Float64Array[] = [outermost];
  for (let l = layers.length - 1; l > 0; l--) {
    const { weights, columns, scale, units } = layers[l]!;
    const above = signals[0]!;
    const below = new Float64Array(columns - 1);
    for (let j = 0; j < units; j++) {
      for (let i = 0; i < columns - 1; i++) below[i]! += scale * weights[j * columns + i]! * above[j]!;
    }
    signals.unshift(below.map((signal, i) => signal * architecture.activation.derivative(sums[l - 1]![i]!)));
  }
  return signals;
}

const dot = (left: Float64Array, right: Float64Array): number => left.reduce((sum, x, i) => sum + x * right[i]!, 0);

/** f at the data after the job's steps, [D][C], and Theta before the first, [D C][D C], of the job's first network; momentum 0. */
export function plainNetwork(job: EnsembleJob): { outputs: Float64Array; kernel: Float64Array } {
  const { inputDimension } = job.architecture;
  const layers = draw(job);
  const [D, C] = [dataOf(job), outputsOf(job.architecture)];
  const evaluateAll = (): Evaluation[] =>
    Array.from({ length: D }, (_, a) =>
      evaluate(job, layers, job.inputs.subarray(a * inputDimension, (a + 1) * inputDimension)),
    );
  let data = evaluateAll();
  const gradients = data.flatMap((datum) =>
    Array.from({ length: C }, (_, output) => {
      const alone = Float64Array.from({ length: C }, (_, c) => Number(c === output));
      return { given: datum.given, signals: back(job, layers, datum, alone) };
    }),
  );
  const kernel = Float64Array.from({ length: (D * C) ** 2 }, (_, i) => {
    const [left, right] = [gradients[Math.floor(i / (D * C))]!, gradients[i % (D * C)]!];
    return layers.reduce(
      (sum, _, l) => sum + dot(left.signals[l]!, right.signals[l]!) * dot(left.given[l]!, right.given[l]!),
      0,
    );
  });
  for (let step = 0; step < job.steps; step++) {
    const pushes = data.map((datum, a) => {
      const force = datum.sums.at(-1)!.map((f, c) => job.potential.gradient(0, f - job.targets[a * C + c]!));
      return back(job, layers, datum, force);
    });
    for (const [a, { given }] of data.entries()) {
      for (const [l, { weights, units, columns }] of layers.entries()) {
        for (let j = 0; j < units; j++) {
          const force = job.learningRate * pushes[a]![l]![j]!;
          for (let i = 0; i < columns; i++) weights[j * columns + i]! -= force * given[l]![i]!;
        }
      }
    }
    data = evaluateAll();
  }
  return { outputs: Float64Array.from(data.flatMap(({ sums }) => Array.from(sums.at(-1)!))), kernel };
}
