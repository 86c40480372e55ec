/** Where an ensemble leaves the finite numbers: at which step, and at which field. */
import type { EnsembleBatch, EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { DivergenceWatch, divergenceError } from "@slowroll/core/network/divergence";
import { compilePotential } from "@slowroll/core/potential/compile";
import { describe, expect, it } from "vitest";

const STEPS = [0, 10, 20];

/** A watch over networks of two data without targets, recorded three times, and what it makes of their outputs. */
async function watched(expression: string, outputs: readonly number[], kernels: readonly number[] = []) {
  const job = {
    recordOutputs: STEPS,
    recordKernels: kernels.length > 0 ? [0, 15] : [],
    targets: new Float64Array(2),
    potential: await compilePotential({ expression }),
    architecture: { depth: 1 },
  } as unknown as EnsembleJob;
  const watch = new DivergenceWatch(job);
  const count = outputs.length / 6;
  const batch = { count, outputs: Float64Array.from(outputs), kernels: Float64Array.from(kernels) };
  watch.see(batch as EnsembleBatch);
  if (!watch.first) return undefined;
  const { networks, seen, ...first } = watch.first;
  expect(seen).toBe(count);
  return { ...first, ...(count > 1 ? { networks } : {}) };
}

describe("a divergence", () => {
  it.each([
    ["is none where all is finite", "phi^2", [1, 2, 3, 4, 5, 6], undefined],
    ["is none where only the sum of all V is not finite", "phi^2", [1, 1, 1.2e154, 1.2e154, 1e154, 1], undefined],
    ["is where V is not finite", "phi^2", [1, 2, 3, 1e200, 5, 6], { step: 10, phi: 1e200 }],
    ["is where an output is not", "phi^2", [1, 2, 3, 4, Number.NaN, 6], { step: 20, phi: Number.NaN }],
    [
      "is where an output is infinite and V is not",
      "exp(-phi)",
      [1, 2, 3, Number.POSITIVE_INFINITY, 5, 6],
      { step: 10, phi: Number.NaN },
    ],
    [
      "is that of the first step of all networks",
      "phi^2",
      [1, 1, 1, 1, 1e200, 1, 1, 1, 1e201, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      { step: 10, phi: 1e201, networks: 2 },
    ],
    ["is where V' is not finite before training", "sqrt(phi)", [1, 0, 1, 1, 1, 1], { step: 0, phi: 0 }],
    ["is none where V' is not finite later", "sqrt(phi)", [1, 1, 1, 0, 1, 1], undefined],
  ])("%s", async (_name, expression, outputs, first) => {
    expect(await watched(expression, outputs)).toEqual(first);
  });

  it("is where a kernel is not finite", async () => {
    const kernels = [1, 2, 3, 4, 5, Number.POSITIVE_INFINITY, 7, 8];
    expect(await watched("phi^2", [1, 1, 1, 1, 1, 1], kernels)).toEqual({ step: 15, phi: Number.NaN });
    expect(await watched("phi^2", [1, 1, 1, Number.NaN, 1, 1], kernels)).toEqual({ step: 10, phi: Number.NaN });
  });
});

describe("the error of a divergence", () => {
  it("says in how many networks it is", () => {
    const first = { step: 7, phi: Number.NaN };
    const message = (networks: number, seen: number): string =>
      divergenceError({ ...first, networks, seen }, "training", undefined).message;
    expect(message(3, 400)).toMatch(/^training diverged in 3 of 400 networks: .* at step 7; use a smaller/);
    expect(message(1, 1)).toMatch(/^training diverged: .* at step 7; use a smaller/);
  });
});
