/** Backgrounds: each against its own equations, and tables of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Background, createBackground, loadBackground } from "@slowroll/core/field/background";
import { assertReached } from "@slowroll/core/field/schedule";
import type { PrescribedSpec } from "@slowroll/core/field/study";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-backgrounds-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("backgrounds", () => {
  const table = path.join(folder, "table.csv");
  beforeAll(() => {
    const rows = Array.from({ length: 400 }, (_, i) => i / 100).map((t) => `${t},${(1 + t) ** 0.6 + 0.1 * t ** 2}`);
    writeFileSync(table, ["t,a", ...rows].join("\n"));
  });
  const specs: PrescribedSpec[] = [
    { kind: "fluid", omega: 1 / 3, hubble: 0.5 },
    { kind: "fluid", omega: -1, hubble: 0.5 },
    { kind: "table", file: table },
    { kind: "static" },
    { kind: "deSitter", hubble: 0.7 },
    { kind: "powerLaw", exponent: 0.5, hubble: 0.5 },
    { kind: "powerLaw", exponent: 2, hubble: 1.1 },
  ];
  for (const spec of specs) {
    it.each([0, 1, -1, 0.5])(`${JSON.stringify(spec)} obeys its own equations, alpha %d`, async (alpha) => {
      const background: Background = await loadBackground(spec, alpha);
      const h = 1e-5;
      expect(background.scaleFactor(0)).toBe(1);
      expect(background.time(0)).toBeCloseTo(0, 15);
      for (const eta of [0.1, 0.4, 0.8].filter((value) => value < background.end)) {
        const a = background.scaleFactor(eta);
        const rate = (f: (eta: number) => number): number => (f(eta + h) - f(eta - h)) / (2 * h);
        expect(rate(background.time)).toBeCloseTo(a ** alpha, 7);
        expect(rate(background.scaleFactor) / a ** alpha / a).toBeCloseTo(background.hubble(eta), 7);
      }
    });
  }
  it("of a table reach its last row, and say which that is", async () => {
    const background = await loadBackground({ kind: "table", file: table }, 0);
    expect(() => assertReached(3.99, background)).not.toThrow();
    expect(() => assertReached(4, background)).toThrow("4 lies beyond the background's last alpha-time 3.99, where");
  });
  it("of a table do not depend on the unit of its times", async () => {
    const unit = 1e-20;
    const small = path.join(folder, "small.csv");
    const rows = Array.from({ length: 40 }, (_, i) => i / 10).map((t) => [t, (1 + t) ** 0.6 + 0.1 * t ** 2] as const);
    const written = (file: string, of: number) =>
      writeFileSync(file, ["t,a", ...rows.map(([t, a]) => `${t * of},${a}`)].join("\n"));
    written(small, unit);
    const scaled = await loadBackground({ kind: "table", file: small }, 1);
    written(small, 1);
    const whole = await loadBackground({ kind: "table", file: small }, 1);
    for (const eta of [0.03, 0.4, 0.77]) {
      expect(scaled.scaleFactor(eta * unit) / whole.scaleFactor(eta)).toBeCloseTo(1, 12);
      expect((scaled.hubble(eta * unit) * unit) / whole.hubble(eta)).toBeCloseTo(1, 12);
    }
  });
  it.each([0.5, 1, 3, -1])(
    "of a table of few rows, efolds apart, have the alpha-time of what lies between, alpha %d",
    async (alpha) => {
      const file = path.join(folder, "sparse.csv");
      writeFileSync(file, [0, 5, 10, 15, 20, 25].map((t) => `${t},${Math.exp(t)}`).join("\n"));
      const background = await loadBackground({ kind: "table", file }, alpha);
      for (const t of [0.01, 1, 2.5, 4.9, 7]) {
        const eta = -Math.expm1(-alpha * t) / alpha;
        expect(background.time(eta)).toBeCloseTo(t, 5);
        expect(background.scaleFactor(eta) / Math.exp(t)).toBeCloseTo(1, 5);
      }
      expect((-alpha * background.end) / Math.expm1(-alpha * 25)).toBeCloseTo(1, 9);
    },
  );
  it("of radiation at alpha = 1 is linear", () => {
    const { scaleFactor } = createBackground({ kind: "powerLaw", exponent: 0.5, hubble: 0.5 }, 1);
    expect(scaleFactor(4)).toBeCloseTo(3, 13);
  });
});
