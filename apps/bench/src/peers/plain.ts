/** The two jobs in plain typed arrays of good quality, on one core: what a careful JavaScript programmer would write. */
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import type { PrescribedJob } from "./work.ts";
import { initialWeights, LAMBDA, siteCoefficients } from "./work.ts";

/**
 * Trains every network of one hidden layer of erf on least squares, two inputs; returns the outputs [networks][D]. erf and its slope share
 * one exponential (Abramowitz and Stegun 7.1.26, good to 1.5e-7), and a unit's weights are read and written once a step. In float64, which
 * is what JavaScript computes in: float32 arrays convert at every access.
 */
function trainPlain(job: EnsembleJob, initial: Float32Array): Float64Array {
  const { inputDimension: d, width, weightStd, biasStd } = job.architecture;
  if (d !== 2) throw new RangeError("the plain training takes two inputs");
  const { networks, steps, learningRate, targets } = job;
  const D = targets.length;
  const x = job.inputs.map((value) => (weightStd / Math.SQRT2) * value);
  const scale = weightStd / Math.sqrt(width);
  const slopeScale = 2 / Math.sqrt(Math.PI);
  // Of each unit: two weights and the bias.
  const weights = new Float64Array(3 * width);
  const output = new Float64Array(width);
  const hidden = new Float64Array(width * D);
  const slope = new Float64Array(width * D);
  const push = new Float64Array(D);
  const size = 4 * width + 1;
  const outputs = new Float64Array(networks.count * D);
  for (let m = 0; m < networks.count; m++) {
    const own = initial.subarray(m * size, (m + 1) * size);
    for (let j = 0; j < width; j++) {
      weights[3 * j] = own[2 * j]!;
      weights[3 * j + 1] = own[2 * j + 1]!;
      weights[3 * j + 2] = own[2 * width + j]!;
      output[j] = own[3 * width + j]!;
    }
    let outputBias = own[4 * width]!;
    for (let step = 0; step <= steps; step++) {
      push.fill(biasStd * outputBias);
      for (let j = 0; j < width; j++) {
        const v = scale * output[j]!;
        const w0 = weights[3 * j]!;
        const w1 = weights[3 * j + 1]!;
        const bias = biasStd * weights[3 * j + 2]!;
        for (let a = 0; a < D; a++) {
          const z = w0 * x[2 * a]! + w1 * x[2 * a + 1]! + bias;
          const gaussian = Math.exp(-z * z);
          const t = 1 / (1 + 0.3275911 * Math.abs(z));
          const tail =
            t *
            (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
            gaussian;
          const h = z < 0 ? tail - 1 : 1 - tail;
          hidden[j * D + a] = h;
          slope[j * D + a] = slopeScale * gaussian;
          push[a]! += v * h;
        }
      }
      if (step === steps) break;
      let total = 0;
      for (let a = 0; a < D; a++) {
        push[a] = learningRate * (push[a]! - targets[a]!);
        total += push[a]!;
      }
      for (let j = 0; j < width; j++) {
        const v = scale * output[j]!;
        let gradient = 0;
        let g0 = 0;
        let g1 = 0;
        let bias = 0;
        for (let a = 0; a < D; a++) {
          const r = push[a]!;
          gradient += r * hidden[j * D + a]!;
          const delta = r * slope[j * D + a]!;
          g0 += delta * x[2 * a]!;
          g1 += delta * x[2 * a + 1]!;
          bias += delta;
        }
        weights[3 * j]! -= v * g0;
        weights[3 * j + 1]! -= v * g1;
        weights[3 * j + 2]! -= v * biasStd * bias;
        output[j]! -= scale * gradient;
      }
      outputBias -= biasStd * total;
    }
    outputs.set(push, m * D);
  }
  return outputs;
}

/** Evolves a phi^4 lattice in three dimensions in float64; returns the final field. One sweep an operation, over two fields in turn. */
function evolvePlain(points: number, coefficients: Float64Array, start: Float64Array, momentum: Float64Array) {
  let field = start;
  let next: Float64Array = new Float64Array(field.length);
  const plane = points * points;
  for (let o = 0; o < coefficients.length; o += 3) {
    const [laplacian, force, drift] = [coefficients[o]!, LAMBDA * coefficients[o + 1]!, coefficients[o + 2]!];
    for (let z = 0; z < points; z++) {
      const up = ((z + 1) % points) * plane;
      const down = ((z + points - 1) % points) * plane;
      for (let y = 0; y < points; y++) {
        const row = z * plane + y * points;
        sweepRow(
          field,
          next,
          momentum,
          points,
          row,
          z * plane + ((y + 1) % points) * points,
          z * plane + ((y + points - 1) % points) * points,
          up + y * points,
          down + y * points,
          laplacian,
          force,
          drift,
        );
      }
    }
    [field, next] = [next, field];
  }
  return field;
}

/** One row of sites; the offsets are its own and its four neighbours'. What is read once goes along in variables. */
function sweepRow(
  field: Float64Array,
  next: Float64Array,
  momentum: Float64Array,
  points: number,
  row: number,
  north: number,
  south: number,
  up: number,
  down: number,
  laplacian: number,
  force: number,
  drift: number,
): void {
  let left = field[row + points - 1]!;
  let phi = field[row]!;
  const first = phi;
  for (let x = 0; x < points; x++) {
    const right = x + 1 < points ? field[row + x + 1]! : first;
    const sum = left + right + field[north + x]! + field[south + x]! + field[up + x]! + field[down + x]!;
    const pi = momentum[row + x]! + laplacian * (sum - 6 * phi) - force * phi * phi * phi;
    momentum[row + x] = pi;
    next[row + x] = phi + drift * pi;
    left = phi;
    phi = right;
  }
}

/** One sample of the ensemble in this process, as a peer's. */
export function plainTraining(job: EnsembleJob): () => Float64Array {
  const initial = initialWeights(job);
  return () => trainPlain(job, initial);
}

/** One sample of the lattice in this process, as a peer's. */
export async function plainLattice(job: PrescribedJob): Promise<() => Float64Array> {
  const { field, momentum } = await job.initial();
  const coefficients = siteCoefficients(job);
  return () => evolvePlain(job.grid.points, coefficients, field.slice(), momentum.slice());
}
