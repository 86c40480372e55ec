/** The vector functions and activations in both precisions: float32 against float64, float64 against tests/data/special.json (mpmath). */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import type Wabt from "wabt";
import { samples } from "../../../tests/support/elementwise.ts";
import { activations } from "../../core/src/network/activations.ts";
import { readModules } from "../index.ts";

type Bits = 32 | 64;
type Row = (z: number, slope: number, count: number, scale: number) => void;

const reference: Record<string, number[][]> = JSON.parse(
  readFileSync(new URL("../../../tests/data/special.json", import.meta.url), "utf8"),
);
const PAGES = 256;
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
const special = new WebAssembly.Instance(new WebAssembly.Module(readModules().special), { env: { memory } }).exports;
const numbers = (bits: Bits): Float32Array | Float64Array =>
  bits === 32 ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
/** Bytes between the rows that a call works on; the first starts one such on. */
const ROW = (PAGES * 65_536) / 4;

const NAMES = ["exp", "expm1", "log", "sin", "cos", "tanh", "sechSquared", "sign", "pow"] as const;
/** For each function a loop over vectors: x from the first row, y (for pow) from the second, results to the third. */
const callers = new Map<string, (count: number) => void>();

beforeAll(async () => {
  // The assembler is a dependency of packages/core, which this package does not depend on.
  const require = createRequire(new URL("../../core/package.json", import.meta.url));
  const wabt = await (require("wabt") as typeof Wabt)();
  for (const name of NAMES) {
    for (const bits of [32, 64] as const) {
      const two = name === "pow";
      const module = wabt.parseWat(
        "caller.wat",
        `(module
          (import "env" "memory" (memory 1 65536 shared))
          (import "special" "${name}${bits}" (func $f (param v128 ${two ? "v128" : ""}) (result v128)))
          (func (export "run") (param $count i32) (local $i i32)
            (loop $vectors
              (v128.store offset=${3 * ROW} (local.get $i) (call $f
                (v128.load offset=${ROW} (local.get $i))
                ${two ? `(v128.load offset=${2 * ROW} (local.get $i))` : ""}))
              (local.set $i (i32.add (local.get $i) (i32.const 16)))
              (br_if $vectors (i32.gt_s (local.tee $count (i32.sub (local.get $count) (i32.const ${128 / bits}))) (i32.const 0))))))`,
        { simd: true, threads: true },
      );
      const binary = Uint8Array.from(module.toBinary({}).buffer);
      module.destroy();
      const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory }, special });
      callers.set(`${name}${bits}`, instance.exports.run as (count: number) => void);
    }
  }
});

/** The function at every x (and y). */
function evaluate(name: string, bits: Bits, x: ArrayLike<number>, y: ArrayLike<number> = []): number[] {
  const all = numbers(bits);
  const place = (row: number): number => (row * ROW) / all.BYTES_PER_ELEMENT;
  all.set(Array.from(x), place(1));
  all.set(Array.from(y), place(2));
  callers.get(`${name}${bits}`)!(x.length);
  return Array.from(all.subarray(place(3), place(3) + x.length));
}

/** The largest |got - want| / (absolute + relative |want|): at most 1 where the bound holds. */
function worst(got: ArrayLike<number>, want: ArrayLike<number>, bound: { absolute: number; relative: number }): number {
  const { absolute, relative } = bound;
  let largest = 0;
  for (let i = 0; i < want.length; i++) {
    if (Object.is(got[i], want[i])) continue;
    const excess = Math.abs(got[i]! - want[i]!) / (absolute + relative * Math.abs(want[i]!));
    largest = Math.max(largest, Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess);
  }
  return largest;
}

const sechSquared = (x: number): number => 1 / Math.cosh(x) ** 2;

