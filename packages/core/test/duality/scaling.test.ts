/** The scaling with width, of networks whose outputs and kernels are made up: what is told, and what exponents are fitted to. */
import { parseConfig } from "@slowroll/core/config/parse";
import { kernelStudy } from "@slowroll/core/duality/kernel";
import { dualityStudy } from "@slowroll/core/duality/run";
import { InputError } from "@slowroll/core/errors";
import { expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const SIZE = 16;
const RATE = 0.1;
const config = (widths: readonly number[]) =>
  parseConfig(
    "duality",
    `data: { inputs: [[1]], targets: [1] }
training: { steps: 1, learningRate: ${RATE} }
ensemble: { size: ${SIZE} }
duality: { background: false, widths: [${widths}] }`,
  );

/** Network m of the job's width starts at f = 0; `outputs` is f after the step, `kernels` Theta before and after it. */
async function scalingOf(
  widths: readonly number[],
  network: (width: number, m: number) => { readonly output: number; readonly kernels: readonly [number, number] },
) {
  const engine: typeof referenceEngine = {
    ...referenceEngine,
    async trainEnsemble({ architecture }, onBatch) {
      const networks = Array.from({ length: SIZE }, (_, m) => network(architecture.width, m));
      await onBatch({
        first: 0,
        count: SIZE,
        outputs: Float64Array.from(networks.flatMap(({ output }) => [0, output])),
        kernels: Float64Array.from(networks.flatMap(({ kernels }) => kernels)),
        norms: new Float64Array(),
        test: new Float64Array(),
      });
      return { engineSeconds: 0 };
    },
  };
  return (await dualityStudy(await config(widths), engine)).result.scaling!;
}
const theta = async () => (await kernelStudy(await config([64, 128]))).ntk[0]![0]!;

it("refuses a width that does not fit before eigenvalues and training, at its place", async () => {
  const done: string[] = [];
  const engine: typeof referenceEngine = {
    ...referenceEngine,
    async assertRoom({ architecture: { width } }) {
      done.push(`room ${width}`);
      if (width > 128) throw new InputError("does not fit", { path: "network.width" });
    },
    async trainEnsemble() {
      done.push("trained");
      return { engineSeconds: 0 };
    },
  };
  const refused = dualityStudy(await config([64, 256]), engine, { onStage: (what) => done.push(what) });
  await expect(refused).rejects.toMatchObject({ message: "does not fit", path: "duality.widths[1]" });
  expect(done).toEqual(["infinite-width kernels of 1 data", "room 64", "room 256"]);
});

it("tells the mean's deviation from three standard errors of it", async () => {
  const ntk = await theta();
  // f after a step of the infinitely wide network from f = 0 with the target 1.
  const dual = RATE * ntk;
  const deviation = async (mean: number) => {
    // The standard error is rms/4.
    const scaling = await scalingOf([64, 128], (_, m) => ({
      output: dual + 0.01 * (mean + (m % 2 ? 1 : -1)),
      kernels: [ntk, ntk],
    }));
    return scaling.meanDeviation.values[0];
  };
  // 4 m/sqrt(1 + m^2) is 3 at m = 3/sqrt(7), 1.134.
  expect(await deviation(1.12)).toBeNull();
  expect(await deviation(1.15)).toBeCloseTo(0.0115, 12);
});

it("fits the large widths by themselves, from 256 on", async () => {
  const ntk = await theta();
  const scaling = await scalingOf([128, 256, 1024], (width) => {
    const off = width < 256 ? 1 : 1 / Math.sqrt(width);
    return { output: 0.3, kernels: [ntk * (1 + off), ntk * (1 + off) + ntk / width] };
  });
  expect(scaling.kernelFluctuation.values).toEqual([1, 1 / 16, 1 / 32].map((value) => expect.closeTo(value, 12)));
  expect(scaling.kernelFluctuation.exponentLarge).toBeCloseTo(-0.5, 12);
  expect(scaling.kernelFluctuation.exponent).toBeLessThan(-1);
  expect([scaling.kernelDrift.exponent, scaling.kernelDrift.exponentLarge]).toEqual([
    expect.closeTo(-1, 12),
    expect.closeTo(-1, 12),
  ]);
});

it("finds no drift and a kernel's fluctuation where there are no steps", async () => {
  const at = async (steps: number) => {
    const { training, ...rest } = await config([4, 8]);
    return (await dualityStudy({ ...rest, training: { ...training, steps } }, referenceEngine)).result.scaling!;
  };
  const [none, one] = [await at(0), await at(1)];
  expect(none.kernelDrift.values).toEqual([0, 0]);
  expect(none.kernelFluctuation).toEqual(one.kernelFluctuation);
});
