/** The dictionary and its three orders (physics.md section 3): errors against x, exactness, and that a wrong Hubble rate is seen. */
import { dictionary } from "@slowroll/core/duality/dictionary";
import { compareDuals, exactDual, secondOrderDual, slowRollDual } from "@slowroll/core/duality/dual";
import { slope } from "@slowroll/core/duality/scaling";
import { DivergenceError } from "@slowroll/core/errors";
import { eigen } from "@slowroll/core/linalg/eigen";
import { activationNamed } from "@slowroll/core/network/activations";
import { prepareData } from "@slowroll/core/network/data";
import { compilePotential } from "@slowroll/core/potential/compile";
import { infiniteWidthKernels } from "@slowroll/core/theory/kernels";
import { recursion } from "@slowroll/core/theory/prediction";
import { beforeAll, describe, expect, it } from "vitest";

const D = 8;
let theta: Float64Array;
let initial: Float64Array;
let largest: number;
beforeAll(async () => {
  const data = await prepareData({ inputs: { circle: { points: D } }, targets: "sin(theta) + 0.5*cos(2*theta)" });
  const architecture = {
    inputDimension: 2,
    depth: 1,
    width: 1,
    activation: activationNamed("erf"),
    weightStd: 1.5,
    biasStd: 0.1,
  };
  theta = infiniteWidthKernels(architecture, data.inputs, D).ntk;
  largest = eigen(theta, D).values[0]!;
  initial = data.targets.map((y) => -y);
});

const STEPS = Array.from({ length: 201 }, (_, t) => t);
async function dynamicsAt(x: number, momentum = 0, potential: Parameters<typeof compilePotential>[0] = "quadratic") {
  return { points: D, theta, potential: await compilePotential(potential), learningRate: x / largest, momentum };
}

/** Largest |dual - recursion| over largest |phi(0)|. */
function error(dual: Float64Array, theory: Float64Array): number {
  const scale = Math.max(...initial.map(Math.abs));
  return Math.max(...dual.map((value, i) => Math.abs(value - theory[i]!))) / scale;
}

describe("dictionary", () => {
  it("has Lambda eta = 2/3 for plain descent, whatever the rate", () => {
    for (const eta of [1e-3, 0.1, 2]) expect(dictionary(eta, 0).lambdaEta).toBeCloseTo(2 / 3, 14);
  });
  it("is that of the table with momentum", () => {
    const { friction, lambda, timeUnit } = dictionary(0.02, 0.9);
    expect(friction).toBeCloseTo(0.1 * Math.sqrt(2 / (0.02 * 1.9)), 12);
    expect(lambda).toBeCloseTo((2 / 3) * (0.01 / (1.9 * 0.02)), 12);
    expect(timeUnit).toBeCloseTo(Math.sqrt(0.04 / 1.9), 14);
  });
});

describe("errors of the duals", () => {
  it.each([
    [0.4, 7.9e-3, 6.2e-2],
    [0.2, 1.8e-3, 2.8e-2],
    [0.1, 4.4e-4, 1.4e-2],
    [0.05, 1.1e-4, 6.6e-3],
  ])("are as measured before at x = %d", async (x, second, slow) => {
    const { errors } = compareDuals(await dynamicsAt(x), initial, STEPS);
    expect(Math.abs(errors.secondOrder! / second - 1)).toBeLessThan(0.1);
    expect(Math.abs(errors.slowRoll! / slow - 1)).toBeLessThan(0.1);
  });

  const potentials: Parameters<typeof compilePotential>[0][] = ["quadratic", "quartic", "cosine"];
  it.each(potentials)("fall as x and x^2 for %s V", async (potential) => {
    const xs = [0.1, 0.05, 0.025];
    const slow: number[] = [];
    const second: number[] = [];
    const wrong: number[] = [];
    for (const x of xs) {
      const dynamics = await dynamicsAt(x, 0, potential);
      const theory = recursion(dynamics, initial, STEPS);
      slow.push(error(slowRollDual(dynamics, initial, STEPS), theory));
      second.push(error(secondOrderDual(dynamics, initial, STEPS), theory));
      wrong.push(error(secondOrderDual(dynamics, initial, STEPS, 1.05), theory));
    }
    expect(Math.abs(slope(xs, slow)! - 1)).toBeLessThan(0.1);
    expect(Math.abs(slope(xs, second)! - 2)).toBeLessThan(0.1);
    // A Hubble rate that is 5% off leaves an error that does not fall.
    expect(slope(xs, wrong)!).toBeLessThan(1);
  });
});