describe("float32 functions", () => {
  it.each([
    ["exp", Math.exp, [-87, 88.7], { absolute: 0, relative: 2.4e-7 }],
    ["exp", Math.exp, [-103, -87], { absolute: 1.5e-45, relative: 2.4e-7 }],
    ["exp", Math.exp, [-1, 1], { absolute: 0, relative: 2.4e-7 }],
    ["expm1", Math.expm1, [-20, 88.7], { absolute: 0, relative: 3e-7 }],
    ["expm1", Math.expm1, [-1, 1], { absolute: 0, relative: 3e-7 }],
    ["expm1", Math.expm1, [-1e-3, 1e-3], { absolute: 0, relative: 3e-7 }],
    ["log", Math.log, [1e-30, 1e30], { absolute: 0, relative: 3e-7 }],
    ["log", Math.log, [1e-45, 2e-38], { absolute: 0, relative: 3e-7 }],
    ["log", Math.log, [0.3, 3], { absolute: 0, relative: 3e-7 }],
    ["log", Math.log, [0.999, 1.001], { absolute: 0, relative: 3e-7 }],
    ["sin", Math.sin, [-30, 30], { absolute: 1.5e-7, relative: 0 }],
    ["sin", Math.sin, [-1e4, 1e4], { absolute: 1.5e-7, relative: 0 }],
    ["cos", Math.cos, [-30, 30], { absolute: 1.5e-7, relative: 0 }],
    ["cos", Math.cos, [-1e4, 1e4], { absolute: 1.5e-7, relative: 0 }],
    ["tanh", Math.tanh, [-2, 2], { absolute: 0, relative: 5e-7 }],
    ["tanh", Math.tanh, [-1e-3, 1e-3], { absolute: 0, relative: 5e-7 }],
    ["tanh", Math.tanh, [-1e4, 1e4], { absolute: 1.5e-7, relative: 0 }],
    ["sechSquared", sechSquared, [-43, 43], { absolute: 0, relative: 5e-7 }],
    ["sign", Math.sign, [-1, 1], { absolute: 0, relative: 0 }],
  ] as const)("%s", (name, exact, [low, high], bound) => {
    const x = samples(low, high, 100_000);
    expect(worst(evaluate(name, 32, x), Float64Array.from(x, exact), bound)).toBeLessThanOrEqual(1);
  });

  it("pow", () => {
    const x = samples(0, 50, 100_000).slice(2);
    const y = samples(-20, 20, 100_000, 7).slice(2);
    const want = Array.from(x, (value, i) => value ** y[i]!);
    expect(
      worst(evaluate("pow", 32, x, y), want.map(Math.fround), { absolute: 1.5e-45, relative: 1.2e-7 }),
    ).toBeLessThan(1);
  });
});

describe("float64 functions", () => {
  it.each([
    ["exp", { absolute: 5e-324, relative: 3e-16 }],
    ["expm1", { absolute: 0, relative: 5e-16 }],
    ["log", { absolute: 0, relative: 3e-16 }],
    ["sin", { absolute: 4e-16, relative: 0 }],
    ["cos", { absolute: 4e-16, relative: 0 }],
    ["tanh", { absolute: 0, relative: 5e-16 }],
    ["sechSquared", { absolute: 0, relative: 7e-16 }],
    ["pow", { absolute: 0, relative: 1e-14 }],
  ] as const)("%s", (name, bound) => {
    const points = reference[name]!;
    const column = (index: number): number[] => points.map((point) => point[index]!);
    const want = column(name === "pow" ? 2 : 1);
    expect(worst(evaluate(name, 64, column(0), column(1)), want, bound)).toBeLessThan(1);
  });
});

describe.each([32, 64] as const)("limits in float%i", (bits) => {
  const { NEGATIVE_INFINITY: minus, POSITIVE_INFINITY: plus } = Number;
  it.each([
    ["exp", [0, -0, 1e-40, -1e-40, 1e3, -1e3, 1e30, -1e30, plus, minus], [1, 1, 1, 1, plus, 0, plus, 0, plus, 0]],
    ["expm1", [0, -0, 1e3, -1e3, plus, minus], [0, 0, plus, -1, plus, -1]],
    ["log", [0, -0, 1, plus, -1, -1e-30, minus], [minus, minus, 0, plus, Number.NaN, Number.NaN, Number.NaN]],
    ["sin", [0, plus], [0, Number.NaN]],
    ["cos", [0, minus], [1, Number.NaN]],
    ["tanh", [0, 1e4, -1e4, plus, minus], [0, 1, -1, 1, -1]],
    ["sechSquared", [0, 1e4, -1e4, plus, minus], [1, 0, 0, 0, 0]],
    ["sign", [0, -0, 1e-30, -1e-30, 3, -3, plus, minus], [0, 0, 1, -1, 1, -1, 1, -1]],
  ])("%s", (name, x, want) => {
    const padded = [...x, Number.NaN, Number.NaN];
    expect(
      evaluate(name, bits, padded)
        .slice(0, x.length + 1)
        .map((v) => v + 0),
    ).toEqual([...want, Number.NaN]);
  });

  it("pow", () => {
    const cases = [
      [0, 2, 0],
      [0, 0.5, 0],
      [0, -1.5, plus],
      [0, 0, 1],
      [plus, 0, 1],
      [plus, 2.5, plus],
      [plus, -0.1, 0],
      [5, 0, 1],
      [1, 1e30, 1],
      [1, -300.5, 1],
      [2, 1e30, plus],
      [2, -1e30, 0],
      [0.5, 1e30, 0],
      [0.5, 5000, 0],
      [1.5, 5000, plus],
      [-1, 2, Number.NaN],
      [-1e-30, 0.5, Number.NaN],
      [Number.NaN, 1, Number.NaN],
      [2, Number.NaN, Number.NaN],
      [4, 0.5, 2],
    ];
    const column = (index: number): number[] => cases.map((row) => row[index]!);
    expect(evaluate("pow", bits, column(0), column(1))).toEqual(column(2));
  });

  it("sine and cosine of large arguments stay within [-1, 1]", () => {
    const x = [1e6, 1e7, -1e8, 1e12, 1e20, -1e30, 3e38, 1e37];
    for (const name of ["sin", "cos"]) {
      for (const value of evaluate(name, bits, x)) expect(Math.abs(value)).toBeLessThanOrEqual(1);
    }
  });
});

