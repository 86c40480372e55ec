/** Potentials as WebAssembly: the emitted text, and V and its gradient in both precisions against float64. */
import { InputError } from "@slowroll/core/errors";
import { assemblePotential } from "@slowroll/core/potential/assemble";
import { builtins } from "@slowroll/core/potential/builtins/index";
import { compilePotential } from "@slowroll/core/potential/compile";
import type { Potential } from "@slowroll/core/potential/potential";
import { emitWat } from "@slowroll/core/potential/wat";
import { readModules } from "@slowroll/wasm";
import { describe, expect, it } from "vitest";

const PRECISIONS = ["float64", "float32"] as const;
type Precision = (typeof PRECISIONS)[number];

interface PotentialExports {
  value(fields: number, fieldStride: number, out: number, count: number): void;
  gradient(fields: number, fieldStride: number, out: number, outStride: number, count: number): void;
}

const special = new WebAssembly.Module(readModules().special);

/** The potential's module at work on rows of numbers in its memory. */
async function instantiate(potential: Potential, precision: Precision) {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  const imports = {
    env: { memory },
    special: new WebAssembly.Instance(special, { env: { memory } }).exports,
  };
  const module = new WebAssembly.Module(await assemblePotential(potential, precision));
  const run = new WebAssembly.Instance(module, imports).exports as unknown as PotentialExports;
  const numbers = precision === "float32" ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  return { run, numbers, size: numbers.BYTES_PER_ELEMENT };
}

/** The second page: the first may hold the special functions' tables. */
const FIELDS = 65_536;
const OUT = FIELDS + 32_768;

/** V and all slopes at every point, by WebAssembly; a point has one number a field. */
async function evaluate(potential: Potential, precision: Precision, points: readonly (readonly number[])[]) {
  const { run, numbers, size } = await instantiate(potential, precision);
  const count = points.length;
  const stride = Math.ceil((count * size) / 16) * 16;
  const at = (base: number, row: number, i: number): number => (base + row * stride) / size + i;
  potential.fields.forEach((_, f) => {
    points.forEach((point, i) => {
      numbers[at(FIELDS, f, i)] = point[f]!;
    });
  });
  run.value(FIELDS, stride, OUT, count);
  const values = points.map((_, i) => numbers[at(OUT, 0, i)]!);
  run.gradient(FIELDS, stride, OUT, stride, count);
  const slopes = points.map((_, i) => potential.fields.map((_, f) => numbers[at(OUT, f, i)]!));
  return { values, slopes };
}

