/** What every engine's lattice must show (physics.md section 2). */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Engine } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { integrate } from "@slowroll/core/field/integrate";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe.each([
  { engine: "webgpu", adapter: "software", precision: "float32", bound: 2e-5 },
  { engine: "cpu", adapter: "auto", precision: "float32", bound: 2e-5 },
  { engine: "cpu", adapter: "auto", precision: "float64", bound: 1e-11 },
] as const)("the $engine lattice, $precision", ({ bound, ...choice }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(choice);
  });
  afterAll(() => engine.close());

  it(`ends at CosmoLattice's final arrays to ${bound} of their rms`, async () => {
    const data = path.join(import.meta.dirname, "../data/cosmolattice/radiation_lphi4_N32");
    const study: FieldStudy = {
      background: { kind: "powerLaw", exponent: 0.5, hubble: 0.5 },
      field: { potential: "quartic", mean: 0, velocity: 0 },
      lattice: { dimensions: 3, points: 32, length: 2 * Math.PI, stencil: 2 },
      fluctuations: {
        kind: "file",
        field: path.join(data, "init_scalar_0.f64"),
        momentum: path.join(data, "init_pi_scalar_0.f64"),
      },
      time: { alpha: 1, step: 0.01, end: 4, recordEvery: 10 },
    };
    const { result, final } = await fieldStudy(study, engine);
    for (const [got, name] of [
      [final!.field, "final_scalar_0.f64"],
      [final!.momentum, "final_pi_scalar_0.f64"],
    ] as const) {
      const want = new Float64Array(new Uint8Array(readFileSync(path.join(data, name))).buffer);
      const rms = Math.sqrt(want.reduce((sum, value) => sum + value ** 2, 0) / want.length);
      expect(Math.max(...want.map((value, i) => Math.abs(value - got[i]!))) / rms).toBeLessThan(bound);
    }
    // CosmoLattice's own averages: columns eta, <phi>, ... every 0.1.
    const rows = readFileSync(path.join(data, "average_scalar_0.txt"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number));
    for (const [eta, mean] of rows.filter(([time]) => Number.isFinite(time))) {
      const r = result.alphaTimes.findIndex((time) => Math.abs(time - eta!) < 1e-6);
      expect(Math.abs((result.mean as number[])[r]! - mean!)).toBeLessThan(1e-5);
    }
  });

  it("carries a plane wave in de Sitter as the mode equation with k_eff, to 1e-4 of its first amplitude", async () => {
    const study: FieldStudy = {
      background: { kind: "deSitter", hubble: 1 },
      field: { potential: { name: "quadratic", parameters: { mass: 1 } }, mean: 0, velocity: 0 },
      lattice: { dimensions: 3, points: 16, length: 2 * Math.PI, stencil: 2 },
      fluctuations: { kind: "planeWave", mode: [3, 1, 0], amplitude: 1e-3, velocity: 0 },
      time: { alpha: 0, step: 0.001, end: 3, recordEvery: 20 },
    };
    const { result } = await fieldStudy(study, engine);
    const [mode] = result.modes!;
    const states = integrate(
      (t, [u, v], slope) => {
        slope[0] = v!;
        slope[1] = -3 * v! - (mode!.kEff ** 2 * Math.exp(-2 * t) + 1) * u!;
      },
      [1e-3, 0],
      result.times,
    );
    for (const [r, amplitude] of (mode!.amplitude as number[]).entries())
      expect(Math.abs(amplitude - states[r]![0]!) / 1e-3).toBeLessThan(1e-4);
  });
});
