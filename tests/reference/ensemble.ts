/**
 * The ensemble job in plain float64 loops, the yardstick for every engine: written from physics.md section 1 alone, with no regard to
 * speed and no code of an engine.
 */
import { dataOf, type EnsembleBatch, type EnsembleJob, outputsOf } from "@slowroll/core/engine/engine";
import { normals } from "@slowroll/core/random/normal";

interface Layer {
  /** [units][inputs]. */
  weights: number[][];
  biases: number[];
}

const zerosLike = (layers: readonly Layer[]): Layer[] =>
  layers.map(({ weights, biases }) => ({
    weights: weights.map((row) => row.map(() => 0)),
    biases: biases.map(() => 0),
  }));

/** Weights and biases of a network, hidden layers first and the output last. */
export function drawNetwork(job: EnsembleJob, network: number): Layer[] {
  const { inputDimension, depth, width } = job.architecture;
  return Array.from({ length: depth + 1 }, (_, l) => {
    const inputs = l === 0 ? inputDimension : width;
    const units = l === depth ? outputsOf(job.architecture) : width;
    const flat = normals(job.seed, network, 2 * l, units * inputs);
    return {
      weights: Array.from({ length: units }, (_, j) => Array.from(flat.subarray(j * inputs, (j + 1) * inputs))),
      biases: Array.from(normals(job.seed, network, 2 * l + 1, units)),
    };
  });
}

/** Each output of f(x) and its gradient with respect to all weights and biases. */
export function outputsAndGradients(
  job: EnsembleJob,
  layers: readonly Layer[],
  x: readonly number[],
): { f: number; gradient: Layer[] }[] {
  const { activation, weightStd, biasStd } = job.architecture;
  const inputs: number[][] = [];
  const sums: number[][] = [];
  let h = [...x];
  for (const [l, { weights, biases }] of layers.entries()) {
    inputs.push(h);
    const scale = weightStd / Math.sqrt(h.length);
    const z = weights.map((row, j) => scale * row.reduce((sum, w, i) => sum + w * h[i]!, 0) + biasStd * biases[j]!);
    sums.push(z);
    h = l === layers.length - 1 ? z : z.map(activation.value);
  }
  return h.map((f, c) => {
    const gradient = zerosLike(layers);
    // df_c/dz of the layer above, going down.
    let delta = h.map((_, e) => Number(e === c));
    for (let l = layers.length - 1; l >= 0; l--) {
      const below = inputs[l]!;
      const scale = weightStd / Math.sqrt(below.length);
      for (const [j, d] of delta.entries()) {
        gradient[l]!.biases[j] = d * biasStd;
        for (const [i, value] of below.entries()) gradient[l]!.weights[j]![i] = d * scale * value;
      }
      if (l > 0) {
        delta = below.map((_, i) => {
          const back = delta.reduce((sum, d, j) => sum + d * layers[l]!.weights[j]![i]!, 0);
          return back * scale * activation.derivative(sums[l - 1]![i]!);
        });
      }
    }
    return { f, gradient };
  });
}

/** Of each layer the scalar product over its weights and biases. */
function products(left: readonly Layer[], right: readonly Layer[]): number[] {
  return left.map(({ weights, biases }, l) => {
    let sum = 0;
    for (const [j, row] of weights.entries()) {
      sum += biases[j]! * right[l]!.biases[j]!;
      for (const [i, value] of row.entries()) sum += value * right[l]!.weights[j]![i]!;
    }
    return sum;
  });
}

const minus = (left: readonly Layer[], right: readonly Layer[]): Layer[] =>
  left.map(({ weights, biases }, l) => ({
    weights: weights.map((row, j) => row.map((value, i) => value - right[l]!.weights[j]![i]!)),
    biases: biases.map((value, j) => value - right[l]!.biases[j]!),
  }));

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** All records of the job. */
export function referenceEnsemble(job: EnsembleJob): EnsembleBatch {
  const { inputDimension: d } = job.architecture;
  const D = dataOf(job);
  const C = outputsOf(job.architecture);
  const rows = Array.from({ length: D }, (_, a) => Array.from(job.inputs.subarray(a * d, (a + 1) * d)));
  const outputs: number[] = [];
  const kernels: number[] = [];
  const norms: number[] = [];
  const tested: number[] = [];
  const P = (job.test?.length ?? 0) / d;
  for (let m = 0; m < job.networks.count; m++) {
    const layers = drawNetwork(job, job.networks.first + m);
    const initial = drawNetwork(job, job.networks.first + m);
    const velocity = zerosLike(layers);
    for (let step = 0; step <= job.steps; step++) {
      const evaluated = rows.flatMap((x) => outputsAndGradients(job, layers, x));
      if (job.recordOutputs.includes(step)) outputs.push(...evaluated.map(({ f }) => f));
      if (job.recordKernels.includes(step)) {
        const pairs = evaluated.flatMap(({ gradient: left }) =>
          evaluated.map(({ gradient: right }) => products(left, right)),
        );
        for (const [l] of job.kernelParts ? layers.entries() : []) kernels.push(...pairs.map((parts) => parts[l]!));
        if (!job.kernelParts) kernels.push(...pairs.map(total));
        const way = minus(layers, initial);
        const squares = products(layers, layers);
        if (job.parameterNorms) norms.push(...products(way, way).flatMap((moved, l) => [squares[l]!, moved]));
      }
      if (step === job.steps) {
        for (let p = 0; p < P; p++) {
          const x = Array.from(job.test!.subarray(p * d, (p + 1) * d));
          tested.push(...outputsAndGradients(job, layers, x).map(({ f }) => f));
        }
      }
      const pushes = (a: number): number => {
        if (!job.subsets || step === job.steps) return 1;
        const { weight, words, bits } = job.subsets;
        return Math.floor(bits[step * words + Math.floor(a / 32)]! / 2 ** (a % 32)) % 2 === 1 ? weight : 0;
      };
      const force = evaluated.map(
        ({ f }, i) => pushes(Math.floor(i / C)) * job.potential.gradient(0, f - job.targets[i]!),
      );
      for (const [l, layer] of layers.entries()) {
        const descend = (pick: (gradient: Layer) => number, before: number): number =>
          job.momentum * before -
          job.learningRate * evaluated.reduce((sum, { gradient }, i) => sum + force[i]! * pick(gradient[l]!), 0);
        for (const [j, row] of layer.weights.entries()) {
          const bias = descend((g) => g.biases[j]!, velocity[l]!.biases[j]!);
          velocity[l]!.biases[j] = bias;
          layer.biases[j]! += bias;
          for (const i of row.keys()) {
            const weight = descend((g) => g.weights[j]![i]!, velocity[l]!.weights[j]![i]!);
            velocity[l]!.weights[j]![i] = weight;
            row[i]! += weight;
          }
        }
      }
    }
  }
  return {
    first: job.networks.first,
    count: job.networks.count,
    outputs: Float64Array.from(outputs),
    kernels: Float64Array.from(kernels),
    norms: Float64Array.from(norms),
    test: Float64Array.from(tested),
  };
}
