/** The WGSL functions that kernels are made of, on the software adapter, against float64 over their domains. */
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { activations } from "@slowroll/core/network/activations";
import { normal4 } from "@slowroll/core/random/normal";
import { keyOfSeed, philox4x32 } from "@slowroll/core/random/philox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bitsOf, evaluateWgsl, samples, worst } from "../support/elementwise.ts";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

/** Where formulas change, saturate, underflow or would overflow. */
const EDGES = [
  0, -0, 1e-37, -1e-30, 1e-6, -1e-6, 0.25, -0.25, 0.7, -0.7, 13, -13, 40, -40, 89, -89, 1e3, -1e3, 1e4, -1e4,
];

const { value: erf } = activations.erf!;
const floats = "bitcast<vec4f>(x)";

describe("elementary functions", () => {
  it.each([
    [
      "log",
      "special/log.wgsl",
      "vec4f(accurateLog(X.xy), accurateLog(X.zw))",
      Math.log,
      [1e-30, 1e30],
      { absolute: 0, relative: 3e-7 },
    ],
    [
      "log near 1",
      "special/log.wgsl",
      "vec4f(accurateLog(X.xy), accurateLog(X.zw))",
      Math.log,
      [0.999, 1.001],
      { absolute: 1e-15, relative: 3e-7 },
    ],
    ["sin", "special/trigonometry.wgsl", "sinCos(X).sin", Math.sin, [-30, 30], { absolute: 1.5e-7, relative: 0 }],
    ["cos", "special/trigonometry.wgsl", "sinCos(X).cos", Math.cos, [-1e4, 1e4], { absolute: 1.5e-7, relative: 0 }],
    ["erf", "special/erf.wgsl", "erfPair(X).erf", erf, [-6, 6], { absolute: 1.5e-7, relative: 0 }],
    ["erf near 0", "special/erf.wgsl", "erfPair(X).erf", erf, [-0.1, 0.1], { absolute: 0, relative: 4e-7 }],
    [
      "Gaussian",
      "special/erf.wgsl",
      "erfPair(X).gaussian",
      (z: number) => Math.exp(-z * z),
      [-6, 6],
      { absolute: 4e-7, relative: 0 },
    ],
    ["tanh", "special/hyperbolic.wgsl", "safeTanh4(X)", Math.tanh, [-2, 2], { absolute: 0, relative: 5e-7 }],
    [
      "tanh far out",
      "special/hyperbolic.wgsl",
      "safeTanh4(X)",
      Math.tanh,
      [-1e4, 1e4],
      { absolute: 1.5e-7, relative: 0 },
    ],
    [
      "expm1",
      "special/hyperbolic.wgsl",
      "vec4f(expMinusOne(X.x), expMinusOne(X.y), expMinusOne(X.z), expMinusOne(X.w))",
      Math.expm1,
      [-20, 5],
      { absolute: 0, relative: 1e-6 },
    ],
    [
      "sech squared",
      "special/hyperbolic.wgsl",
      "vec4f(sechSquared(X.x), sechSquared(X.y), sechSquared(X.z), sechSquared(X.w))",
      (x: number) => 1 / Math.cosh(x) ** 2,
      [-30, 30],
      // WGSL's exp alone may be off by 3 + 2 |2x| units in the last place.
      { absolute: 0, relative: 5e-6 },
    ],
  ] as const)("%s", async (_name, file, expression, reference, [low, high], bound) => {
    const inputs = samples(low, high, 100_000);
    const got = await evaluateWgsl(gpu, `// include: ${file}`, expression.replaceAll("X", floats), bitsOf(inputs));
    expect(worst(got, Float64Array.from(inputs, reference), bound)).toBeLessThan(1);
  });
});

describe("activations", () => {
  it.each(Object.values(activations))("$name: value and slope", async (activation) => {
    const inputs = Float32Array.from([...samples(-8, 8, 50_000), ...EDGES]);
    const code = `struct ActivationPair { value: vec4f, slope: vec4f }\n${activation.wgsl}`;
    const value = await evaluateWgsl(gpu, code, `activation(${floats}).value`, bitsOf(inputs));
    const slope = await evaluateWgsl(gpu, code, `activation(${floats}).slope`, bitsOf(inputs));
    // float32 rounding of a result of order one and of the adapter's exp; gelu and linear grow with z.
    const bound = { absolute: 2.5e-7, relative: 2.5e-7 };
    expect(worst(value, Float64Array.from(inputs, activation.value), bound)).toBeLessThan(1);
    expect(worst(slope, Float64Array.from(inputs, activation.derivative), bound)).toBeLessThan(1);
  });
});

describe("random numbers", () => {
  const blocks = 20_000;
  const key = keyOfSeed(2 ** 40 + 7);
  const keyText = `vec2u(${key[0]}u, ${key[1]}u)`;
  const counters = Array.from(
    { length: blocks },
    (_, block) => [block * 7919, block % 13, 2 ** 31 + block, 0] as const,
  );

  it("Philox gives the same bits", async () => {
    const code = "// include: random/philox.wgsl";
    const got = await evaluateWgsl(
      gpu,
      code,
      `bitcast<vec4f>(philox4x32(x, ${keyText}))`,
      Uint32Array.from(counters.flat()),
    );
    expect(Array.from(new Uint32Array(got.buffer))).toEqual(
      counters.flatMap((counter) => [...philox4x32(counter, key)]),
    );
  });

  it("normals agree to float32 rounding", async () => {
    const words = counters.map((counter) => philox4x32(counter, key));
    words.push([0, 0, 0xffffffff, 0xffffffff], [0xffffff00, 0x80000000, 0xfffffe00, 0x40000000]);
    const got = await evaluateWgsl(gpu, "// include: random/normal.wgsl", "normal4(x)", Uint32Array.from(words.flat()));
    expect(
      worst(
        got,
        words.flatMap((w) => [...normal4(w)]),
        { absolute: 3e-7, relative: 1.2e-7 },
      ),
    ).toBeLessThan(1);
  });
});

it("a weight's unit and input come of its number, beyond 32 bits too", async () => {
  const cases = [1, 2, 3, 5, 784, 65_536, 65_537, 130_000, 2 ** 24].flatMap((fanIn) =>
    // Units have fewer than 2^24 of them.
    [0, 1, 7, 12_345, 2 ** 30 - 1, 2 ** 30, 2 ** 31 + 5, 2 ** 32 - 1]
      .filter((quad) => (4 * quad) / fanIn < 2 ** 24)
      .flatMap((quad) => [0, 1, 2, 3].map((e) => [quad, e, fanIn, 0] as const)),
  );
  expect(Math.max(...cases.map(([quad]) => 4 * quad))).toBeGreaterThan(2 ** 33);
  const code = "// include: network/numbered.wgsl";
  const got = await evaluateWgsl(
    gpu,
    code,
    "bitcast<vec4f>(vec4u(unitAndInput(x.x, x.y, x.z), 0u, 0u))",
    Uint32Array.from(cases.flat()),
  );
  expect(Array.from(new Uint32Array(got.buffer))).toEqual(
    cases.flatMap(([quad, e, fanIn]) => [Math.floor((4 * quad + e) / fanIn), (4 * quad + e) % fanIn, 0, 0]),
  );
});
