/** Cases of the Fourier kernels, with their references as plain float64 sums. */
import { type Grid, spectrumBins } from "../../latticeJob.ts";
import {
  fourierColumns,
  fourierRows,
  fourierSpectrum,
  lineSpecialisation,
  linesOf,
  modesOf,
  spectrumSpecialisation,
  twiddleTable,
  WEIGHTINGS,
  type Weighting,
  workgroupsFor,
} from "../field/fourierKernels.ts";
import type { Data, KernelCase } from "./case.ts";

interface Shape extends Pick<Grid, "dimensions" | "points"> {
  readonly fields: number;
  /** Of a mixture of field and momentum, or of those of so many fields. */
  readonly mixed?: true | number;
  readonly weighting?: Weighting;
}

/** Sides of every radix, of several, and of primes without a butterfly; numbers of lines that fill no workgroup. */
const CHECKS: readonly Shape[] = [
  { dimensions: 1, points: 2, fields: 1 },
  { dimensions: 1, points: 3, fields: 5 },
  { dimensions: 1, points: 5, fields: 150 },
  { dimensions: 1, points: 8, fields: 3 },
  { dimensions: 1, points: 301, fields: 2 },
  { dimensions: 1, points: 1920, fields: 2 },
  { dimensions: 2, points: 4, fields: 3 },
  { dimensions: 2, points: 33, fields: 2 },
  { dimensions: 2, points: 90, fields: 1 },
  { dimensions: 3, points: 7, fields: 2 },
  { dimensions: 3, points: 16, fields: 1 },
];
const TIMED = {
  hardware: { dimensions: 3, points: 256, fields: 1 },
  software: { dimensions: 3, points: 64, fields: 1 },
} as const;
/** What every adapter of WebGPU that these kernels are for has, bytes. */
const WORKGROUP_BYTES = 32_768;
const MOST = 65_535;

/** Additions and multiplications of a transform of `count` lines by the usual measure, 5 N log2 N a complex line. */
const flopsOf = (points: number, count: number): number => 5 * points * Math.log2(points) * count;

/** sum_n z_n exp(-2 pi i k n/points) for each k, of the numbers that `at` gives. */
function transformed(points: number, at: (n: number) => readonly [number, number]): [number, number][] {
  const cosines = Array.from({ length: points }, (_, t) => Math.cos((2 * Math.PI * t) / points));
  const sines = Array.from({ length: points }, (_, t) => Math.sin((2 * Math.PI * t) / points));
  const values = Array.from({ length: points }, (_, n) => at(n));
  return values.map((_, k) => {
    let re = 0;
    let im = 0;
    for (const [n, [x, y]] of values.entries()) {
      const c = cosines[(k * n) % points]!;
      const s = sines[(k * n) % points]!;
      re += c * x + s * y;
      im += c * y - s * x;
    }
    return [re, im];
  });
}

const rows: KernelCase<Shape> = {
  declaration: fourierRows,
  checks: [undefined, true as const, 1, 3].flatMap((mixed) =>
    CHECKS.map((shape) => ({ ...shape, ...(mixed ? { mixed } : {}) })),
  ),
  timed: TIMED,
  build({ dimensions, points, fields, mixed }, draw) {
    const count = points ** (dimensions - 1);
    const modes = modesOf(points);
    // One field before those that are transformed, and a mean that would cost three digits.
    const together = typeof mixed === "number" ? mixed : 1;
    const all = together * Math.ceil((fields + 1) / together);
    const field = draw(all * count * points).map((value) => value + 1000);
    const momentum = draw(mixed ? field.length : 1).map((value) => value - 1000);
    const mixture = draw(2 * all * together);
    const lines = linesOf(points, WORKGROUP_BYTES);
    const pairs = fields * Math.ceil(count / 2);
    return {
      specialisation: lineSpecialisation(points, lines, "rows", mixed),
      buffers: {
        field,
        firstField: field,
        twiddles: twiddleTable(points),
        modes: new Float32Array(2 * fields * count * modes),
        momentum,
        firstMomentum: momentum,
        mixture,
      },
      uniforms: { params: { skipped: 1, fields, rows: count, stride: count * points, first: 0, opaqueZero: 0 } },
      workgroups: () => workgroupsFor(Math.ceil(pairs / lines), MOST),
      reference: () => {
        const result = new Float64Array(2 * fields * count * modes);
        for (let row = 0; row < fields * count; row++) {
          const f = 1 + Math.floor(row / count);
          const less = (values: Float32Array, g: number, n: number): number =>
            values[(g * count + (row % count)) * points + n]! - values[g * count * points]!;
          const line = transformed(points, (n) => {
            if (!mixed) return [less(field, f, n), 0];
            let sum = 0;
            for (let g = 0; g < together; g++) {
              const [of, at] = [f - (f % together) + g, 2 * (f * together + g)];
              sum += mixture[at]! * less(field, of, n) + mixture[at + 1]! * less(momentum, of, n);
            }
            return [sum, 0];
          });
          result.set(line.slice(0, modes).flat(), 2 * row * modes);
        }
        return { modes: result };
      },
      terms: points,
      flops: flopsOf(points, pairs),
      bytes: 4 * fields * count * ((mixed ? 2 * together : 1) * points + 2 * modes),
    };
  },
};

