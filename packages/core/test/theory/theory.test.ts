/** Theory: kernels against independent numbers, quadrature against closed forms, predictions against the recursion. */
import { readFileSync } from "node:fs";
import { InputError, InterruptedError, WorkerLostError } from "@slowroll/core/errors";
import { eigen, eigenAside } from "@slowroll/core/linalg/eigen";
import { type Activation, activationNamed, activations } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { uniforms } from "@slowroll/core/random/normal";
import { gaussianMoments } from "@slowroll/core/theory/gaussian";
import { infiniteWidthKernels } from "@slowroll/core/theory/kernels";
import { quadraticMass, quadraticPrediction, recursion, testPrediction } from "@slowroll/core/theory/prediction";
import { describe, expect, it } from "vitest";

interface KernelCase {
  name: string;
  inputs: number[][];
  depth: number;
  activation: string;
  weightStd: number;
  biasStd: number;
  nngp: number[][];
  ntk: number[][];
}
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../tests/data/${name}`, import.meta.url), "utf8"));
const cases = read("kernels.json") as KernelCase[];
const chaoticCases = read("chaoticKernels.json") as KernelCase[];
const deepCases = read("deepKernels.json") as (KernelCase & { eigenvalues: number[] })[];

const kernelsOf = ({ inputs, activation, ...rest }: KernelCase, test: number[][] = []) =>
  infiniteWidthKernels(
    { ...rest, width: 1, inputDimension: inputs[0]!.length, activation: activationNamed(activation) },
    Float64Array.from(inputs.flat()),
    inputs.length,
    Float64Array.from(test.flat()),
  );

describe("infinite-width kernels", () => {
  it.each(cases)("$name to 1e-10", (given) => {
    const { nngp, ntk } = kernelsOf(given);
    for (const [i, value] of given.nngp.flat().entries()) expect(Math.abs(nngp[i]! - value)).toBeLessThan(1e-10);
    for (const [i, value] of given.ntk.flat().entries()) expect(Math.abs(ntk[i]! - value)).toBeLessThan(1e-10);
  });
  it.each(deepCases)("$name keep 12 digits, parallel and close inputs included", (given) => {
    const { nngp, ntk } = kernelsOf(given);
    for (const [i, value] of given.nngp.flat().entries()) expect(Math.abs(nngp[i]! / value - 1)).toBeLessThan(1e-12);
    for (const [i, value] of given.ntk.flat().entries()) expect(Math.abs(ntk[i]! / value - 1)).toBeLessThan(1e-12);
    const largest = given.eigenvalues.at(-1)!;
    const { values } = eigen(ntk, given.inputs.length);
    for (const [i, value] of given.eigenvalues.toReversed().entries())
      expect(Math.abs(values[i]! - value) / largest).toBeLessThan(1e-13);
  });
  it.each(chaoticCases)("$name: close inputs are as far apart as they are driven", (given) => {
    const { nngp, ntk } = kernelsOf(given);
    const D = given.inputs.length;
    for (const [kernel, exact] of [
      [nngp, given.nngp],
      [ntk, given.ntk],
    ] as const)
      for (let a = 0; a < D; a++)
        for (let b = 0; b < D; b++)
          expect(Math.abs(kernel[a * D + b]! - exact[a]![b]!) / Math.sqrt(exact[a]![a]! * exact[b]![b]!)).toBeLessThan(
            1e-10,
          );
  });
  it.each(Object.keys(activations))("of %s at one input given twice are those of one", (activation) => {
    const inputs = [
      [0.3, -1.7],
      [0.3, -1.7],
    ];
    for (const weightStd of [1.5, 6]) {
      const { nngp, ntk } = kernelsOf({ ...cases[0]!, inputs, activation, depth: 64, weightStd, biasStd: 0.1 });
      for (const kernel of [nngp, ntk]) expect(kernel).toEqual(new Float64Array(4).fill(kernel[0]!));
    }
  });
  it.each(["erf", "relu", "tanh"])(
    "of %s between test and training inputs are blocks of those of all",
    (activation) => {
      const given = { ...cases[0]!, activation, depth: 3 };
      const others = [0.1, 0.7, 2].map((shift) => given.inputs[1]!.map((x, i) => x * shift + i - 1));
      const all = [...given.inputs, ...others];
      const D = given.inputs.length;
      const N = all.length;
      const { nngp, ntk, test } = kernelsOf(given, others);
      const joint = kernelsOf({ ...given, inputs: all });
      for (let a = 0; a < N; a++) {
        for (let b = 0; b < D; b++) {
          const at = a < D ? a * D + b : (a - D) * D + b;
          expect((a < D ? nngp : test!.nngp)[at]).toBeCloseTo(joint.nngp[a * N + b]!, 12);
          expect((a < D ? ntk : test!.ntk)[at]).toBeCloseTo(joint.ntk[a * N + b]!, 12);
        }
        if (a >= D) expect(test!.variance[a - D]).toBeCloseTo(joint.nngp[a * N + a]!, 12);
      }
    },
  );
  it("of relu at inputs of either sign, of no length and of one dimension are finite and exact", () => {
    // Angles are 0 or pi: relu(u) relu(v) has the mean u v/2 or 0, the slopes 1/2 or 0.
    const inputs = [[3], [1e-9], [-2], [0]];
    const { nngp, ntk } = kernelsOf({ ...cases[0]!, inputs, activation: "relu", depth: 1, weightStd: 1, biasStd: 0 });
    for (const [a, [x]] of inputs.entries()) {
      for (const [b, [y]] of inputs.entries()) {
        const product = x! * y! > 0 ? (x! * y!) / 2 : 0;
        expect(Math.abs(nngp[a * 4 + b]! - product)).toBeLessThanOrEqual(1e-15 * Math.abs(x! * y!));
        expect(Math.abs(ntk[a * 4 + b]! - 2 * product)).toBeLessThanOrEqual(1e-15 * Math.abs(x! * y!));
      }
    }
  });
  it("of gelu keep 12 digits in deep networks of large weights", () => {
    // E[act^2] and E[act'^2] of one variable of variance s, by Stein's lemma.
    const moments = (s: number) => {
      const [tau, root] = [2 * Math.PI, Math.sqrt(1 + 2 * s)];
      const both = 0.25 + Math.atan2(s, root) / tau;
      return {
        value: (s * s) / (1 + s) / root / tau + s * (both + s / (1 + s) / root / tau),
        slope: both + (2 * s) / (1 + s) / root / tau + s / root ** 3 / tau,
      };
    };
    const given = { ...cases[0]!, inputs: [[0.3, -1.7]], activation: "gelu", depth: 16, weightStd: 8, biasStd: 1 };
    let variance = (64 * (0.3 ** 2 + 1.7 ** 2)) / 2 + 1;
    let tangent = variance;
    for (let layer = 0; layer < 16; layer++) {
      const { value, slope } = moments(variance);
      variance = 64 * value + 1;
      tangent = variance + 64 * slope * tangent;
    }
    const { nngp, ntk } = kernelsOf(given);
    expect(Math.abs(nngp[0]! / variance - 1)).toBeLessThan(1e-12);
    expect(Math.abs(ntk[0]! / tangent - 1)).toBeLessThan(1e-12);
  });
});

describe("Gaussian moments", () => {
  const variances: [number, number, number][] = [
    [1, 0.3, 2],
    [1, 1, 1],
    [1, 1 - 1e-9, 1],
    [2, -2, 2],
    [30, 12, 9],
    [0, 0, 1],
    [1e-6, 1e-7, 4],
  ];
  it.each(["erf", "sin", "linear"])("of %s by quadrature equal the closed form", (name) => {
    const { gaussianMoments: _closed, ...numeric } = activations[name]!;
    for (const [suu, suv, svv] of variances) {
      const closed = gaussianMoments(activations[name]!, suu, suv, svv);
      const integrated = gaussianMoments(numeric as Activation, suu, suv, svv);
      expect(integrated.value).toBeCloseTo(closed.value, 10);
      expect(integrated.slope).toBeCloseTo(closed.slope, 10);
    }
  });
  it.each([
    [1e4, 3e3, 2e4],
    [1e4, 9999.99, 1e4],
    [1e12, -5e11, 1e12],
    [1e12, 1, 1e-2],
  ])("of erf by quadrature equal the closed form at variances %d, %d, %d", (suu, suv, svv) => {
    const { gaussianMoments: _closed, ...numeric } = activations.erf!;
    const closed = gaussianMoments(activations.erf!, suu, suv, svv);
    const integrated = gaussianMoments(numeric as Activation, suu, suv, svv);
    expect(integrated.value / closed.value).toBeCloseTo(1, 10);
    expect(integrated.slope / closed.slope).toBeCloseTo(1, 10);
  });
  it.each([1e4, 1e12])("of tanh and gelu at variance %d are near their limits, sign and relu", (s) => {
    const tanh = gaussianMoments(activations.tanh!, s, s / 2, s);
    expect(tanh.value).toBeCloseTo(1 / 3, 3);
    expect(gaussianMoments(activations.gelu!, s, s / 2, s).slope).toBeCloseTo(1 / 3, 3);
  });
  it("of erf in closed form keep their digits at large variance", () => {
    // u = v: 4/pi/sqrt(1 + 4 s).
    for (const s of [1e12, 1e40])
      expect(gaussianMoments(activations.erf!, s, s, s).slope * Math.sqrt(s)).toBeCloseTo(2 / Math.PI, 12);
  });
  it("say so where they do not converge", () => {
    const step = { name: "step", value: (z: number) => Math.sign(z), derivative: () => 0, wgsl: "" };
    expect(() => gaussianMoments(step, 1, 0.5, 1)).toThrow(InputError);
  });
});

describe("eigen", () => {
  it("gives descending values and orthonormal vectors", () => {
    const matrix = [4, 1, 0, 1, 3, 1, 0, 1, 2];
    const { values, vectors } = eigen(matrix, 3);
    expect(values[0]! > values[1]! && values[1]! > values[2]!).toBe(true);
    for (let i = 0; i < 3; i++) {
      for (let a = 0; a < 3; a++) {
        const left = [0, 1, 2].reduce((sum, b) => sum + matrix[a * 3 + b]! * vectors[b * 3 + i]!, 0);
        expect(left).toBeCloseTo(values[i]! * vectors[a * 3 + i]!, 12);
      }
    }
  });
  it.each([1, 2, 7, 40, 100])("of a random, a circulant and a rank-one matrix, %d a side", (n) => {
    const random = uniforms(n, 0);
    const draws = new Float64Array(n * n);
    for (let a = 0; a < n; a++) for (let b = 0; b <= a; b++) draws[a * n + b] = draws[b * n + a] = random() - 0.5;
    const circulant = draws.map((_, i) => Math.exp(Math.cos((2 * Math.PI * (Math.floor(i / n) - (i % n))) / n)));
    for (const matrix of [draws, circulant, draws.map(() => 1e200), draws.map(() => 0)]) {
      const { values, vectors } = eigen(matrix, n);
      const scale = Math.max(...values.map(Math.abs), Number.MIN_VALUE);
      let worst = 0;
      for (let i = 0; i < n; i++) {
        for (let a = 0; a < n; a++) {
          let product = 0;
          let overlap = 0;
          for (let b = 0; b < n; b++) {
            product += matrix[a * n + b]! * vectors[b * n + i]!;
            overlap += vectors[b * n + a]! * vectors[b * n + i]!;
          }
          worst = Math.max(worst, Math.abs(product - values[i]! * vectors[a * n + i]!) / scale);
          worst = Math.max(worst, Math.abs(overlap - (a === i ? 1 : 0)));
        }
        if (i > 0) expect(values[i]!).toBeLessThanOrEqual(values[i - 1]!);
      }
      expect(worst).toBeLessThan(1e-12);
    }
  });
  it("of matrices whose elements are far apart in size", () => {
    const { values } = eigen([1e40, 1e20, 1e20, 4], 2);
    expect(values[0]! / 1e40).toBeCloseTo(1, 14);
    expect(Math.abs(values[1]!)).toBeLessThan(1e25);
  });
});

describe("eigen on a thread of its own", () => {
  const kernel = (n: number): Float64Array =>
    Float64Array.from({ length: n * n }, (_, i) =>
      Math.exp(Math.cos((2 * Math.PI * (Math.floor(i / n) - (i % n))) / n)),
    );
  it.each([4, 160])("gives what it gives on the caller's, %d a side", async (n) => {
    expect(await eigenAside(kernel(n), n)).toEqual(eigen(kernel(n), n));
  });
  it("ends when interrupted, before and meanwhile", async () => {
    const controller = new AbortController();
    const running = eigenAside(kernel(1200), 1200, controller.signal);
    setTimeout(() => controller.abort(), 50);
    await expect(running).rejects.toThrow(InterruptedError);
    await expect(eigenAside(kernel(4), 4, controller.signal)).rejects.toThrow(InterruptedError);
  });
  it("says so where the thread fails", async () => {
    await expect(eigenAside(kernel(4), 200)).rejects.toThrow(WorkerLostError);
  });
});

describe("predictions for quadratic V", () => {
  it.each([0, 0.5, 0.9])("mean equals the recursion and covariance its propagator, momentum %d", async (momentum) => {
    const { nngp, ntk } = kernelsOf(cases[0]!);
    const D = 8;
    const potential = await compilePotential({ name: "quadratic", parameters: { massSquared: 2 } });
    expect(quadraticMass(potential)).toBe(2);
    const targets = Float64Array.from({ length: D }, (_, a) => Math.sin(a) + 0.3 * a);
    const dynamics = { points: D, theta: ntk, learningRate: 0.01, momentum };
    const record = [0, 1, 5, 40];
    const prediction = quadraticPrediction(dynamics, 2, nngp, targets, record);
    const phi = recursion(
      { ...dynamics, potential },
      targets.map((y) => -y),
      record,
    );
    for (const [r] of record.entries()) {
      for (const [a, f] of prediction.mean(r).entries()) expect(f).toBeCloseTo(targets[a]! + phi[r * D + a]!, 12);
    }
    // Column b of P is the recursion from unit vector b.
    const columns = Array.from({ length: D }, (_, b) =>
      recursion(
        { ...dynamics, potential },
        Float64Array.from({ length: D }, (_, a) => (a === b ? 1 : 0)),
        record,
      ),
    );
    const r = 2;
    const covariance = prediction.covariance(r);
    for (let a = 0; a < D; a++) {
      for (let d = 0; d < D; d++) {
        let want = 0;
        for (let b = 0; b < D; b++)
          for (let c = 0; c < D; c++) want += columns[b]![r * D + a]! * nngp[b * D + c]! * columns[c]![r * D + d]!;
        expect(covariance[a * D + d]).toBeCloseTo(want, 12);
      }
    }
  });
  it.each([0, 0.9])(
    "off the training points: equal those on them there, and Gaussian conditioning at the end, momentum %d",
    (momentum) => {
      const given = cases[0]!;
      const D = given.inputs.length;
      const { nngp, ntk } = kernelsOf(cases[0]!);
      const targets = Float64Array.from({ length: D }, (_, a) => Math.sin(a) + 0.3 * a);
      const dynamics = { points: D, theta: ntk, learningRate: 0.01, momentum };
      const spectrum = eigen(ntk, D);
      const other = given.inputs[0]!.map((_, i) => 0.4 + i);
      const test = kernelsOf(given, [...given.inputs, other]).test!;
      const at = (steps: number) => testPrediction(dynamics, 1, nngp, test, targets, steps, spectrum);
      for (const steps of [0, 1, 40]) {
        const on = quadraticPrediction(dynamics, 1, nngp, targets, [steps]);
        const covariance = on.covariance(0);
        const off = at(steps);
        for (let a = 0; a < D; a++) {
          expect(off.mean[a]).toBeCloseTo(on.mean(0)[a]!, 10);
          expect(off.std[a]! ** 2).toBeCloseTo(covariance[a * D + a]!, 10);
        }
      }
      // t -> infinity: mean Theta_* Theta^-1 y, from the eigenvectors' own inverse.
      const { values, vectors } = spectrum;
      const weights = Float64Array.from({ length: D }, (_, a) => {
        let sum = 0;
        for (let i = 0; i < D; i++)
          for (let b = 0; b < D; b++) sum += (vectors[a * D + i]! * vectors[b * D + i]! * targets[b]!) / values[i]!;
        return sum;
      });
      let want = 0;
      for (let a = 0; a < D; a++) want += test.ntk[D * D + a]! * weights[a]!;
      expect(at(100_000).mean[D]).toBeCloseTo(want, 6);
    },
  );
  it("are not made for any other V", async () => {
    expect(quadraticMass(await compilePotential("quartic"))).toBeUndefined();
    expect(quadraticMass(await compilePotential({ expression: "(phi - 1)^2" }))).toBeUndefined();
    // Their second derivatives are constant wherever they are defined.
    for (const expression of ["abs(phi)", "phi^2/2 + 0.1*abs(phi)", "sign(phi)^2", "-(1 + abs(2*phi))/3"])
      expect(quadraticMass(await compilePotential({ expression })), expression).toBeUndefined();
  });
});
