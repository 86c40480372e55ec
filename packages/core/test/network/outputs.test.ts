/** Networks of several outputs on the float64 reference engine: every number of the result from the records, and theory output by output. */
import type { EnsembleBatch } from "@slowroll/core/engine/ensembleJob";
import { DivergenceError } from "@slowroll/core/errors";
import { byDatum, byOutput, jointKernel, meanKernel } from "@slowroll/core/network/outputs";
import { type NetworkResult, networkStudy, type PartialNetworkResult } from "@slowroll/core/network/run";
import { setupNetwork } from "@slowroll/core/network/setup";
import type { NetworkStudy, TargetsSpec } from "@slowroll/core/network/study";
import { normals } from "@slowroll/core/random/normal";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const [D, C, size] = [3, 2, 5];
const TARGETS = [
  [1, 0.2],
  [-0.5, 0.3],
  [0.1, -1],
];
const study = (targets: TargetsSpec = TARGETS, changes: Partial<NetworkStudy["training"]> = {}): NetworkStudy => ({
  network: { depth: 2, width: 6, activation: "erf", weightStd: 1.5, biasStd: 0.1 },
  data: { inputs: [[-1], [0.2], [0.9]], targets, test: { inputs: [[-0.4], [0.5]] } },
  training: {
    learningRate: { relative: 0.2 },
    momentum: 0.5,
    steps: 6,
    potential: "quadratic",
    recordEvery: 2,
    ...changes,
  },
  ensemble: { size, seed: 3 },
  observe: { kernelsEvery: 3, kernelMatrices: true, kernelsByLayer: true, parameterNorms: true, linearised: true },
});
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const spread = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));
const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
const networks = Array.from({ length: size }, (_, m) => m);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The study's result, and the one batch that it is of. */
async function run(given: NetworkStudy): Promise<{ result: NetworkResult<number[]>; batch: EnsembleBatch }> {
  let seen: EnsembleBatch | undefined;
  const { result } = await networkStudy<number[]>(given, referenceEngine, {}, (batch) => {
    seen = batch;
  });
  return { result, batch: seen! };
}

describe("the numbers of several outputs", () => {
  it("go datum after datum in records and output by output in theory", () => {
    const values = Float64Array.of(1, 10, 2, 20, 3, 30);
    expect(byOutput(values, 2).map((of) => [...of])).toEqual([
      [1, 2, 3],
      [10, 20, 30],
    ]);
    expect(byDatum(byOutput(values, 2))).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    expect(byDatum(byOutput(values, 1))).toEqual([...values]);
  });
  it("have kernels between any two, of which infinite width has the outputs' own alone", () => {
    const theta = Float64Array.of(4, 1, 1, 3);
    expect([...jointKernel(theta, 2, 2)]).toEqual([4, 0, 1, 0, 0, 4, 0, 1, 1, 0, 3, 0, 0, 1, 0, 3]);
    expect(meanKernel(jointKernel(theta, 2, 3), 2, 3)).toEqual(theta);
    const any = normals(1, 0, 0, 16);
    const of = (i: number, j: number): number => any[4 * i + j]!;
    const [first, last] = [meanKernel(any, 2, 2)[0]!, meanKernel(any, 2, 2)[3]!];
    expect(first).toBeCloseTo((of(0, 0) + of(1, 1)) / 2, 15);
    expect(last).toBeCloseTo((of(2, 2) + of(3, 3)) / 2, 15);
    expect(meanKernel(any, 2, 2)[1]).toBeCloseTo((of(0, 2) + of(1, 3)) / 2, 15);
  });
});

