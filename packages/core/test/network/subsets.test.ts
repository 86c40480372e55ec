/** Mini-batches: that an epoch takes each datum once, that all data are as likely, and that theory and its linearisations see the same ones. */
import { parseConfig } from "@slowroll/core/config/parse";
import type { Engine } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { InputError } from "@slowroll/core/errors";
import { jointKernel } from "@slowroll/core/network/outputs";
import { networkStudy } from "@slowroll/core/network/run";
import { type NetworkSetup, setupNetwork } from "@slowroll/core/network/setup";
import { drawSubsets, forceWeight } from "@slowroll/core/network/subsets";
import { compilePotential } from "@slowroll/core/potential/compile";
import { recursion } from "@slowroll/core/theory/prediction";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const membersOf = (points: number, steps: number, size: number, seed = 4): number[][] => {
  const subsets = drawSubsets(points, steps, { size, seed });
  const all = Array.from({ length: points }, (_, a) => a);
  return Array.from({ length: steps }, (_, step) => all.filter((a) => forceWeight(subsets, step, a) > 0));
};

describe("mini-batches", () => {
  it.each([
    [8, 3],
    [37, 5],
    [64, 64],
    [33, 1],
    [100, 99],
  ])("of %i data in %i take no datum twice in an epoch", (points, size) => {
    const runs = Math.floor(points / size);
    const members = membersOf(points, 3 * runs, size);
    for (let epoch = 0; epoch < 3; epoch++) {
      const taken = members.slice(epoch * runs, (epoch + 1) * runs).flat();
      expect(taken).toHaveLength(runs * size);
      expect(new Set(taken).size).toBe(taken.length);
    }
  });
  it("weigh what they take by D/size, so that their mean is the full batch", () => {
    const steps = 20_000;
    const subsets = drawSubsets(7, steps, { size: 3, seed: 2 });
    for (let a = 0; a < 7; a++) {
      let sum = 0;
      for (let step = 0; step < steps; step++) sum += forceWeight(subsets, step, a);
      // Of a step the variance is D/size - 1.
      expect(Math.abs(sum / steps - 1)).toBeLessThan(5 * Math.sqrt((7 / 3 - 1) / steps));
    }
  });
  it("are set by their seed, and of more steps the first are the same", () => {
    expect(membersOf(12, 9, 5)).toEqual(membersOf(12, 30, 5).slice(0, 9));
    expect(membersOf(12, 9, 5, 5)).not.toEqual(membersOf(12, 9, 5));
    expect(membersOf(12, 9, 5)[0]).not.toEqual(membersOf(12, 9, 5)[2]);
  });
  it("are no larger than the data, and no table is larger than what is bound", () => {
    expect(() => drawSubsets(4, 10, { size: 5, seed: 1 })).toThrow(InputError);
    expect(() => drawSubsets(40, 2 ** 24, { size: 5, seed: 1 })).toThrow(/fewer steps/);
  });
});

it("mini-batches leave out a datum's outputs all together", async () => {
  const [D, C] = [3, 2];
  const theta = Float64Array.of(1, 0.5, 0.2, 0.5, 1, 0.3, 0.2, 0.3, 1);
  const own = { learningRate: 0.3, momentum: 0.5, subsets: drawSubsets(D, 5, { size: 1, seed: 2 }) };
  const potential = await compilePotential("doubleWell");
  const initial = Float64Array.of(1, -2, 0.5, 0.3, -0.7, 2);
  const all = recursion(
    { ...own, potential, points: D * C, outputs: C, theta: jointKernel(theta, D, C) },
    initial,
    [5],
  );
  for (let c = 0; c < C; c++) {
    const of = (values: Float64Array): Float64Array => values.filter((_, i) => i % C === c);
    const alone = recursion({ ...own, potential, points: D, theta }, of(initial), [5]);
    for (const [a, phi] of of(all).entries()) expect(phi).toBeCloseTo(alone[a]!, 12);
  }
});

