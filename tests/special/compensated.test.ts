/** Functions of compensated numbers, on the software adapter, against float64 over their domains, where they end and what lies beyond. */

import { join, split } from "@slowroll/core/engine/webgpu/field/latticeNumbers";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { emitCompensatedWgsl } from "@slowroll/core/potential/compensated";
import { compilePotential } from "@slowroll/core/potential/compile";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluateWgsl, samples, spread, worst } from "../support/elementwise.ts";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

const [FIRST, SECOND] = ["bitcast<vec2f>(x.xy)", "bitcast<vec2f>(x.zw)"];

/** A function of shaders/special/compensated of each of `inputs`, or of each two where it is a power's. */
async function evaluate(file: string, name: string, inputs: Float64Array): Promise<Float64Array> {
  const each = file === "power" ? `${name}(${FIRST}, ${SECOND}), 0.0, 0.0` : `${name}(${FIRST}), ${name}(${SECOND})`;
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
  ["exponential", "exponential", [Infinity, -Infinity, NaN], [Infinity, 0, NaN]],
  ["exponential", "exponentialLessOne", [Infinity, -Infinity, NaN], [Infinity, -1, NaN]],
  ["logarithm", "naturalLogarithm", [1, 0, -1, -1e-30], [0, Number.NEGATIVE_INFINITY, Number.NaN, Number.NaN]],
  ["logarithm", "naturalLogarithm", [Infinity, -Infinity, NaN], [Infinity, NaN, NaN]],
  ["trigonometry", "sine", [0, Infinity, NaN], [0, NaN, NaN]],
  ["trigonometry", "cosine", [0, Infinity, NaN], [1, NaN, NaN]],
  ["hyperbolic", "hyperbolicTangent", [0, 100, -1e30, Infinity, -Infinity], [0, 1, -1, 1, -1]],
  ["hyperbolic", "hyperbolicSecantSquared", [0, 100, -1e30, Infinity], [1, 0, 0, 0]],
  [
    "power",
    "realPowerOf",
    [0, 2.5, 0, -1.5, -1, 2.5, 1e30, 7.5, 1e30, -7.5],
    [0, Number.POSITIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY, 0],
  ],
  [
    "power",
    "realPowerOf",
    [Infinity, 2.5, Infinity, -0.3, 2, 3e38, 0.5, 3e38, 2, -Infinity],
    [Infinity, 0, Infinity, 0, 0],
  ],
] as const)("%s: %s at its ends and beyond", async (file, name, inputs, wanted) => {
  const got = await evaluate(file, name, Float64Array.from(inputs));
  expect(Array.from(got).filter((_, i) => file !== "power" || i % 2 === 0)).toEqual(wanted);
});

/** As float32 holds it: infinite beyond its largest number. */
const ranged = (value: number): number => (Number.isFinite(Math.fround(value)) ? value : Infinity * value);

describe("operations of a potential", () => {
  const EXTREMES = [0, 1, -1, 2 ** -90, 1e30, -1e30, 2 ** 127, -(2 ** 127), (2 - 2 ** -23) * 2 ** 127];
  const VALUES = spread([...powersOfTwo(-60, 127).slice(0, 4000), ...EXTREMES, ...powersOfTwo(-2, 2).slice(0, 1000)]);
  const ALL = Float64Array.from([...VALUES.map(ranged), Infinity, -Infinity, NaN, 0]);
  /** Each two of them whose places differ by some numbers, so that small meets large and like meets like. */
  const PAIRS = [1, 2, 517].flatMap((shift) =>
    Array.from(ALL, (value, i) => [value, ALL[(i + shift) % ALL.length]!] as const),
  );
  const ENDS = [...EXTREMES, Infinity, -Infinity, NaN].map(ranged);
  PAIRS.push(...ENDS.flatMap((a) => ENDS.map((b) => [a, b] as const)));

  it.each([
    ["safePlus", (a, b) => a + b, (a, b) => 2 ** -46 * Math.max(Math.abs(a), Math.abs(b))],
    ["safeMinus", (a, b) => a - b, (a, b) => 2 ** -46 * Math.max(Math.abs(a), Math.abs(b))],
    ["safeTimes", (a, b) => a * b, (a, b) => 2 ** -46 * Math.abs(a * b)],
    // The remainder of what is nearly the largest number is not finite, and the quotient float32's.
    ["over", (a, b) => a / b, (a, b) => (Math.abs(a) > 2 ** 127.9999 ? 2 ** -23 : 2 ** -44) * Math.abs(a / b)],
    ["squareRoot", (a) => Math.sqrt(a), (a) => 2 ** -44 * Math.sqrt(a)],
  ] as [string, (a: number, b: number) => number, (a: number, b: number) => number][])(
    "%s is float64's to 2^-44 or better, and float32's where that is not finite",
    async (name, reference, bound) => {
      const words = new Uint32Array(split(Float64Array.from(PAIRS.flat())).buffer);
      const call = `${name}(${name === "squareRoot" ? FIRST : `${FIRST}, ${SECOND}`})`;
      const got = join(
        await evaluateWgsl(gpu, "// include: field/compensated.wgsl", `vec4f(${call}, 0.0, 0.0)`, words),
      );
      const wrong = PAIRS.flatMap(([a, b], i) => {
        // WGSL leaves open what quotients by larger numbers are.
        if (name === "over" && Number.isFinite(b) && Math.abs(b) > 2 ** 126) return [];
        const [value, want] = [got[2 * i]!, ranged(reference(a, b))];
        if (Number.isFinite(want) && Math.abs(value - want) <= bound(a, b) + FLUSHED) return [];
        return Object.is(value, want) ? [] : [{ a, b, value, want }];
      });
      expect(wrong).toEqual([]);
    },
  );
});

describe("potentials whose parts overflow", () => {
  const exp = (x: number): number => ranged(Math.exp(x));
  it.each([
    ["1/(1 + exp(phi))", (phi) => 1 / (1 + exp(phi))],
    ["exp(-exp(phi))", (phi) => exp(-exp(phi))],
    ["log(2 + exp(phi))", (phi) => Math.log(2 + exp(phi))],
    ["tanh(exp(phi)) + exp(phi)", (phi) => Math.tanh(exp(phi)) + exp(phi)],
    ["(2 + exp(phi))^-0.3", (phi) => (2 + exp(phi)) ** -0.3],
    ["sqrt(2 + exp(phi))", (phi) => Math.sqrt(2 + exp(phi))],
    ["1/(1 + phi^4)", (phi) => 1 / (1 + ranged(phi ** 4))],
  ] as [string, (phi: number) => number][])("%s has the limit that float32 has", async (expression, reference) => {
    const inputs = spread([...samples(-120, 120, 2000), 100, 1e3, 1e10, -1e10, 1e30].map((phi) => phi || 1));
    const code = `// include: field/compensated.wgsl\n${emitCompensatedWgsl(await compilePotential({ expression }))}`;
    const each = [FIRST, SECOND].map((place) => `potentialValue(Fields(${place}), 0u)`).join(", ");
    const words = new Uint32Array(split(inputs).buffer);
    const got = join(await evaluateWgsl(gpu, code, `vec4f(${each})`, words));
    const wrong = [...inputs].flatMap((phi, i) => {
      const want = ranged(reference(phi));
      const bound = Number.isFinite(want) ? FLUSHED + 1e-11 * Math.abs(want) : 0;
      return got[i] === want || Math.abs(got[i]! - want) <= bound ? [] : [{ phi, got: got[i], want }];
    });
    expect(wrong).toEqual([]);
  });
});
