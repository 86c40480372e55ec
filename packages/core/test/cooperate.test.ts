/** Long work on the host: the same result in one go and in slices, and an end soon after an interrupt. */
import { complete, cooperate, type Work } from "@slowroll/core/cooperate";
import { kernelStudy } from "@slowroll/core/duality/kernel";
import { dualityStudy } from "@slowroll/core/duality/run";
import type { Engine } from "@slowroll/core/engine/engine";
import { InterruptedError } from "@slowroll/core/errors";
import { fieldStudy } from "@slowroll/core/field/run";
import { networkStudy } from "@slowroll/core/network/run";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../tests/reference/engine.ts";

function* sum(count: number): Work<number> {
  let total = 0;
  for (let i = 0; i < count; i++) {
    total += i;
    yield;
  }
  return total;
}

/** A signal aborted by the event loop after `milliseconds`, which only work that yields lets happen. */
function soon(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
}

describe("work", () => {
  it("gives the same in one go and in slices", async () => {
    expect(complete(sum(100))).toBe(4950);
    expect(await cooperate(sum(100), undefined)).toBe(4950);
  });
  it("throws what it throws", async () => {
    function* broken(): Work<void> {
      yield;
      throw new RangeError("no");
    }
    await expect(cooperate(broken(), undefined)).rejects.toThrow(RangeError);
  });
});

const network = { depth: 1, width: 8, activation: "erf", weightStd: 1.5, biasStd: 0.1 };
const kernel = (activation: string) => ({
  network: { ...network, activation },
  data: { inputs: { circle: { points: 2000 } }, targets: "sin(theta)" },
  training: { learningRate: 1, momentum: 0, steps: 0, potential: "quadratic", recordEvery: 1 },
  ensemble: { size: 1, seed: 1 },
});
/** Of 64 data, whose recursions take minutes for all networks. */
const evolved = {
  ...kernel("erf"),
  data: { inputs: { circle: { points: 64 } }, targets: "sin(theta)" },
  training: { ...kernel("erf").training, steps: 20_000 },
  ensemble: { size: 400, seed: 1 },
};
/** An engine that takes no time for them. */
const instant: Engine = {
  ...referenceEngine,
  async trainEnsemble({ targets, recordOutputs, recordKernels, networks }, onBatch) {
    const D = targets.length;
    const [outputs, kernels] = [D * recordOutputs.length, D * D * recordKernels.length].map((n) => new Float64Array(n));
    const [norms, test] = [new Float64Array(), new Float64Array()];
    for (let first = 0; first < networks.count; first++)
      await onBatch({ first, count: 1, outputs: outputs!, kernels: kernels!, norms, test });
    return { engineSeconds: 0 };
  },
};
const observe = { kernelMatrices: false, kernelsByLayer: false, parameterNorms: false, linearised: true };
const field = {
  background: { kind: "static" },
  field: { potential: { name: "quadratic", parameters: { mass: 1e6 } }, mean: 1, velocity: 0 },
  fluctuations: { kind: "none" },
  time: { alpha: 0, step: 0.1, end: 1000, recordEvery: 1 },
} as const;

describe("an interrupt ends", () => {
  it.each([
    ["quadratures", (signal: AbortSignal) => kernelStudy(kernel("tanh"), { signal }), 300],
    ["linearised twins", (signal: AbortSignal) => networkStudy({ ...evolved, observe }, instant, { signal }), 300],
    ...[{ background: true }, { background: false, widths: [8] }].map(
      (duality) =>
        [
          `the duals of duality's ${duality.widths ? "widths" : "background"}`,
          (signal: AbortSignal) => dualityStudy({ ...evolved, duality }, instant, { signal }),
          300,
        ] as const,
    ),
    ["the adaptive field", (signal: AbortSignal) => fieldStudy(field, undefined, { signal }), 300],
    [
      "the field by splitting",
      (signal: AbortSignal) =>
        fieldStudy(
          { ...field, time: { ...field.time, step: 1e-4, recordEvery: 1e5, integrator: "verlet2" } },
          undefined,
          { signal },
        ),
      1,
    ],
  ] as const)("%s", async (_name, study, after) => {
    const start = performance.now();
    await expect(study(soon(after))).rejects.toThrow(InterruptedError);
    expect(performance.now() - start).toBeLessThan(after + 8000);
  });
});