describe("a network study of two outputs", () => {
  it("has the records' means, deviations, covariances and loss", async () => {
    const { result, batch } = await run(study());
    const { times, modes, outputs } = result;
    expect(outputs).toEqual(["0", "1"]);
    const f = (m: number, t: number, a: number, c: number): number =>
      batch.outputs[((m * times.length + t) * D + a) * C + c]!;
    for (const t of times.keys()) {
      let loss = 0;
      for (const a of range(D)) {
        for (const c of range(C)) {
          const values = networks.map((m) => f(m, t, a, c));
          expect(result.mean[t]![a]![c]).toBeCloseTo(mean(values), 13);
          expect(result.std[t]![a]![c]).toBeCloseTo(spread(values), 13);
          loss += mean(values.map((value) => (value - TARGETS[a]![c]!) ** 2 / 2));
        }
      }
      expect(result.loss[t]).toBeCloseTo(loss, 13);
    }
    const { spectrum } = await setupNetwork(study());
    const ends = [
      [0, result.covarianceInitial, modes.varianceInitial],
      [times.length - 1, result.covarianceFinal, modes.varianceFinal],
    ] as const;
    for (const [t, covariance, variance] of ends) {
      expect([covariance.length, covariance[0]!.length, covariance[0]![0]!.length]).toEqual([C, D, D]);
      for (const c of range(C)) {
        for (const a of range(D)) {
          for (const b of range(D)) {
            const [left, right] = [a, b].map((at) => networks.map((m) => f(m, t, at, c))) as [number[], number[]];
            const products = left.map((value, m) => (value - mean(left)) * (right[m]! - mean(right)));
            expect(covariance[c]![a]![b]).toBeCloseTo((mean(products) * size) / (size - 1), 13);
          }
          // Mode a.
          const along = networks.map((m) =>
            range(D).reduce((sum, b) => sum + spectrum.vectors[b * D + a]! * f(m, t, b, c), 0),
          );
          expect(modes.mean[t]![a]![c]).toBeCloseTo(mean(along), 12);
          expect(variance[a]![c]).toBeCloseTo(spread(along) ** 2, 12);
        }
      }
    }
    for (const p of range(2)) {
      for (const c of range(C)) {
        const values = networks.map((m) => batch.test[(m * 2 + p) * C + c]!);
        expect(result.test!.mean[p]![c]).toBeCloseTo(mean(values), 13);
        expect(result.test!.std[p]![c]).toBeCloseTo(spread(values), 13);
      }
    }
    expect(result.test!.data.targets).toEqual(TARGETS);
  });

  it("has the mean of the outputs' own kernels, and distances of the whole", async () => {
    const { result, batch } = await run(study());
    const { kernels } = await setupNetwork(study());
    const { times, drift, alignment } = result.kernelSeries;
    expect(times).toEqual([0, 3, 6]);
    const parts = 3;
    const square = (D * C) ** 2;
    const recorded = (m: number, k: number, part: number): Float64Array =>
      batch.kernels.subarray(((m * times.length + k) * parts + part) * square).subarray(0, square);
    const whole = (m: number, k: number): number[] =>
      range(square).map((i) => range(parts).reduce((sum, part) => sum + recorded(m, k, part)[i]!, 0));
    const blocks = (of: ArrayLike<number>, a: number, b: number): number =>
      mean(range(C).map((c) => of[(a * C + c) * D * C + b * C + c]!));
    const infinite = range(square).map((i) => {
      const [row, column] = [Math.floor(i / (D * C)), i % (D * C)];
      return row % C === column % C ? kernels.ntk[Math.floor(row / C) * D + Math.floor(column / C)]! : 0;
    });
    const y = TARGETS.flat();
    const distance = (left: readonly number[], right: readonly number[]): number =>
      norm(left.map((value, i) => value - right[i]!));
    const relative = (distances: number[]): number =>
      Math.sqrt(mean(distances.map((value) => value ** 2))) / norm(infinite);
    expect(result.kernelFluctuation).toBeCloseTo(relative(networks.map((m) => distance(whole(m, 0), infinite))), 12);
    for (const k of times.keys()) {
      expect(drift[k]).toBeCloseTo(relative(networks.map((m) => distance(whole(m, k), whole(m, 0)))), 12);
      const aligned = networks.map((m) => {
        const along = y.reduce(
          (sum, left, i) => sum + y.reduce((s, right, j) => s + left * whole(m, k)[i * D * C + j]! * right, 0),
          0,
        );
        return along / norm(whole(m, k)) / norm(y) ** 2;
      });
      expect(alignment[k]).toBeCloseTo(mean(aligned), 12);
      for (const a of range(D))
        for (const b of range(D))
          expect(result.kernels![k]![a]![b]).toBeCloseTo(mean(networks.map((m) => blocks(whole(m, k), a, b))), 12);
    }
    expect([result.kernelInitial, result.kernelFinal]).toEqual([result.kernels![0], result.kernels![2]]);
    for (const part of range(parts)) {
      for (const a of range(D)) {
        for (const b of range(D)) {
          const of = (k: number): number => mean(networks.map((m) => blocks(recorded(m, k, part), a, b)));
          expect(result.kernelLayers!.initial[part]![a]![b]).toBeCloseTo(of(0), 12);
          expect(result.kernelLayers!.final[part]![a]![b]).toBeCloseTo(of(2), 12);
        }
      }
    }
    // Weights and biases of the output's layer: (6 + 1) 2 of mean square near 1.
    const { meanSquare } = result.parameterNorms!;
    const squares = networks.map((m) => batch.norms[m * times.length * parts * 2 + 2 * (parts - 1)]!);
    expect(meanSquare[0]![parts - 1]).toBeCloseTo(mean(squares) / 14, 12);
  });

  it("has linearisations whose outputs push each other", async () => {
    const given = study([[2, -1]], { momentum: 0, potential: "quadratic" });
    const { result, batch } = await run({
      ...given,
      data: { inputs: [[0.7]], targets: [[2, -1]] },
      ensemble: { size: 1, seed: 3 },
      observe: { kernelMatrices: false, kernelsByLayer: false, parameterNorms: false, linearised: true },
    });
    const { mean: twin, std, error } = result.linearised!;
    const [aa, ab, ba, bb] = batch.kernels as unknown as [number, number, number, number];
    expect(Math.abs(ab)).toBeGreaterThan(1e-3);
    let phi = [result.mean[0]![0]![0]! - 2, result.mean[0]![0]![1]! + 1] as [number, number];
    for (let step = 0, t = 0; t < result.times.length; step++) {
      const [x, y] = phi;
      if (result.times[t] === step) {
        expect(twin[t]![0]![0]).toBeCloseTo(x + 2, 13);
        expect(twin[t]![0]![1]).toBeCloseTo(y - 1, 13);
        expect(std[t]).toEqual([[0, 0]]);
        const apart = [result.mean[t]![0]![0]! - x - 2, result.mean[t]![0]![1]! - y + 1];
        expect(error[t]).toBeCloseTo(norm(apart) / Math.SQRT2, 13);
        t++;
      }
      phi = [x - result.eta * (aa * x + ab * y), y - result.eta * (ba * x + bb * y)];
    }
  });

  it("keeps its shapes up to a divergence", async () => {
    const error = await networkStudy(study(TARGETS, { learningRate: { relative: 1e6 }, steps: 60 }), referenceEngine)
      .then(() => undefined)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DivergenceError);
    const partial = (error as DivergenceError<PartialNetworkResult<number[]>>).partial!;
    expect(partial.outputs).toEqual(["0", "1"]);
    expect(partial.mean[0]!.map((of) => of.length)).toEqual([2, 2, 2]);
    expect(partial.mean.length).toBeLessThan(31);
  });

  it("is of one output the study that has no list of them", async () => {
    const column = TARGETS.map(([y]) => y!);
    const plain = await networkStudy(study(column), referenceEngine);
    expect(await networkStudy(study(column.map((y) => [y])), referenceEngine)).toEqual(plain);
    expect(plain.result.outputs).toBeUndefined();
    expect(plain.result.mean[0]!.every((value) => typeof value === "number")).toBe(true);
  });
});