const columns: KernelCase<Shape> = {
  declaration: fourierColumns,
  checks: CHECKS,
  timed: TIMED,
  build({ dimensions, points, fields }, draw) {
    // The first axis of each field; lines lie side by side.
    const stride = dimensions === 1 ? 1 : points ** (dimensions - 2) * modesOf(points);
    const lines = fields * stride;
    const modes = draw(2 * lines * points);
    const atOnce = linesOf(points, WORKGROUP_BYTES);
    return {
      specialisation: lineSpecialisation(points, atOnce, "columns"),
      buffers: { twiddles: twiddleTable(points), modes },
      uniforms: { params: { stride, lines } },
      workgroups: () => workgroupsFor(Math.ceil(lines / atOnce), MOST),
      reference: () => {
        const result = new Float64Array(modes.length);
        for (let line = 0; line < lines; line++) {
          const at = (n: number): number => 2 * ((Math.floor(line / stride) * points + n) * stride + (line % stride));
          const all = transformed(points, (n) => [modes[at(n)]!, modes[at(n) + 1]!]);
          for (const [k, z] of all.entries()) result.set(z, at(k));
        }
        return { modes: result };
      },
      terms: points,
      flops: flopsOf(points, lines),
      bytes: 16 * lines * points,
    };
  },
};

const spectrum: KernelCase<Shape> = {
  declaration: fourierSpectrum,
  checks: WEIGHTINGS.flatMap((weighting) => CHECKS.map((shape) => ({ ...shape, weighting }))),
  timed: TIMED,
  build({ dimensions, points, fields, weighting = "|n|^d" }, draw) {
    const count = points ** (dimensions - 1);
    const stored = modesOf(points);
    const bins = spectrumBins({ dimensions, points });
    const rowsPerGroup = Math.max(3, Math.ceil(count / 1024));
    const groups = Math.ceil(count / rowsPerGroup);
    const modes: Data = draw(2 * fields * count * stored);
    const waveSquares = Float32Array.from({ length: stored }, (_, n) => n ** 2);
    // One field before; of the others every second has long modes that are no oscillators.
    const massSquared = Float32Array.from({ length: fields + 1 }, (_, f) => (f % 2 === 0 ? 0.5 : -1.5));
    const weight = (k: number, f: number): number => {
      if (weighting === "|n|^d") return k ** dimensions;
      const square = k ** 2 + massSquared[1 + f]!;
      return square > 0 ? Math.sqrt(square) ** (weighting === "omega" ? 1 : -1) : 0;
    };
    return {
      specialisation: spectrumSpecialisation({ dimensions, points }, weighting),
      buffers: { modes, partials: new Float32Array(fields * groups * bins), waveSquares, massSquared },
      uniforms: { params: { rows: count, rowsPerGroup, width: points, first: 0, skipped: 1 } },
      workgroups: () => [groups, fields, 1],
      reference: () => {
        const partials = new Float64Array(fields * groups * bins);
        const wave = (n: number): number => Math.min(n, points - n);
        for (let i = 0; i < fields * count * stored; i++) {
          const n = i % stored;
          const row = Math.floor(i / stored) % count;
          const f = Math.floor(i / stored / count);
          const k = Math.hypot(n, wave(row % points), wave(Math.floor(row / points)));
          if (k === 0) continue;
          const group = f * groups + Math.floor(row / rowsPerGroup);
          const times = n === 0 || 2 * n === points ? 1 : 2;
          partials[group * bins + Math.round(k)]! +=
            times * weight(k, f) * (modes[2 * i]! ** 2 + modes[2 * i + 1]! ** 2);
        }
        return { partials };
      },
      terms: 8,
      flops: 5 * fields * count * stored,
      bytes: 8 * fields * count * stored,
    };
  },
};

export const fourierCases: readonly KernelCase<Shape>[] = [rows, columns, spectrum];
