/** Functions of compensated numbers, on the software adapter, against float64 over their domains, where they end and what lies beyond. */
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { join, split } from "@slowroll/core/engine/webgpu/latticeNumbers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluateWgsl, samples, spread, worst } from "../support/elementwise.ts";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

/** A function of shaders/special/compensated of each of `inputs`, or of each two where it is a power's. */
async function evaluate(file: string, name: string, inputs: Float64Array): Promise<Float64Array> {
  const [first, second] = ["bitcast<vec2f>(x.xy)", "bitcast<vec2f>(x.zw)"];
  const each = file === "power" ? `${name}(${first}, ${second}), 0.0, 0.0` : `${name}(${first}), ${name}(${second})`;
  const words = new Uint32Array(split(inputs).buffer);
  return join(await evaluateWgsl(gpu, `// include: special/compensated/${file}.wgsl`, `vec4f(${each})`, words));
}

/** Where the smaller part of a result is subnormal and may be flushed to 0. */
const FLUSHED = 2 ** -125;
const sechSquared = (x: number): number => {
  const e = Math.exp(-2 * Math.abs(x));
  return (4 * e) / (1 + e) ** 2;
};
/** Both signs of 2^u, u between the numbers given. */
const powersOfTwo = (low: number, high: number): Float32Array =>
  samples(low, high, 20_000).map((u, i) => (i % 2 ? -1 : 1) * 2 ** u);

describe.each([
  ["exponential", "exponential", Math.exp, [-60, 88.7], { absolute: 0, relative: 2 ** -44 }],
  ["exponential", "exponential", Math.exp, [-110, -60], { absolute: FLUSHED, relative: 2 ** -44 }],
  ["exponential", "exponentialLessOne", Math.expm1, [-3, 3], { absolute: 0, relative: 2 ** -42 }],
  ["exponential", "exponentialLessOne", Math.expm1, [-200, 88.7], { absolute: 0, relative: 2 ** -42 }],
  ["logarithm", "naturalLogarithm", Math.log, [0.5, 2], { absolute: 0, relative: 2 ** -44 }],
  ["logarithm", "naturalLogarithm", Math.log, [0.999, 1.001], { absolute: 0, relative: 2 ** -44 }],
  ["logarithm", "naturalLogarithm", Math.log, [1e-3, 3e38], { absolute: 0, relative: 2 ** -44 }],
  ["trigonometry", "sine", Math.sin, [-0.78, 0.78], { absolute: 0, relative: 2 ** -43 }],
  ["trigonometry", "sine", Math.sin, [-30, 30], { absolute: 2 ** -43, relative: 0 }],
  ["trigonometry", "sine", Math.sin, [-1e5, 1e5], { absolute: 2 ** -43, relative: 0 }],
  ["trigonometry", "cosine", Math.cos, [-30, 30], { absolute: 2 ** -43, relative: 0 }],
  ["trigonometry", "cosine", Math.cos, [-1e5, 1e5], { absolute: 2 ** -43, relative: 0 }],
  ["hyperbolic", "hyperbolicTangent", Math.tanh, [-3, 3], { absolute: 0, relative: 2 ** -42 }],
  ["hyperbolic", "hyperbolicTangent", Math.tanh, [-1e4, 1e4], { absolute: 0, relative: 2 ** -42 }],
  ["hyperbolic", "hyperbolicSecantSquared", sechSquared, [-30, 30], { absolute: 0, relative: 2 ** -43 }],
  ["hyperbolic", "hyperbolicSecantSquared", sechSquared, [-100, 100], { absolute: 4 * FLUSHED, relative: 2 ** -43 }],
] as const)("%s: %s", (file, name, reference, [low, high], bound) => {
  it(`between ${low} and ${high} is good to ${bound.absolute} + ${bound.relative} of itself`, async () => {
    const inputs = spread(samples(low, high, 20_000));
    const got = await evaluate(file, name, inputs);
    expect(worst(got, inputs.map(reference), bound)).toBeLessThan(1);
    // What float32 alone would give is far outside.
    expect(worst(Float32Array.from(got), inputs.map(reference), bound)).toBeGreaterThan(1000);
  });
});

it.each([
  ["exponential", "exponentialLessOne", Math.expm1, 2 ** -42],
  ["trigonometry", "sine", Math.sin, 2 ** -43],
  ["hyperbolic", "hyperbolicTangent", Math.tanh, 2 ** -42],
] as const)("%s: %s of numbers from 2^-100 on keeps its digits", async (file, name, reference, relative) => {
  const inputs = spread(powersOfTwo(-100, -1));
  const bound = { absolute: FLUSHED, relative };
  expect(worst(await evaluate(file, name, inputs), inputs.map(reference), bound)).toBeLessThan(1);
});

it("the logarithm of numbers from 2^-80 to 2^127", async () => {
  const inputs = spread(powersOfTwo(-80, 127).map(Math.abs));
  const got = await evaluate("logarithm", "naturalLogarithm", inputs);
  expect(worst(got, inputs.map(Math.log), { absolute: 0, relative: 2 ** -44 })).toBeLessThan(1);
});

it.each([
  [0, 10, -5, 5],
  [0.5, 2, -60, 60],
  [1e-9, 1e9, -4, 4],
])("the powers of numbers from %d to %d by %d to %d", async (low, high, least, most) => {
  const bases = samples(low, high, 10_000).map((x) => x || 1);
  const exponents = samples(least, most, 10_000, 2);
  const inputs = spread(
    Float64Array.from({ length: 2 * bases.length }, (_, i) => (i % 2 ? exponents : bases)[i >> 1]!),
  );
  const results = (await evaluate("power", "realPowerOf", inputs)).filter((_, i) => i % 2 === 0);
  for (const [i, got] of results.entries()) {
    const [x, y] = [inputs[2 * i]!, inputs[2 * i + 1]!];
    const relative = (4 + Math.abs(y * Math.log(x))) * 2 ** -46;
    expect(worst([got], [x ** y], { absolute: FLUSHED, relative })).toBeLessThan(1);
  }
});

it.each([
  [
    "exponential",
    "exponential",
    [0, -200, -1e30, 89, 1e30],
    [1, 0, 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ],
  [
    "exponential",
    "exponentialLessOne",
    [0, -200, -1e30, 89, 1e30],
    [0, -1, -1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ],
  ["logarithm", "naturalLogarithm", [1, 0, -1, -1e-30], [0, Number.NEGATIVE_INFINITY, Number.NaN, Number.NaN]],
  ["trigonometry", "sine", [0], [0]],
  ["trigonometry", "cosine", [0], [1]],
  ["hyperbolic", "hyperbolicTangent", [0, 100, -1e30], [0, 1, -1]],
  ["hyperbolic", "hyperbolicSecantSquared", [0, 100, -1e30], [1, 0, 0]],
  [
    "power",
    "realPowerOf",
    [0, 2.5, 0, -1.5, -1, 2.5, 1e30, 7.5, 1e30, -7.5],
    [0, Number.POSITIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY, 0],
  ],
] as const)("%s: %s at its ends and beyond", async (file, name, inputs, wanted) => {
  const got = await evaluate(file, name, Float64Array.from(inputs));
  expect(Array.from(got).filter((_, i) => file !== "power" || i % 2 === 0)).toEqual(wanted);
});