describe("theory of two outputs", () => {
  it.each<[string, Partial<NetworkStudy["training"]>]>([
    ["closed form", {}],
    ["samples of a quartic loss", { potential: "quartic", learningRate: { relative: 0.02 } }],
    ["samples with mini-batches", { batch: { size: 2, seed: 4 } }],
  ])("is that of each alone, %s", async (_, training) => {
    const both = (await networkStudy<number[]>(study(TARGETS, training), referenceEngine)).result;
    const theory = both.theory!;
    const losses = theory.loss!.map(() => 0);
    for (const c of range(C)) {
      const { result: one } = await networkStudy(
        study(
          TARGETS.map((row) => row[c]!),
          training,
        ),
        referenceEngine,
      );
      const column = (of: readonly (readonly number[][])[] | readonly number[][][]): number[][] =>
        of.map((row) => row.map((values) => values[c]!));
      expect(column(theory.mean)).toEqual(one.theory!.mean);
      expect(column(theory.std!)).toEqual(one.theory!.std);
      expect(theory.covarianceFinal[c]).toEqual(one.theory!.covarianceFinal);
      expect(theory.samples).toBe(one.theory!.samples);
      expect(theory.meanError && column(theory.meanError)).toEqual(one.theory!.meanError);
      const test = both.test!.theory!;
      expect(test.mean.map((values) => values[c])).toEqual(one.test!.theory!.mean);
      expect(test.std.map((values) => values[c])).toEqual(one.test!.theory!.std);
      expect(test.meanError?.map((values) => values[c])).toEqual(one.test!.theory!.meanError);
      for (const [t, loss] of one.theory!.loss!.entries()) losses[t]! += loss;
      expect(both.modes.eigenvalues).toEqual(one.modes.eigenvalues);
      expect(both.eta).toBe(one.eta);
    }
    for (const [t, loss] of losses.entries()) expect(theory.loss![t]! / loss).toBeCloseTo(1, 12);
    expect(theory.lossError === undefined).toBe(theory.samples === undefined);
  });
  it("counts what V has at its extremum in the loss", async () => {
    const loss = async (potential: NetworkStudy["training"]["potential"]): Promise<number[]> =>
      (await networkStudy<number[]>(study(TARGETS, { potential }), referenceEngine)).result.theory!.loss!;
    const raised = await loss({ expression: "phi^2/2 + 3" });
    for (const [t, from] of (await loss("quadratic")).entries()) expect(raised[t]! - from).toBeCloseTo(3 * D * C, 12);
  });
  it("knows the loss of all outputs to the error of their samples together", async () => {
    // The same f(0) and targets: the loss is twice that of one, in every sample.
    const quartic = { potential: "quartic", learningRate: { relative: 0.02 } };
    const twice = await networkStudy(
      study(
        [
          [1, 1],
          [0, 0],
          [-1, -1],
        ],
        quartic,
      ),
      referenceEngine,
    );
    const once = await networkStudy(study([1, 0, -1], quartic), referenceEngine);
    for (const [t, error] of once.result.theory!.lossError!.entries()) {
      expect(twice.result.theory!.lossError![t]! / error).toBeCloseTo(2, 10);
    }
  });
});
