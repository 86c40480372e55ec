/** What precision compensated rests on, that an adapter's compiler leaves its numbers alone: tried on one that does, and on what others make of them. */
import { webGpuEngine } from "@slowroll/core/engine/webgpu/engine";
import {
  assertErrorFree,
  assertOperations,
  assertTrials,
  trialSpecialisation,
} from "@slowroll/core/engine/webgpu/field/errorFree";
import { ALWAYS, LANES, type Trial, trialOf } from "@slowroll/core/engine/webgpu/field/trials";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { EngineUnavailableError } from "@slowroll/core/errors";
import { type CompensatedOperation, operationsOf } from "@slowroll/core/potential/compensated";
import { compilePotential } from "@slowroll/core/potential/compile";
import { resolveIncludes } from "@slowroll/shaders";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

/** What a compiler makes of each operation that takes rounding for nothing, or fuses or reorders: a part of its text and what stands for it. */
const OF_POTENTIALS: Readonly<Record<CompensatedOperation, readonly [string, string]>> = {
  "+": ["settled(sum.x, sum.y + (a.y + b.y))", "settled(sum.x, a.y + b.y)"],
  "-": ["return safePlus(a, -b);", "return exactly(a.x - b.x);"],
  "*": ["settled(product.x, product.y + (", "settled(product.x, ("],
  "/": ["minus(a, times(exactly(first), b))", "minus(a, exactly(first * b.x))"],
  sqrt: ["times(better, better)", "exactly(better.x * better.x)"],
  exp: ["Number(1.42860677e-6, 5.49792315e-14)", "exactly(1.42860677e-6)"],
  expm1: ["Number(0.166666672, -4.96705388e-9)", "exactly(0.166666672)"],
  log: ["Number(0.333333343, -9.93410776e-9)", "exactly(0.333333343)"],
  sin: ["exactly(q * -1.71512451e-15)", "exactly(0.0)"],
  cos: ["twoSum(x.y, -first.y)", "exactly(x.y - first.y * 0.0)"],
  tanh: ["plus(exactly(2.0), e)", "exactly(2.0 + e.x)"],
  sechSquared: ["times(s, s)", "exactly(s.x * s.x)"],
  abs: ["x * sign(x.x)", "exactly(abs(x.x))"],
  sign: ["exactly(sign(x.x))", "exactly(1.0)"],
  power: ["safeTimes(y, naturalLogarithm(x))", "exactly(y.x * naturalLogarithm(x).x)"],
};
const OPERATIONS = Object.keys(OF_POTENTIALS) as CompensatedOperation[];

const brokenText = (trials: readonly Trial[], [whole, broken]: readonly [string, string]): string => {
  const text = resolveIncludes(trialSpecialisation(trials).code!);
  expect(text).toContain(whole);
  return text.replaceAll(whole, broken);
};
const told = (name: string): RegExp =>
  new RegExp(
    `SwiftShader.*: ${name.replace(/[()+*/]/g, "\\$&")} at x = .* and not .*; use precision: float32, or float64 with --engine cpu$`,
  );

it("what every lattice uses is right on the software adapter", async () => {
  await assertErrorFree(gpu);
});

it.each([
  ["x + y of float32", "a lost error", "opaque(a - opaque(sum - part)) + opaque(b - part)", "0.0"],
  ["x + y of float32", "an error for a larger first part only", "opaque(a - opaque(sum - part)) +", ""],
  ["x y of float32", "a lost product of halves", "aLow * bHigh) + aLow * bLow", "aLow * bHigh)"],
  ["x y of float32", "an error of rounded halves", "opaque(aHigh * bHigh - product)", "(a * b - product)"],
  ["x + y", "lost smaller parts", "return quickSum(sum.x, sum.y + (a.y + b.y));", "return quickSum(sum.x, sum.y);"],
  ["x - y", "a difference of float32", "return plus(a, -b);", "return exactly(a.x - b.x);"],
  ["x y", "lost products of parts", "quickSum(product.x, product.y + (a.x * b.y + a.y * b.x))", "product"],
  ["x rounded to 48 bits", "no rounding", "opaque(opaque(sum.y + anchor) - anchor)", "sum.y"],
  [
    "x + y, y part by part",
    "a lost smaller part",
    "return twoSum(sum.x, sum.y + a.y);",
    "return twoSum(sum.x, sum.y);",
  ],
  [
    "the sum of 64 products",
    "a sum of float32",
    "sum = plus(sum, times(pair.xy, pair.zw));",
    "sum.x += pair.x * pair.z;",
  ],
])("%s with %s is refused", async (name, _what, whole, broken) => {
  const code = brokenText(ALWAYS, [whole, broken]);
  await expect(assertTrials(gpu, ALWAYS, { code })).rejects.toThrow(EngineUnavailableError);
  await expect(assertTrials(gpu, ALWAYS, { code })).rejects.toThrow(told(name));
});

describe.each(OPERATIONS)("%s", (operation) => {
  const trial = trialOf(operation);
  it("is tried at as many arguments as there are lanes", () => {
    expect(trial.operands).toHaveLength(LANES);
    for (const [x, y] of trial.operands) expect(trial.reference(x, y)).toSatisfy(Number.isFinite);
  });
  it("is right on the software adapter, and refused where a term of it is lost", async () => {
    await assertOperations(gpu, [operation]);
    const code = brokenText([trial], OF_POTENTIALS[operation]);
    await expect(assertTrials(gpu, [trial], { code })).rejects.toThrow(told(trial.name));
  });
});

describe("a job", () => {
  it("needs what its potential, its slope and the powers of its schedule are made of", async () => {
    const quartic = await compilePotential("quartic");
    expect(operationsOf([quartic])).toEqual(new Set(["*"]));
    expect(operationsOf([quartic], [{ root: { factor: 2, power: -0.5 } }])).toEqual(new Set(["*", "/", "sqrt"]));
    const plateau = await compilePotential({ expression: "tanh(phi)^2 + phi^2.3" });
    expect(operationsOf([plateau])).toEqual(new Set(["*", "+", "tanh", "sechSquared", "power"]));
  });

  it("does not start on an adapter that gets one of them wrong", async () => {
    const own = await openGpu("software");
    try {
      const engine = webGpuEngine(own, "compensated");
      const potential = await compilePotential({ expression: "exp(phi)" });
      const job = {
        grid: { dimensions: 1, points: 4, spacing: 1, stencil: 2 },
        realisations: 1,
        fields: 1,
        potential,
        initial: async () => ({ field: new Float64Array(4), momentum: new Float64Array(4) }),
        schedule: { kind: "prescribed", coefficients: new Float64Array(3).fill(0.1) },
        observeAfter: [1],
        reductions: [],
      } as const;
      // A compiler that breaks exp: what it makes of the check's text is what it would make of another.
      const trials = [trialOf("exp")];
      await assertTrials(own, trials);
      const [whole] = own.pipelines.keys();
      own.pipelines.delete(whole!);
      const code = brokenText(trials, OF_POTENTIALS.exp);
      await expect(assertTrials(own, trials, { code })).rejects.toThrow(EngineUnavailableError);
      const [broken] = own.pipelines.values();
      own.pipelines.set(whole!, broken!);
      const refused = engine.evolveLattice(
        { ...job, initial: () => expect.unreachable() },
        { onProgress: () => expect.unreachable() },
      );
      await expect(refused).rejects.toThrow(told("exp(x)"));
      own.pipelines.delete(whole!);
      expect((await engine.evolveLattice(job)).observations).toHaveLength(1);
    } finally {
      own.close();
    }
  });
});