/** Where formulas change, saturate, underflow or would overflow. */
const EDGES = [
  0,
  -0,
  1e-37,
  -1e-30,
  1e-6,
  -1e-6,
  0.25,
  -0.25,
  0.7,
  -0.7,
  1,
  -1,
  Math.SQRT2,
  9.38,
  -9.38,
  13,
  -13,
  26.6,
  40,
  -40,
  89,
  -89,
  355,
  1e3,
  -1e3,
  1e4,
  -1e4,
];

/** act and act' of every z, times `scale`, from a row in place. */
function evaluateRow(name: string, bits: Bits, z: ArrayLike<number>, scale = 1): { value: number[]; slope: number[] } {
  const all = numbers(bits);
  const count = Math.ceil(z.length / 4) * 4;
  const place = (row: number): number => (row * ROW) / all.BYTES_PER_ELEMENT;
  all.set(Array.from(z), place(1));
  (special[`${name}Row${bits}`] as Row)(ROW, 2 * ROW, count, scale);
  const row = (index: number): number[] => Array.from(all.subarray(place(index), place(index) + z.length));
  return { value: row(1), slope: row(2) };
}

describe.each([32, 64] as const)("activations in float%i", (bits) => {
  it.each(["erf", "tanh", "gelu"])("%s saturates", (name) => {
    const largest = bits === 32 ? 3e38 : 1.7e308;
    const { value, slope } = evaluateRow(name, bits, [largest, -largest]);
    expect(value).toEqual(name === "gelu" ? [bits === 32 ? Math.fround(largest) : largest, -0] : [1, -1]);
    expect(slope).toEqual(name === "gelu" ? [1, 0] : [0, 0]);
  });

  const bound = bits === 32 ? { absolute: 1.5e-7, relative: 2e-7 } : { absolute: 1e-15, relative: 1e-15 };

  it.each(Object.values(activations))("$name: value and slope", ({ name, value, derivative }) => {
    const z = [...samples(-8, 8, 100_000), ...samples(-1, 1, 20_000), ...EDGES].map(
      bits === 32 ? Math.fround : (x) => x,
    );
    const got = evaluateRow(name, bits, z);
    expect(worst(got.value, z.map(value), bound)).toBeLessThan(1);
    expect(worst(got.slope, z.map(derivative), bound)).toBeLessThan(1);
  });

  it.each(Object.keys(activations))("%s scales, passes NaN on and stops at the count", (name) => {
    const z = [0.3, -0.2, 1.7, Number.NaN];
    const all = numbers(bits);
    const place = (row: number): number => (row * ROW) / all.BYTES_PER_ELEMENT;
    for (const row of [1, 2]) all.fill(17, place(row), place(row) + 16);
    const plain = evaluateRow(name, bits, z);
    const scaled = evaluateRow(name, bits, z, -2);
    expect(scaled.value).toEqual(plain.value.map((v) => -2 * v));
    expect(scaled.slope.map((v) => v + 0)).toEqual(plain.slope.map((v) => -2 * v + 0));
    expect(plain.value[3]).toBeNaN();
    for (const row of [1, 2]) {
      for (const value of all.subarray(place(row) + 4, place(row) + 16)) expect(value).toBe(17);
    }
  });

  it.each(["erf", "tanh", "sin"])("%s keeps its digits near 0", (name) => {
    const z = [...samples(-0.1, 0.1), ...samples(-1e-5, 1e-5)].map(bits === 32 ? Math.fround : (x) => x);
    const relative = bits === 32 ? 4e-7 : 2e-15;
    expect(
      worst(evaluateRow(name, bits, z).value, z.map(activations[name]!.value), { absolute: 0, relative }),
    ).toBeLessThan(1);
  });
});

describe("erf and the Gaussian", () => {
  const scale = Math.sqrt(Math.PI) / 2;

  it("to 1.5e-7 in float32", () => {
    const z = samples(-5, 5, 200_000);
    const bound = { absolute: 1.5e-7, relative: 0 };
    expect(worst(evaluateRow("erf", 32, z).value, Array.from(z, activations.erf!.value), bound)).toBeLessThan(1);
    const { slope } = evaluateRow("erf", 32, z, scale);
    expect(
      worst(
        slope,
        Array.from(z, (x) => Math.exp(-x * x)),
        bound,
      ),
    ).toBeLessThan(1);
  });

  it("to 1e-15 in float64", () => {
    const column = (name: string, index: number): number[] => reference[name]!.map((point) => point[index]!);
    const bound = { absolute: 1e-15, relative: 0 };
    expect(worst(evaluateRow("erf", 64, column("erf", 0)).value, column("erf", 1), bound)).toBeLessThan(1);
    const { slope } = evaluateRow("erf", 64, column("gaussian", 0), scale);
    expect(worst(slope, column("gaussian", 1), bound)).toBeLessThan(1);
  });
});
