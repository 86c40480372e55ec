/** Pictures at steps of their own, between records and beyond them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
import { DivergenceError } from "@slowroll/core/errors";
import type { FieldResult } from "@slowroll/core/field/result";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { afterAll, expect, it } from "vitest";

const engine = openCpuEngine({ precision: "float64", threads: 1, reason: "test" });
const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-snapshots-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
  return engine.close();
});

const STEP = 0.05;
const study = (potential: string, end: number, observe: NonNullable<FieldStudy["observe"]>): FieldStudy => ({
  background: { kind: "static" },
  field: { potential: { expression: potential }, mean: 1 },
  lattice: { dimensions: 2, points: 6, length: 5, stencil: 2 },
  fluctuations: { kind: "planeWave", mode: [1, 0], amplitude: 0.01, velocity: 0 },
  time: { alpha: 0, step: STEP, end, recordEvery: 50 },
  observe,
});
const stepsOf = (pictures: readonly { readonly time: number }[] | undefined): number[] =>
  pictures!.map(({ time }) => Math.round(time / STEP));

it("each kind of picture is of its own steps, and of the last", async () => {
  const observe = { spectraEvery: 4, histogramEvery: 6, slicesEvery: 9 };
  const { result } = await fieldStudy(study("phi^2/2", 20 * STEP, observe), engine);
  expect(stepsOf(result.spectra)).toEqual([0, 4, 8, 12, 16, 20]);
  expect(stepsOf(result.histograms)).toEqual([0, 6, 12, 18, 20]);
  expect(stepsOf(result.slices)).toEqual([0, 9, 18, 20]);
  expect(stepsOf(result.times.map((time) => ({ time })))).toEqual([0, 20]);
});

it("a divergence between two records is that of the first picture after it, and the pictures before are kept", async () => {
  const observe = { spectraEvery: 4 };
  const diverged = await fieldStudy(study("-phi^4", 100 * STEP, observe), engine).catch((error: unknown) => error);
  expect(diverged).toBeInstanceOf(DivergenceError);
  const { step, partial } = diverged as DivergenceError<FieldResult>;
  expect(step).toBeLessThan(50);
  expect(step % 4).toBe(0);
  expect(partial!.times).toEqual([0]);
  expect(stepsOf(partial!.spectra)).toEqual(Array.from({ length: step / 4 }, (_, n) => 4 * n));
  for (const { power } of partial!.spectra!) expect((power as number[]).every(Number.isFinite)).toBe(true);
});

it("has a slice of each field: all of it in two dimensions, where the first index is 0 in three", async () => {
  for (const dimensions of [2, 3] as const) {
    const values = [0, 100].map((first) => Float64Array.from({ length: 3 ** dimensions }, (_, i) => first + i));
    const file = (name: string, numbers: Float64Array): string => {
      writeFileSync(path.join(folder, name), numbers);
      return path.join(folder, name);
    };
    const zeros = file("zeros.f64", new Float64Array(3 ** dimensions));
    const stored: FieldStudy = {
      background: { kind: "static" },
      field: { fields: ["phi", "chi"], potential: { expression: "phi + chi" } },
      lattice: { dimensions, points: 3, length: 1, stencil: 2 },
      fluctuations: {
        kind: "file",
        field: values.map((numbers, f) => file(`slice${f}.f64`, numbers)),
        momentum: [zeros, zeros],
      },
      time: { alpha: 0, step: STEP, end: STEP, recordEvery: 1 },
      observe: { slicesEvery: 1 },
    };
    const { result } = await fieldStudy(stored, engine);
    const rows = (f: number) => [0, 3, 6].map((at) => [...values[f]!.subarray(at, at + 3)]);
    expect(result.slices![0]).toEqual({ time: 0, values: [rows(0), rows(1)] });
  }
});
