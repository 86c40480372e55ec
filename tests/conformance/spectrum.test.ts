/** The CPU engine's spectra against tests/reference: sides of every kind of factor, both precisions, and the same bits on any number of workers. */

import { planMemory } from "@slowroll/core/engine/cpu/control";
import { layoutOf } from "@slowroll/core/engine/cpu/layout";
import { createPool, type Pool } from "@slowroll/core/engine/cpu/pool";
import { planSpectrum } from "@slowroll/core/engine/cpu/spectrum";
import { spectrumBins } from "@slowroll/core/engine/latticeJob";
import { assemblePotential } from "@slowroll/core/potential/assemble";
import { compilePotential } from "@slowroll/core/potential/compile";
import { uniforms } from "@slowroll/core/random/normal";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frequencyWeight, referenceSpectrum } from "../reference/spectrum.ts";

interface Case {
  readonly dimensions: 1 | 2 | 3;
  readonly points: number;
  readonly realisations?: number;
  readonly fields?: number;
}

const CASES: Case[] = [
  ...[...Array.from({ length: 20 }, (_, i) => i + 1), 30, 64, 77, 100, 128].map((points) => ({
    dimensions: 1 as const,
    points,
  })),
  { dimensions: 1, points: 24, realisations: 3, fields: 3 },
  ...[1, 2, 3, 5, 8, 9, 14, 30, 64].map((points) => ({ dimensions: 2 as const, points })),
  { dimensions: 2, points: 11, realisations: 3, fields: 2 },
  // Many blocks of columns.
  { dimensions: 2, points: 300 },
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 16].map((points) => ({ dimensions: 3 as const, points })),
  { dimensions: 3, points: 10, realisations: 2, fields: 2 },
  // More fields than the work area holds at a time.
  { dimensions: 3, points: 32, realisations: 9, fields: 2 },
];
interface Weighting {
  readonly power: "omega" | "1/omega";
  readonly waveSquares: Float64Array;
  readonly massSquared: Float64Array;
}

const THREADS = [1, 2, 3];
/** A mean that takes the fluctuations' digits in float32, unless it is taken off first. */
const MEAN = 100;

const VARIANTS = [
  { precision: "float32", fused: false, bound: 2e-6 },
  { precision: "float64", fused: false, bound: 1e-14 },
  // Fused last: once a process has it, it has it for good.
  { precision: "float32", fused: true, bound: 2e-6 },
  { precision: "float64", fused: true, bound: 1e-14 },
] as const;

