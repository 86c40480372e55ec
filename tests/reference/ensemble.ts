/**
 * The ensemble job in plain float64 loops, the yardstick for every engine: written from physics.md section 1 alone, with no regard to
 * speed and no code of an engine.
 */
import { dataOf, type EnsembleBatch, type EnsembleJob, outputsOf } from "@slowroll/core/engine/ensembleJob";
import { normals } from "@slowroll/core/random/normal";

interface Layer {
  /** [units][inputs], a row after the other. */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

const zerosLike = (layers: readonly Layer[]): Layer[] =>
  layers.map(({ weights, biases }) => ({
    weights: new Float64Array(weights.length),
    biases: new Float64Array(biases.length),
  }));

/** Weights and biases of a network, hidden layers first and the output last. */
export function drawNetwork(job: EnsembleJob, network: number): Layer[] {
  const { inputDimension, depth, width } = job.architecture;
  return Array.from({ length: depth + 1 }, (_, l) => {
    const inputs = l === 0 ? inputDimension : width;
    const units = l === depth ? outputsOf(job.architecture) : width;
    return {
      weights: normals(job.seed, network, 2 * l, units * inputs),
      biases: normals(job.seed, network, 2 * l + 1, units),
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
  const inputs: Float64Array[] = [];
  const sums: Float64Array[] = [];
  let h = Float64Array.from(x);
  for (const [l, { weights, biases }] of layers.entries()) {
    inputs.push(h);
    const scale = weightStd / Math.sqrt(h.length);
    const z = new Float64Array(biases.length);
    for (let j = 0; j < z.length; j++) {
      let sum = 0;
      for (let i = 0; i < h.length; i++) sum += weights[j * h.length + i]! * h[i]!;
      z[j] = scale * sum + biasStd * biases[j]!;
    }
    sums.push(z);
    h = l === layers.length - 1 ? z : z.map(activation.value);
  }
  return Array.from(h, (f, c) => {
    const gradient = zerosLike(layers);
    // df_c/dz of the layer above, going down.
    let delta = h.map((_, e) => Number(e === c));
    for (let l = layers.length - 1; l >= 0; l--) {
      const below = inputs[l]!;
      const scale = weightStd / Math.sqrt(below.length);
      const { weights, biases } = gradient[l]!;
      for (let j = 0; j < delta.length; j++) {
        biases[j] = delta[j]! * biasStd;
        for (let i = 0; i < below.length; i++) weights[j * below.length + i] = delta[j]! * scale * below[i]!;
      }
      if (l > 0) {
        const back = new Float64Array(below.length);
        for (let j = 0; j < delta.length; j++)
          for (let i = 0; i < back.length; i++) back[i]! += delta[j]! * layers[l]!.weights[j * back.length + i]!;
        delta = back.map((value, i) => value * scale * activation.derivative(sums[l - 1]![i]!));
      }
    }
    return { f, gradient };
  });
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!;
  return sum;
}

/** Of each layer the scalar product over its weights and biases. */
const products = (left: readonly Layer[], right: readonly Layer[]): number[] =>
  left.map(({ weights, biases }, l) => dot(biases, right[l]!.biases) + dot(weights, right[l]!.weights));

const minus = (left: readonly Layer[], right: readonly Layer[]): Layer[] =>
  left.map(({ weights, biases }, l) => ({
    weights: weights.map((value, i) => value - right[l]!.weights[i]!),
    biases: biases.map((value, j) => value - right[l]!.biases[j]!),
  }));

/** velocity <- momentum velocity - learningRate sum of force gradient, for the weights or the biases of a layer; which then move by it. */
function descend(
  { momentum, learningRate }: EnsembleJob,
  values: Float64Array,
  velocity: Float64Array,
  force: readonly number[],
  gradients: readonly Float64Array[],
): void {
  const push = new Float64Array(values.length);
  for (const [a, gradient] of gradients.entries())
    for (let i = 0; i < push.length; i++) push[i]! += force[a]! * gradient[i]!;
  for (let i = 0; i < push.length; i++) {
    velocity[i] = momentum * velocity[i]! - learningRate * push[i]!;
    values[i]! += velocity[i]!;
  }
}

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
      for (const [l, { weights, biases }] of layers.entries()) {
        const gradients = evaluated.map(({ gradient }) => gradient[l]!);
        descend(
          job,
          weights,
          velocity[l]!.weights,
          force,
          gradients.map((layer) => layer.weights),
        );
        descend(
          job,
          biases,
          velocity[l]!.biases,
          force,
          gradients.map((layer) => layer.biases),
        );
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