/** |a - b| over |b| or 1, whichever is larger; 0 where neither is a number. */
function distance(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  const difference = Math.abs(a - b) / Math.max(1, Math.abs(b));
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

async function expectAgreement(potential: Potential, precision: Precision, points: readonly (readonly number[])[]) {
  // Both sides see the same phi.
  const rounded = points.map((point) => (precision === "float32" ? point.map(Math.fround) : point));
  const { values, slopes } = await evaluate(potential, precision, rounded);
  let worst = 0;
  rounded.forEach((point, i) => {
    worst = Math.max(worst, distance(values[i]!, potential.value(...point)));
    slopes[i]!.forEach((slope, f) => {
      worst = Math.max(worst, distance(slope, potential.gradient(f, ...point)));
    });
  });
  expect(worst).toBeLessThan(precision === "float32" ? 3e-6 : 1e-13);
}

/** 481 points from a to b. */
const grid = (a: number, b: number): number[][] => Array.from({ length: 481 }, (_, i) => [a + ((b - a) * i) / 480]);

describe.each(PRECISIONS)("potentials in %s", (precision) => {
  it.each(Object.values(builtins))("$name agrees with float64", async ({ name, domain: [low, high] }) => {
    await expectAgreement(await compilePotential(name), precision, grid(Math.max(low, -12), Math.min(high, 12)));
  });
  it.each([
    ["phi", -3, 3],
    ["2.5", -3, 3],
    ["phi^7 - 3*phi^5", -1.2, 1.2],
    ["phi^-3 + 1/phi^2", 0.4, 3],
    ["abs(phi - 1)*sign(phi - 2)", -3, 3],
    ["-(-phi)^4/(3*phi^2/7 + 1)", -3, 3],
    ["tan(phi)/cosh(phi)", -1.2, 1.2],
    ["sinh(2*phi)^-3", 0.3, 2],
    ["tanh(phi)^3*sin(phi)", -12, 12],
    ["phi^phi", 0.1, 3],
    ["pow(phi, 2.3) + phi^-0.7", 0.1, 3],
    ["phi^2.5 + phi^-1.5", 0.1, 3],
    ["exp(phi)*log(phi)", 0.1, 3],
    ["log(phi)^2 - sqrt(phi)", 0.1, 3],
    ["2^phi + e^(-phi^2)", -3, 3],
    ["cos(-(phi - 2))*(-(phi^2))", -3, 3],
    ["(exp(phi) - 1)^2/(1 - exp(-phi))", 0.01, 3],
  ])("%s agrees with float64", async (expression, low, high) => {
    await expectAgreement(await compilePotential({ expression }), precision, grid(low, high));
  });
  it.each([
    "phi^4/4 + q*phi^2*chi^2/2",
    "chi^3/3",
    "phi^chi",
    "q/(1 + phi^2) - sqrt(phi*chi)",
    "exp(-phi*chi)*cos(phi - chi)^2",
    "tanh(phi + chi)^2 + log(chi)",
  ])("%s in two fields agrees with float64", async (expression) => {
    const parameters: Record<string, number> = /\bq\b/.test(expression) ? { q: 3 } : {};
    const potential = await compilePotential({ expression, parameters }, { fields: ["phi", "chi"] });
    const points = grid(0.1, 2).map(([phi], i) => [phi!, 0.1 + ((i * 37) % 190) / 100]);
    await expectAgreement(potential, precision, points);
  });
  it("have whole powers of negative fields, however large", async () => {
    const potential = await compilePotential({ expression: "phi^66/66 - phi^131 + phi^-67 + phi^300" });
    const points = [[-1.03125], [-0.96875], [1.03125]];
    const { values, slopes } = await evaluate(potential, precision, points);
    for (const [i, [phi]] of (points as [number][]).entries()) {
      const value = phi ** 66 / 66 - phi ** 131 + phi ** -67 + phi ** 300;
      const slope = phi ** 65 - 131 * phi ** 130 - 67 * phi ** -68 + 300 * phi ** 299;
      const bound = precision === "float32" ? 1e-4 : 1e-12;
      expect(Math.abs(values[i]! / value - 1)).toBeLessThan(bound);
      expect(Math.abs(slopes[i]![0]! / slope - 1)).toBeLessThan(bound);
    }
  });
  it("are not numbers outside a function's domain", async () => {
    for (const expression of ["log(phi)", "sqrt(phi)", "phi^1.5", "phi^1.3"])
      expect((await evaluate(await compilePotential({ expression }), precision, [[-0.3]])).values).toEqual([
        Number.NaN,
      ]);
  });
  it.each([1, 5, 6])("keep to their rows, padded to whole vectors: %i sites", async (count) => {
    const fields = ["phi", "chi"];
    const potential = await compilePotential({ expression: "phi^2*chi + chi^3" }, { fields });
    const { run, numbers, size } = await instantiate(potential, precision);
    const padded = Math.ceil((count * size) / 16) * (16 / size);
    const [fieldStride, outStride] = [padded * size + 48, padded * size + 16];
    const phi = Float64Array.from({ length: count }, (_, i) => i + 1);
    const chi = Float64Array.from({ length: count }, (_, i) => 3 - i);
    numbers.set(phi, FIELDS / size);
    numbers.set(chi, (FIELDS + fieldStride) / size);
    const whole = (base: number): number[] => Array.from(numbers.subarray(base / size, (base + 16) / size + padded));
    const sentinel = Array<number>(16 / size).fill(-7);
    numbers.fill(-7, OUT / size);

    run.gradient(FIELDS, fieldStride, OUT, outStride, count);
    [Array.from(phi, (p, i) => 2 * p * chi[i]!), Array.from(phi, (p, i) => p * p + 3 * chi[i]! ** 2)].forEach(
      (expected, f) => {
        const row = whole(OUT + f * outStride);
        expect(row.slice(0, count)).toEqual(expected);
        expect(row.slice(padded)).toEqual(sentinel);
      },
    );
    // In place: the slopes over the fields.
    run.gradient(FIELDS, fieldStride, FIELDS, fieldStride, count);
    for (const f of [0, 1])
      expect(whole(FIELDS + f * fieldStride).slice(0, padded)).toEqual(whole(OUT + f * outStride).slice(0, padded));
  });
  it("keep the bits of their constants", async () => {
    const constants = [0.1, 1 / 3, Math.PI, 1.2345678901234567e-30, 9.876543210987654e30, 2 ** 100, 16777217];
    for (const q of constants) {
      const potential = await compilePotential({ expression: "q*phi", parameters: { q } });
      const { slopes } = await evaluate(potential, precision, [[0]]);
      expect(slopes).toEqual([[precision === "float32" ? Math.fround(q) : q]]);
    }
  });
  it("are small modules, however deeply functions are nested", async () => {
    for (const name of Object.keys(builtins))
      expect((await assemblePotential(await compilePotential(name), precision)).length).toBeLessThan(700);
    const depth = 49;
    const potential = await compilePotential({ expression: `${"sin(".repeat(depth)}phi${")".repeat(depth)}` });
    expect((await assemblePotential(potential, precision)).length).toBeLessThan(70 * depth);
  });
});

describe("the emitted text", () => {
  it.each(["quartic", "alphaAttractorT"])("of %s is as before", async (name) => {
    expect(emitWat(await compilePotential(name), "float64")).toMatchSnapshot();
  });
  it("in two fields is as before", async () => {
    const spec = { expression: "q*phi^2*chi^2/2 + phi^2.5 + chi^-1.7", parameters: { q: 100 } };
    expect(emitWat(await compilePotential(spec, { fields: ["phi", "chi"] }), "float32")).toMatchSnapshot();
  });
  it.each([1e300, 1e-300])("refuses the constant %d only in float32", async (lambda) => {
    const potential = await compilePotential({ name: "quartic", parameters: { lambda } });
    expect(() => emitWat(potential, "float32")).toThrow(InputError);
    expect(emitWat(potential, "float64")).toContain(`${lambda}`);
  });
});