describe("the warning of divergence", () => {
  const setupOf = async (size: number | undefined, momentum: number, relative: number, more = "", steps = 2000) =>
    setupNetwork(
      await parseConfig(
        "network",
        `data: { inputs: { circle: { points: 8 } } }
training: { steps: ${steps}, learningRate: { relative: ${relative} }, momentum: ${momentum}${size ? `, batch: { size: ${size} }` : ""}${more} }`,
      ),
    );
  /** How much larger |phi| is after the steps, from f = 0. */
  const growth = ({ data, kernels, potential, eta, subsets }: NetworkSetup, momentum: number): number => {
    const dynamics = { points: 8, theta: kernels.ntk, potential, learningRate: eta, momentum, subsets };
    const size = (phi: Float64Array): number => Math.hypot(...phi);
    const initial = data.targets.map((y) => -y);
    return size(recursion(dynamics, initial, [2000])) / size(initial);
  };

  // Momentum makes what mini-batches bear less, data a step more.
  it.each([
    [1, 0, 0.82, 0.95],
    [1, 0.5, 0.55, 0.65],
    [1, 0.9, 0.14, 0.19],
    [3, 0, 1.2, 2],
    [3, 0.9, 0.35, 0.9],
    [8, 0, 1.95, 2.05],
    [8, 0.9, 3.7, 3.9],
  ])(
    "is there where steps of %i data with momentum %f diverge: not at x = %f, but at %f",
    async (size, momentum, low, high) => {
      const bears = await setupOf(size, momentum, low);
      expect(growth(bears, momentum)).toBeLessThan(2);
      expect(bears.warnings).toEqual([]);
      const grows = await setupOf(size, momentum, high);
      expect(growth(grows, momentum) > 1e3).toBe(true);
      expect(grows.warnings).toEqual([
        `training.learningRate: eta lambda_max V'' = ${high.toPrecision(3)} is past what steps of ${size} data bear, where descent is unstable at infinite width; finite networks may settle as their kernels fall`,
      ]);
    },
  );
  it("does not depend on how many of them there are, and is not for where V curves downwards", async () => {
    expect((await setupOf(1, 0.9, 0.5, "", 3)).warnings).toHaveLength(1);
    expect((await setupOf(1, 0.9, 1e300)).warnings).toHaveLength(1);
    expect((await setupOf(1, 0.9, 0.5, ", potential: { expression: '-phi^2/2' }")).warnings).toEqual([]);
    expect((await setupOf(undefined, 0.9, 3.9)).warnings.join()).toContain("is past 3.8");
  });
  it("is not for data that no kernel moves", async () => {
    const study = await parseConfig(
      "network",
      `network: { activation: linear, biasStd: 0 }
data: { inputs: [[1], [2], [3]], targets: [1, 0, 2] }
training: { learningRate: { relative: 0.5 }, batch: { size: 1 } }`,
    );
    expect((await setupNetwork(study)).warnings).toEqual([]);
  });
});

describe("an ensemble trained on them", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64", threads: 2 });
  });
  afterAll(() => engine.close());
  const study = async (more: string, width = 512, size = 200) =>
    (
      await networkStudy(
        await parseConfig(
          "network",
          `network: { width: ${width} }
data: { inputs: { circle: { points: 6 } }, test: { inputs: [[1, 1]] } }
training: { steps: 24, learningRate: { relative: 0.4 }, recordEvery: 4${more} }
observe: { linearised: true }
ensemble: { size: ${size} }`,
        ),
        engine,
      )
    ).result;

  it.each(["", ", momentum: 0.5", ", potential: { expression: 'phi^2/2 + phi^4/40' }"])(
    "follows theory on the same ones%s",
    async (more) => {
      const { mean, std, theory, test, linearised, times } = await study(`, batch: { size: 2, seed: 3 }${more}`);
      const samples = Math.sqrt(200);
      for (const [t, row] of mean.entries()) {
        for (const [a, f] of row.entries()) {
          const error = Math.hypot(std[t]![a]! / samples, theory!.meanError![t]![a]!);
          // Finite width moves the mean by some 1/width beside.
          expect(Math.abs(f - theory!.mean[t]![a]!)).toBeLessThan(5 * error + 0.01);
        }
      }
      const off = Math.abs(test!.mean[0]! - test!.theory!.mean[0]!);
      expect(off).toBeLessThan((5 * test!.std[0]!) / samples + 0.01);
      expect(linearised!.error[times.length - 1]).toBeLessThan(0.02);
    },
  );
  it("is not the full batch's, unless they hold all data", async () => {
    const full = await study("", 32, 4);
    const parts = await study(", batch: { size: 2, seed: 3 }", 32, 4);
    const whole = await study(", batch: { size: 6, seed: 3 }", 32, 4);
    const furthest = Math.max(...parts.mean.flatMap((row, t) => row.map((f, a) => Math.abs(f - full.mean[t]![a]!))));
    expect(furthest).toBeGreaterThan(0.1);
    expect(whole.mean).toEqual(full.mean);
  });
});