/** One datum of Theta = 1 and V = phi^2/2, so that x is the learning rate. */
const single = async (learningRate: number, momentum: number) => ({
  ...(await dynamicsAt(1, momentum)),
  points: 1,
  theta: Float64Array.of(1),
  learningRate,
});

describe("the dual of second order", () => {
  it.each([
    [0.001, 0.9],
    [0.05, 0.5],
    [0.3, 0],
  ])("starts with what the network's first step tells, for x = %d, momentum %d", async (x, momentum) => {
    const a = (1 + momentum) / (2 * x);
    const b = (1 - momentum) / x;
    const [fast, slow] = [-1, 1].map((sign) => (-b + sign * Math.sqrt(b * b - 4 * a)) / (2 * a)) as [number, number];
    // Networks with momentum start at rest; the others are on the attractor.
    const rate = momentum > 0 ? -x / 2 : -x * (1 + x / 2);
    const share = (rate - fast) / (slow - fast);
    const dual = secondOrderDual(await single(x, momentum), [1], STEPS);
    const wanted = STEPS.map((t) => share * Math.exp(slow * t) + (1 - share) * Math.exp(fast * t));
    expect(Math.max(...wanted.map((phi, t) => Math.abs(dual[t]! - phi)))).toBeLessThan(1e-10);
  });
});

describe("the exact dual", () => {
  it.each([
    [0.5, 0],
    [0.5, 0.5],
    [0.5, 0.9],
    [1.8, 0.5],
    [0.01, 0.9],
  ])("equals the steps for x = %d, momentum %d", async (x, momentum) => {
    const dynamics = await dynamicsAt(x, momentum);
    const dual = exactDual(dynamics, initial, STEPS);
    expect(error(dual!, recursion(dynamics, initial, STEPS))).toBeLessThan(1e-9);
  });
  it("equals the steps where both roots are one", async () => {
    // z^2 - z + 1/4.
    const dynamics = await single(0.25, 0.25);
    const dual = exactDual(dynamics, [1], STEPS)!;
    const theory = recursion(dynamics, [1], STEPS);
    expect(Math.max(...theory.map((phi, t) => Math.abs(dual[t]! - phi)))).toBeLessThan(1e-14);
  });
  it("does not exist past the last positive root, nor for other V", async () => {
    expect(exactDual(await dynamicsAt(1), initial, STEPS)).toBeNull();
    expect(exactDual(await dynamicsAt(3, 0.5), initial, STEPS)).toBeNull();
    expect(exactDual(await dynamicsAt(0.1, 0, "quartic"), initial, STEPS)).toBeNull();
  });
});

describe("a dual that blows up", () => {
  it("while the network stays finite is null, with a warning", async () => {
    const dynamics = await dynamicsAt(1, 0, "hilltop");
    const { theory, dual, errors, warnings } = compareDuals(dynamics, initial, STEPS.slice(0, 4));
    expect(theory.every(Number.isFinite)).toBe(true);
    expect([dual.slowRoll, errors.slowRoll]).toEqual([null, null]);
    expect(warnings[0]).toContain("slowRoll");
  });
  it("with the network is a divergence that names the step", async () => {
    const dynamics = await dynamicsAt(1, 0, "hilltop");
    try {
      compareDuals(dynamics, initial, STEPS);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(DivergenceError);
      expect((error as DivergenceError).step).toBeGreaterThan(3);
    }
  });
});
