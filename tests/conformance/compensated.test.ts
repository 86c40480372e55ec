/** What precision compensated keeps of small fluctuations. */

import { openEngine } from "@slowroll/core/engine/open";
import { EngineUnavailableError } from "@slowroll/core/errors";
import { activations } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { describe, expect, it } from "vitest";
import { referenceLattice } from "../reference/lattice.ts";

const POINTS = 12;
const SPACING = 0.7;

/** -<phi Laplacian phi> as the mean square of forward differences: the reference's own multiplies the Laplacian's rounding by the mean. */
function gradientOf(field: Float64Array): number {
  const at = (x: number, y: number, z: number): number =>
    field[((x % POINTS) * POINTS + (y % POINTS)) * POINTS + (z % POINTS)]!;
  let sum = 0;
  for (let x = 0; x < POINTS; x++)
    for (let y = 0; y < POINTS; y++)
      for (let z = 0; z < POINTS; z++)
        for (const [i, j, k] of [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ] as const)
          sum += (at(x + i, y + j, z + k) - at(x, y, z)) ** 2;
  return sum / field.length / SPACING ** 2;
}

describe("a fluctuation of 1e-8 on a mean of 1", () => {
  it("keeps its moments to 1e-6 of themselves over a hundred operations", async () => {
    const engine = await openEngine({ engine: "webgpu", adapter: "software", precision: "compensated" });
    expect(engine.info.precision).toBe("compensated");
    const count = POINTS ** 3;
    const job = {
      grid: { dimensions: 3, points: POINTS, spacing: SPACING, stencil: 2 },
      realisations: 1,
      fields: 1,
      potential: await compilePotential({ expression: "phi^4/4" }),
      initial: async () => ({
        field: normals(1, 0, 0, count).map((value) => 1 + 1e-8 * value),
        momentum: normals(2, 0, 0, count).map((value) => 1e-8 * value),
      }),
      schedule: { kind: "prescribed", coefficients: new Float64Array(300).fill(0.03) },
      observeAfter: [0, 1, 100],
      reductions: [{ kind: "field" }, { kind: "shape" }, { kind: "gradient" }],
    } as const;
    try {
      const { observations } = await engine.evolveLattice(job);
      const want = await referenceLattice(job);
      for (const [o, { fieldMean, fieldVariance, fieldFourth }] of want.observations.entries()) {
        const got = observations[o]!;
        expect(Math.abs(got.fieldMean![0]! - fieldMean![0]!)).toBeLessThan(1e-12);
        expect(Math.abs(got.fieldVariance![0]! / fieldVariance![0]! - 1)).toBeLessThan(1e-6);
        expect(Math.abs(got.fieldFourth![0]! / fieldFourth![0]! - 1)).toBeLessThan(1e-6);
      }
      for (const [o, field] of [(await job.initial()).field, want.final.field].entries())
        expect(Math.abs(observations[2 * o]!.gradient![0]! / gradientOf(field) - 1)).toBeLessThan(1e-6);
    } finally {
      await engine.close();
    }
  });

  it("trains no networks, and says what does", async () => {
    const engine = await openEngine({ engine: "webgpu", adapter: "software", precision: "compensated" });
    try {
      const architecture = {
        inputDimension: 1,
        depth: 1,
        width: 8,
        activation: activations.tanh!,
        weightStd: 1,
        biasStd: 0,
      } as const;
      const training = engine.trainEnsemble(
        {
          architecture,
          inputs: Float64Array.of(1),
          targets: Float64Array.of(1),
          potential: await compilePotential("quadratic"),
          learningRate: 0.1,
          momentum: 0,
          steps: 1,
          seed: 1,
          networks: { first: 0, count: 1 },
          recordOutputs: [],
          recordKernels: [],
        },
        () => {},
      );
      await expect(training).rejects.toThrow(EngineUnavailableError);
    } finally {
      await engine.close();
    }
  });
});
