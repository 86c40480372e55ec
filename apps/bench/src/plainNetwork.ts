/** A network of any depth in plain float64 loops: what an engine's training and kernels are checked against. */
import type { EnsembleJob } from "@slowroll/core/engine/engine";
import { normals } from "@slowroll/core/random/normal";

interface Layer {
  /** [units][columns], the last column being the biases. */
  readonly weights: Float64Array;
  readonly units: number;
  readonly columns: number;
  /** weightStd / sqrt(inputs). */
  readonly scale: number;
}

/** What each layer is given for one datum, [columns], scaled and with biasStd at its end, and df/dz of its units. */
interface Evaluation {
  readonly f: number;
  readonly given: readonly Float64Array[];
  readonly signals: readonly Float64Array[];
}

function draw({ architecture, seed, networks }: EnsembleJob): Layer[] {
  const { inputDimension, depth, width, weightStd } = architecture;
  return Array.from({ length: depth + 1 }, (_, l) => {
    const inputs = l === 0 ? inputDimension : width;
    const units = l === depth ? 1 : width;
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
  const signals: Float64Array[] = [Float64Array.of(1)];
  for (let l = layers.length - 1; l > 0; l--) {
    const { weights, columns, scale, units } = layers[l]!;
    const above = signals[0]!;
    const below = new Float64Array(columns - 1);
    for (let j = 0; j < units; j++) {
      for (let i = 0; i < columns - 1; i++) below[i]! += scale * weights[j * columns + i]! * above[j]!;
    }
    signals.unshift(below.map((signal, i) => signal * activation.derivative(sums[l - 1]![i]!)));
  }
  return { f: sums.at(-1)![0]!, given, signals };
}

const dot = (left: Float64Array, right: Float64Array): number => left.reduce((sum, x, i) => sum + x * right[i]!, 0);

/** f at the data after the job's steps, [D], and Theta before the first, [D][D], of the job's first network; momentum 0. */
export function plainNetwork(job: EnsembleJob): { outputs: Float64Array; kernel: Float64Array } {
  const { inputDimension } = job.architecture;
  const layers = draw(job);
  const D = job.targets.length;
  const evaluateAll = (): Evaluation[] =>
    Array.from({ length: D }, (_, a) =>
      evaluate(job, layers, job.inputs.subarray(a * inputDimension, (a + 1) * inputDimension)),
    );
  let data = evaluateAll();
  const kernel = Float64Array.from({ length: D * D }, (_, i) => {
    const [left, right] = [data[Math.floor(i / D)]!, data[i % D]!];
    return layers.reduce(
      (sum, _, l) => sum + dot(left.signals[l]!, right.signals[l]!) * dot(left.given[l]!, right.given[l]!),
      0,
    );
  });
  for (let step = 0; step < job.steps; step++) {
    for (const [a, { f, given, signals }] of data.entries()) {
      const push = job.learningRate * job.potential.gradient(0, f - job.targets[a]!);
      for (const [l, { weights, units, columns }] of layers.entries()) {
        for (let j = 0; j < units; j++) {
          const force = push * signals[l]![j]!;
          for (let i = 0; i < columns; i++) weights[j * columns + i]! -= force * given[l]![i]!;
        }
      }
    }
    data = evaluateAll();
  }
  return { outputs: Float64Array.from(data, ({ f }) => f), kernel };
}