describe.each(VARIANTS)("spectra in $precision, fused: $fused", ({ precision, fused, bound }) => {
  const size = precision === "float32" ? 4 : 8;
  let pools: Pool[];
  let potential: Uint8Array;
  beforeAll(async () => {
    if (fused) enableFusedMultiplyAdd();
    pools = THREADS.map((threads) => createPool(threads));
    for (const pool of pools) if (fused) expect(pool.fusedMultiplyAdd).toBe(true);
    potential = await assemblePotential(await compilePotential("quadratic"), precision);
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.close()));
  });

  /** Spectra by |n|^dimensions, or by what is given. */
  async function spectraOf(pool: Pool, grid: Case, values: Float64Array, by?: Weighting): Promise<Float64Array> {
    const { dimensions, points, realisations = 1, fields = 1 } = grid;
    const layout = layoutOf({ grid }, size);
    const { planes, rows, rowBytes, planeBytes, fieldBytes, lead } = layout;
    const plan = planMemory();
    const field = plan.place(realisations * fields * fieldBytes + 2 * lead) + lead;
    const spectrum = planSpectrum(plan, grid, layout, {
      realisations,
      fields,
      workers: pool.threads,
      size,
      waveSquares: by?.waveSquares,
    });
    const session = await pool.open(
      {
        activation: size === 4 ? "linearRow32" : "linearRow64",
        potential,
        bytes: plan.bytes,
        workers: pool.threads,
        setup: (worker) => [
          ["setGrid", dimensions, points, realisations, fields, rowBytes, planeBytes, fieldBytes],
          ...spectrum.setup(worker),
        ],
      },
      "lattice.points",
    );
    const { buffer } = session.memory;
    const elements = size === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
    // What stands between the rows and in the work area must not matter.
    elements.fill(Number.NaN, field / size - 8);
    spectrum.prepare(buffer);
    for (let row = 0; row < realisations * fields * planes * rows; row++) {
      const rf = Math.floor(row / planes / rows);
      const plane = Math.floor(row / rows) % planes;
      const at = field + rf * fieldBytes + plane * planeBytes + (row % rows) * rowBytes;
      elements.set(values.subarray(row * points, (row + 1) * points), at / size);
    }
    const calls = by ? spectrum.weighted(buffer, field, by.power, by.massSquared) : spectrum.calls(field);
    await session.run(() => calls, {});
    return spectrum.read(buffer);
  }

  it.each(CASES)(
    "$dimensions dimensions of $points points, $realisations realisations of $fields fields",
    async (grid) => {
      const { dimensions, points, realisations = 1, fields = 1 } = grid;
      const sites = points ** dimensions;
      const bins = spectrumBins(grid);
      const next = uniforms(3, 100 * dimensions + points);
      // What the engine holds: rounded to its precision before anything is compared.
      const values = Float64Array.from({ length: realisations * fields * sites }, () => {
        const value = MEAN + 2 * next() - 1;
        return size === 4 ? Math.fround(value) : value;
      });
      const got = await spectraOf(pools[0]!, grid, values);
      expect(got.length).toBe(realisations * fields * bins);
      // A bin's size in the mean: the spectrum of one site, all of whose modes have the square 1, times the sum of the squares.
      const one = referenceSpectrum(
        grid,
        Float64Array.from({ length: sites }, (_, site) => (site === 0 ? 1 : 0)),
      );
      for (let rf = 0; rf < realisations * fields; rf++) {
        const field = values.subarray(rf * sites, (rf + 1) * sites).map((value) => value - MEAN);
        const want = referenceSpectrum(grid, field);
        const square = field.reduce((sum, value) => sum + value ** 2, 0);
        for (let bin = 0; bin < bins; bin++) {
          const off = Math.abs(got[rf * bins + bin]! - want[bin]!);
          expect(off).toBeLessThanOrEqual(bound * one[bin]! * square);
        }
      }
      for (const pool of pools.slice(1)) expect(await spectraOf(pool, grid, values)).toEqual(got);
    },
  );

  it.each([
    { power: "omega", exponent: 1 },
    { power: "1/omega", exponent: -1 },
  ] as const)("by $power, without the modes that have none", async ({ power, exponent }) => {
    const grid = { dimensions: 2, points: 9, fields: 3 } as const;
    const sites = grid.points ** grid.dimensions;
    const waveSquares = Float64Array.from({ length: 5 }, (_, n) => n ** 2);
    // All modes have a frequency; some have none, one of them for omega^2 = 0; all but the highest have none.
    const massSquared = Float64Array.of(0.5, -4, -30.5);
    const next = uniforms(3, 400);
    const values = Float64Array.from({ length: grid.fields * sites }, () => Math.fround(2 * next() - 1));
    const got = await spectraOf(pools[1]!, grid, values, { power, waveSquares, massSquared });
    const bins = spectrumBins(grid);
    for (const [f, mass] of massSquared.entries()) {
      const weight = frequencyWeight(waveSquares, mass, exponent);
      const want = referenceSpectrum(grid, values.subarray(f * sites, (f + 1) * sites), weight);
      const most = Math.max(...want);
      expect(most).toBeGreaterThan(0);
      for (let bin = 0; bin < bins; bin++)
        expect(Math.abs(got[f * bins + bin]! - want[bin]!)).toBeLessThanOrEqual(10 * bound * most);
    }
  });
});
