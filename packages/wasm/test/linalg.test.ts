/**
 * The three products and descent with momentum against plain float64 sums on random matrices: odd rows and depths, single rows, more than
 * one slice and group of panels; and a Gram matrix, whose vectors stand apart. */
import { describe, expect, it } from "vitest";
import { uniforms } from "../../core/src/random/normal.ts";
import { readBenchModule, readModules } from "../index.ts";

const PAGES = 256;
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
const env = { memory };
const special = new WebAssembly.Instance(new WebAssembly.Module(readModules().special), { env }).exports;
const host = { wait: () => {}, wake: () => {}, now: () => 0, power: Math.pow };
const kernels = new WebAssembly.Instance(new WebAssembly.Module(readBenchModule()), { env, special, host }).exports;

type Matrix = Float32Array | Float64Array;
/** Rows, columns (whole pairs of vectors), contracted length. */
const SHAPES = [
  [1, 8, 1],
  [1, 8, 7],
  [3, 8, 64],
  [4, 16, 65],
  [5, 24, 131],
  [9, 8, 3],
  [33, 40, 200],
  [70, 264, 131],
  [64, 40, 65],
  [65, 536, 520],
  // Rows longer than the first cache holds of four.
  [5, 8, 530],
] as const;
const STRIDE = 544;
const ROWS = 544;

/** Sums of the element (m, n) of each product: C = A B, C = A B^T, C = C + A^T B. */
const ELEMENTS = {
  product: (a: Matrix, b: Matrix, _c: Matrix, m: number, n: number, inner: number) =>
    sum(inner, (k) => a[m * STRIDE + k]! * b[k * STRIDE + n]!),
  dots: (a: Matrix, b: Matrix, _c: Matrix, m: number, n: number, inner: number) =>
    sum(inner, (k) => a[m * STRIDE + k]! * b[n * STRIDE + k]!),
  descend: (a: Matrix, b: Matrix, c: Matrix, m: number, n: number, inner: number) =>
    c[m * STRIDE + n]! + sum(inner, (k) => a[k * STRIDE + m]! * b[k * STRIDE + n]!),
};

function sum(count: number, term: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < count; k++) total += term(k);
  return total;
}

describe.each(Object.keys(ELEMENTS) as (keyof typeof ELEMENTS)[])("%s", (name) => {
  describe.each([32, 64] as const)("float%d", (bits) => {
    it.each(SHAPES)("%d x %d over %d", (rows, columns, wanted) => {
      // Rows of `dots` are contracted by whole vectors.
      const inner = name === "dots" ? Math.ceil(wanted / 4) * 4 : wanted;
      const size = bits / 8;
      const bytes = ROWS * STRIDE * size;
      const view = (m: number): Matrix =>
        bits === 32
          ? new Float32Array(memory.buffer, m * bytes, ROWS * STRIDE)
          : new Float64Array(memory.buffer, m * bytes, ROWS * STRIDE);
      const next = uniforms(3, bits);
      const matrices = [view(0), view(1), view(2)] as const;
      for (const matrix of matrices) for (let i = 0; i < matrix.length; i++) matrix[i] = 2 * next() - 1;
      const [a, b, c] = matrices;
      const before = c.slice();
      kernels[`${name}${bits}`]!(0, bytes, 2 * bytes, STRIDE, rows, columns, inner, 3 * bytes, 0, 0);
      const bound = (inner + 8) * (bits === 32 ? 2 ** -23 : 2 ** -52);
      let worst = 0;
      let touched = 0;
      for (let m = 0; m < ROWS; m++) {
        for (let n = 0; n < STRIDE; n++) {
          const got = c[m * STRIDE + n]!;
          if (m < rows && n < columns)
            worst = Math.max(worst, Math.abs(got - ELEMENTS[name](a, b, before, m, n, inner)));
          else if (got !== before[m * STRIDE + n]) touched++;
        }
      }
      expect(worst).toBeLessThan(bound);
      expect(touched).toBe(0);
    });
  });
});

describe.each([32, 64] as const)("descend with momentum, float%d", (bits) => {
  it.each(SHAPES)("%d x %d over %d", (rows, columns, inner) => {
    const size = bits / 8;
    const bytes = ROWS * STRIDE * size;
    const view = (m: number): Matrix =>
      bits === 32
        ? new Float32Array(memory.buffer, m * bytes, ROWS * STRIDE)
        : new Float64Array(memory.buffer, m * bytes, ROWS * STRIDE);
    const next = uniforms(5, bits);
    const matrices = [view(0), view(1), view(2), view(3)] as const;
    for (const matrix of matrices) for (let i = 0; i < matrix.length; i++) matrix[i] = 2 * next() - 1;
    const [a, b, c, v] = matrices;
    const [position, velocity] = [c.slice(), v.slice()];
    const momentum = 0.75;
    kernels[`descend${bits}`]!(0, bytes, 2 * bytes, STRIDE, rows, columns, inner, 4 * bytes, bytes, momentum);
    const bound = (inner + 8) * (bits === 32 ? 2 ** -23 : 2 ** -52);
    let worst = 0;
    let touched = 0;
    for (let m = 0; m < ROWS; m++) {
      for (let n = 0; n < STRIDE; n++) {
        const at = m * STRIDE + n;
        if (m < rows && n < columns) {
          const gradient = sum(inner, (k) => a[k * STRIDE + m]! * b[k * STRIDE + n]!);
          const rolled = momentum * velocity[at]! + gradient;
          worst = Math.max(worst, Math.abs(v[at]! - rolled), Math.abs(c[at]! - position[at]! - rolled));
        } else if (c[at] !== position[at] || v[at] !== velocity[at]) touched++;
      }
    }
    expect(worst).toBeLessThan(bound);
    expect(touched).toBe(0);
  });
});

describe.each([32, 64] as const)("gram, float%d", (bits) => {
  it.each([
    [1, 1],
    [2, 3],
    [3, 8],
    [4, 5],
    [8, 40],
    [11, 16],
  ])("%d rows of %d vectors", (rows, vectors) => {
    const lanes = 128 / bits;
    const view = (at: number, length: number): Matrix =>
      bits === 32 ? new Float32Array(memory.buffer, at, length) : new Float64Array(memory.buffer, at, length);
    // [vectors][rows], as resident units stand.
    const a = view(0, vectors * rows * lanes);
    const c = view(2 ** 16, rows * rows);
    const next = uniforms(4, bits);
    for (let i = 0; i < a.length; i++) a[i] = 2 * next() - 1;
    kernels[`gram${bits}`]!(0, 16, rows, 2 ** 16, vectors, rows * 16);
    for (let m = 0; m < rows; m++) {
      for (let n = 0; n < rows; n++) {
        const want = sum(vectors * lanes, (i) => {
          const at = Math.floor(i / lanes) * rows * lanes + (i % lanes);
          return a[at + m * lanes]! * a[at + n * lanes]!;
        });
        expect(Math.abs(c[m * rows + n]! - want)).toBeLessThan(
          (vectors * lanes + 8) * (bits === 32 ? 2 ** -23 : 2 ** -52),
        );
      }
    }
  });
});
