/** The lattice job of every engine against tests/reference: dimensions, fields, realisations, odd sizes, observations. */
import type { Engine, LatticeJob, Reduction } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { InputError } from "@slowroll/core/errors";
import { builtins } from "@slowroll/core/potential/builtins/index";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceLattice } from "../reference/lattice.ts";

/** Largest difference from the reference over its largest value, after twenty operations. */
const ENGINES = [
  { engine: "webgpu", adapter: "software", precision: "float32", fused: false, bound: 2e-5 },
  { engine: "cpu", adapter: "auto", precision: "float32", fused: false, bound: 2e-6 },
  { engine: "cpu", adapter: "auto", precision: "float64", fused: false, bound: 1e-13 },
  // Fused last: once a process has it, it has it for good.
  { engine: "cpu", adapter: "auto", precision: "float32", fused: true, bound: 2e-6 },
  { engine: "cpu", adapter: "auto", precision: "float64", fused: true, bound: 1e-13 },
] as const;

interface Case {
  dimensions: 1 | 2 | 3;
  points: number;
  realisations?: number;
  fields?: string[];
  potential?: string;
  operations?: number;
}

async function jobOf({
  dimensions,
  points,
  realisations = 1,
  fields = ["phi"],
  potential,
  operations = 20,
}: Case): Promise<LatticeJob> {
  const count = realisations * fields.length * points ** dimensions;
  const spec = potential ?? {
    expression: fields.length === 1 ? "phi^4/4 - phi^2/2" : "phi^4/4 + g*phi^2*chi^2",
    parameters: fields.length === 1 ? {} : { g: 2 },
  };
  const reductions: Reduction[] = [
    { kind: "field" },
    { kind: "momentum" },
    { kind: "gradient" },
    { kind: "potential" },
  ];
  for (const mode of [
    [1, 0, 0],
    [1, -2, 1],
  ])
    reductions.push({ kind: "cosine", mode: mode.slice(0, dimensions) });
  return {
    grid: { dimensions, points, spacing: 0.7, stencil: 2 },
    realisations,
    fields: fields.length,
    potential: await compilePotential(spec, { fields }),
    initial: async () => ({
      field: normals(1, 0, 0, count).map((value) => 1 + 0.3 * value),
      momentum: normals(2, 0, 0, count).map((value) => 0.3 * value),
    }),
    schedule: {
      kind: "prescribed",
      coefficients: Float64Array.from(
        { length: 3 * operations },
        (_, i) => [0.02, 0.019, 0.021][i % 3]! * (1 + i / 100),
      ),
    },
    observeAfter: [0, 1, Math.min(7, operations), operations].filter((o, i, all) => all.indexOf(o) === i),
    reductions,
  };
}

const cases: Case[] = [
  { dimensions: 1, points: 2 },
  { dimensions: 1, points: 301, realisations: 3 },
  { dimensions: 2, points: 33, realisations: 2, fields: ["phi", "chi"] },
  { dimensions: 3, points: 17, fields: ["phi", "chi"] },
  { dimensions: 3, points: 8, realisations: 4, operations: 5 },
  // Boundary sizes: too few planes to share, slabs as thick as a sweep reaches, odd numbers of realisations.
  ...[2, 3, 4, 5, 16].map((points) => ({ dimensions: 3 as const, points, realisations: 3 })),
  { dimensions: 2, points: 5 },
  ...Object.keys(builtins).map((potential) => ({ dimensions: 2 as const, points: 9, potential })),
];

describe.each(ENGINES)("$engine lattices, $precision, fused $fused", ({ bound, fused, ...choice }) => {
  let engine: Engine;
  beforeAll(async () => {
    if (fused) enableFusedMultiplyAdd();
    engine = await openEngine(choice);
    if (fused) expect(engine.info.fusedMultiplyAdd).toBe(true);
  });
  afterAll(() => engine.close());

  it.each(cases.map((given) => [JSON.stringify(given), given] as const))("%s", async (_name, given) => {
    const job = await jobOf(given);
    const want = await referenceLattice(job);
    const got = await engine.evolveLattice(job);
    const near = (actual: Float64Array, expected: Float64Array): void => {
      const scale = Math.max(1, ...expected.map(Math.abs));
      expect(actual.length).toBe(expected.length);
      for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value) / scale).toBeLessThan(bound);
    };
    near(got.final.field, want.final.field);
    near(got.final.momentum, want.final.momentum);
    expect(got.observations.length).toBe(want.observations.length);
    for (const [o, observation] of want.observations.entries()) {
      const { afterOperation, cosine, ...means } = observation;
      expect(got.observations[o]!.afterOperation).toBe(afterOperation);
      for (const [name, values] of Object.entries(means))
        near(got.observations[o]![name as keyof typeof means]!, values);
      for (const [mode, values] of cosine!.entries()) near(got.observations[o]!.cosine![mode]!, values);
    }
  });

  it("gives only what was asked for", async () => {
    const job = await jobOf({ dimensions: 1, points: 16 });
    const { observations } = await engine.evolveLattice({ ...job, reductions: [{ kind: "potential" }] });
    expect(Object.keys(observations[0]!).sort()).toEqual(["afterOperation", "potential"]);
  });

  it("refuses what does not fit", async () => {
    const job = await jobOf({ dimensions: 1, points: 4 });
    const huge = { ...job, grid: { ...job.grid, dimensions: 3 as const, points: 900 } };
    await expect(engine.evolveLattice(huge)).rejects.toThrow(InputError);
    if (choice.engine === "webgpu") {
      const long = { ...job, grid: { ...job.grid, points: 5_000_000 } };
      await expect(engine.evolveLattice(long)).rejects.toThrow(/points along a side/);
    }
  });
});
