/** What a lattice says where its numbers, or their squares, are beyond what its precision holds. */
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const base: FieldStudy = {
  background: { kind: "static" },
  field: { potential: "quadratic", mean: 1, velocity: 0 },
  fluctuations: { kind: "none" },
  time: { alpha: 0, step: 0.01, end: 1, recordEvery: 1 },
};
const lattice = { dimensions: 1, points: 4, length: 2 * Math.PI, stencil: 2 } as const;
const wave = { kind: "planeWave", mode: [1], amplitude: 1e-2, velocity: 0 } as const;

it("says that squares of small fluctuations are lost on a device, or here in float32 where they drive the expansion", async () => {
  const { info } = referenceEngine;
  const device = { ...referenceEngine, info: { ...info, kind: "webgpu" as const } };
  const single = { ...referenceEngine, info: { ...info, precision: "float32" as const } };
  const driven = { kind: "selfConsistent", planckMass: 1 } as const;
  const warningsOf = async (
    amplitude: number,
    engine: typeof referenceEngine,
    background = base.background,
    expression = "phi^2/2",
  ) => {
    const fluctuations = { ...wave, amplitude };
    const on = { ...base, background, fluctuations, lattice };
    return (await fieldStudy({ ...on, field: { potential: { expression } } }, engine)).result.warnings;
  };
  expect(await warningsOf(1e-20, device)).toEqual([
    expect.stringMatching(
      /^precision: the fluctuations of phi are down to \d\.\de-21 rms, .*a smaller unit, or use --engine cpu$/,
    ),
  ]);
  expect(await warningsOf(1e-20, device, driven)).toEqual([
    expect.stringMatching(/in energies and spectra; .*use --engine cpu with precision: float64$/),
  ]);
  expect(await warningsOf(1e-20, single, driven)).toEqual([
    expect.stringMatching(/in energies, which drive the expansion; .*use precision: float64$/),
  ]);
  // At the beginning, from where they grow by more than 10,000.
  expect(await warningsOf(1e-17, device, base.background, "-100*phi^2")).toEqual([
    expect.stringMatching(/^precision: the fluctuations of phi are down to \d\.\de-18 rms/),
  ]);
  for (const [amplitude, engine] of [
    [1e-12, device],
    [0, device],
    [1e-20, referenceEngine],
    [1e-20, single],
  ] as const)
    expect(await warningsOf(amplitude, engine)).toEqual([]);
  expect(await warningsOf(1e-20, referenceEngine, driven)).toEqual([]);
});

it("says what rounding grows to over the steps, where it is 1% of the fluctuations", async () => {
  const single = { ...referenceEngine, info: { ...referenceEngine.info, precision: "float32" as const } };
  const warningsOf = async (amplitude: number, engine: typeof referenceEngine) => {
    const study: FieldStudy = {
      ...base,
      field: { potential: { expression: "1" }, mean: 2 },
      fluctuations: { ...wave, amplitude },
      lattice,
      time: { ...base.time, end: 10, recordEvery: 1000 },
    };
    return (await fieldStudy(study, engine)).result.warnings;
  };
  // 2 x 6e-8 x sqrt(1000), and rms of amplitude/sqrt(2) at most.
  expect(await warningsOf(5e-4, single)).toEqual([
    expect.stringMatching(/^precision: float32 rounding of phi, about 3\.8e-6, exceeds 1% .*; use precision: float64$/),
  ]);
  expect(await warningsOf(5e-3, single)).toEqual([]);
  expect(await warningsOf(5e-4, referenceEngine)).toEqual([]);
  // Added to 2, it leaves 2.
  expect(await warningsOf(1e-17, single)).toEqual([
    expect.stringMatching(
      /^precision: float32 rounding of phi, about 3\.8e-6, leaves nothing of its fluctuations; use/,
    ),
  ]);
  expect(await warningsOf(0, single)).toEqual([]);
  expect(await warningsOf(1e-12, referenceEngine)).toEqual([
    expect.stringMatching(/^precision: float64 rounding of phi, about 7\.0e-15, exceeds 1% .*; give the field as what/),
  ]);
});

it("warns of both in a run whose records are more than a call may have arguments", async () => {
  const { info } = referenceEngine;
  const device: typeof referenceEngine = {
    ...referenceEngine,
    info: { ...info, kind: "webgpu", precision: "float32" },
    async evolveLattice(job) {
      const schedule = { kind: "prescribed", coefficients: new Float64Array() } as const;
      const report = await referenceEngine.evolveLattice({ ...job, schedule, observeAfter: [0] });
      const observations = job.observeAfter.map((afterOperation) => ({ ...report.observations[0]!, afterOperation }));
      return { ...report, observations };
    },
  };
  const long: FieldStudy = {
    ...base,
    field: { potential: "quadratic", mean: 1e-10 },
    fluctuations: { ...wave, amplitude: 1e-20 },
    lattice,
    time: { ...base.time, end: 1400 },
  };
  const { times, warnings } = (await fieldStudy(long, device)).result;
  expect(times.length).toBe(140_001);
  expect(warnings).toEqual([
    expect.stringMatching(/^precision: float32 rounding of phi/),
    expect.stringMatching(/^precision: the fluctuations of phi are down to/),
  ]);
});

it.each([
  ["cpu", "float64", Infinity, /beyond float64 at step 1200, after 120 e-folds; end earlier$/],
  ["cpu", "float32", 1e77, /beyond float32 at step 3\d0, after 3\d e-folds; end earlier or use precision: float64$/],
  ["webgpu", "compensated", 3e38, /after 17 e-folds; end earlier or use --engine cpu with precision: float64$/],
] as const)(
  "says that momenta outgrow the numbers of %s in %s with the scale factor",
  async (kind, precision, largest, words) => {
    const engine: typeof referenceEngine = {
      ...referenceEngine,
      info: { ...referenceEngine.info, kind, precision },
      async evolveLattice(job) {
        const report = await referenceEngine.evolveLattice(job);
        const held = (squares: Float64Array) => squares.map((square) => (square < largest ? square : Infinity));
        const observations = report.observations.map((each) => ({
          ...each,
          momentumSquare: held(each.momentumSquare!),
        }));
        return { ...report, observations };
      },
    };
    const study: FieldStudy = {
      ...base,
      background: { kind: "deSitter", hubble: 1 },
      field: { potential: { expression: "0.01*phi^2" }, mean: 1 },
      lattice,
      fluctuations: { ...wave, amplitude: 1e-3 },
      time: { ...base.time, alpha: 0, step: 0.1, end: 150, recordEvery: 10 },
    };
    await expect(fieldStudy(study, engine)).rejects.toMatchObject({
      path: "time.end",
      message: expect.stringMatching(words),
    });
  },
);

it("says where V is not finite at the start, and that float32 may be why", async () => {
  const study: FieldStudy = {
    ...base,
    field: { potential: { expression: "sqrt(phi)" }, mean: 1 },
    fluctuations: { ...wave, amplitude: 2 },
    lattice,
  };
  const refusal = (precision: "float32" | "float64") =>
    fieldStudy(study, { ...referenceEngine, info: { ...referenceEngine.info, precision } });
  await expect(refusal("float64")).rejects.toThrow(
    /^V or V' is not finite at some site of the lattice, .*; start elsewhere or change the potential$/,
  );
  await expect(refusal("float32")).rejects.toThrow(/^V, V' or a square .*beyond float32, use precision: float64 or/);
});
