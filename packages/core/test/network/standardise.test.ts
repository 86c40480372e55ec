/** Standardised inputs: their moments, that units no longer matter, and that results keep the user's. */
import { kernelStudy } from "@slowroll/core/duality/kernel";
import type { Engine } from "@slowroll/core/engine/engine";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { openEngine } from "@slowroll/core/engine/open";
import { prepareData } from "@slowroll/core/network/data";
import { networkStudy } from "@slowroll/core/network/run";
import { standardisationOf, standardised } from "@slowroll/core/network/standardise";
import type { DataSpec, InputsSpec, NetworkStudy } from "@slowroll/core/network/study";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROWS = [
  [3, 7, -1e-9],
  [5, 7, 2e-9],
  [-4, 7, 1e-9],
  [0.5, 7, 0],
];
const column = (values: Float64Array, i: number): number[] => [...values].filter((_, at) => at % 3 === i);
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

describe("standardised inputs", () => {
  it("have mean 0 and variance 1 in each coordinate, and 0 where it is the same in all", () => {
    const inputs = Float64Array.from(ROWS.flat());
    const standardisation = standardisationOf(inputs, 3);
    const seen = standardised(inputs, standardisation);
    for (const i of [0, 2]) {
      expect(mean(column(seen, i))).toBeCloseTo(0, 14);
      expect(mean(column(seen, i).map((x) => x * x))).toBeCloseTo(1, 14);
    }
    expect(column(seen, 1)).toEqual([0, 0, 0, 0]);
    expect([standardisation.shift[1], standardisation.scale[1]]).toEqual([7, 1]);
    expect(standardisation.shift[0]).toBe(1.125);
  });
  it("are 0 where equal numbers have a mean that rounds", () => {
    const inputs = new Float64Array(10).fill(0.1);
    expect([...standardised(inputs, standardisationOf(inputs, 1))]).toEqual(new Array(10).fill(0));
  });
  it("may be as large as float64 holds", () => {
    const inputs = Float64Array.of(1e300, -1e300, 1e300, -1e300);
    expect([...standardised(inputs, standardisationOf(inputs, 1))]).toEqual([1, -1, 1, -1]);
  });
});

describe("data", () => {
  const spec: DataSpec = { inputs: ROWS, targets: "x0 + 2*x1", standardise: true, test: { inputs: [[1.125, 8, 0]] } };
  it.each([
    [
      "another coordinate is large",
      [
        [3, 1],
        [-300, 1.5],
      ],
      "of x1, 0.25, beside the root mean square of x0, 212;",
    ],
    [
      "a coordinate is large that is the same in all",
      [
        [3, 900],
        [4, 900],
      ],
      "of x0, 0.5, beside the root mean square of x1, 900;",
    ],
    ["it is far from 0 itself", [[2010], [2022]], "of x0, 6, beside the root mean square of x0, 2020;"],
    [
      "half of the coordinates differ little",
      [
        [300, 2, 1, 300],
        [-300, 1, 2.5, 304],
      ],
      "of x2, 0.75, beside the root mean square of x3, 302;",
    ],
  ] as const)(
    "say that networks hardly see a coordinate where %s, unless standardised",
    async (_name, inputs, line) => {
      const rows = inputs.map((row) => [...row]);
      const { warnings } = await prepareData({ inputs: rows, targets: "x0" });
      expect(warnings).toEqual([
        `data.inputs: networks hardly see the standard deviation ${line} use data.standardise: true`,
      ]);
      expect((await prepareData({ inputs: rows, targets: "x0", standardise: true })).warnings).toEqual([]);
    },
  );
  it.each([
    [
      [
        [1, 0],
        [-1, 0.02],
      ],
    ],
    [[[5], [5]]],
    [
      [
        [7, 7],
        [7, 7],
      ],
    ],
  ])("say nothing of %j", async (inputs) => {
    expect((await prepareData({ inputs, targets: "x0" })).warnings).toEqual([]);
  });
  it.each([
    { gaussian: { points: 2, dimension: 1000, seed: 1 } },
    { sphere: { points: 3, dimension: 784, seed: 1 } },
    // As pixels at the edge of an image.
    [
      [0.3, 0.9, 0],
      [0.8, 0.1, 0],
      [0.5, 0.4, 0.004],
    ],
  ] as InputsSpec[])("say nothing of a few that differ little: %j", async (inputs) => {
    expect((await prepareData({ inputs, targets: "x0" })).warnings).toEqual([]);
  });

  it("shift and scale test inputs by the data's numbers, and have targets in the user's units", async () => {
    const data = await prepareData(spec);
    const { shift, scale } = data.standardisation!;
    expect([...data.test!]).toEqual([0, 1, -shift[2]! / scale[2]!]);
    expect([...data.targets]).toEqual(ROWS.map(([x0, x1]) => x0! + 2 * x1!));
    expect([...data.given.inputs]).toEqual(ROWS.flat());
    expect([...data.given.test!]).toEqual([1.125, 8, 0]);
  });
  it("are as given where not asked for", async () => {
    const data = await prepareData({ ...spec, standardise: false });
    expect(data.standardisation).toBeUndefined();
    expect([...data.inputs]).toEqual(ROWS.flat());
    expect([...data.test!]).toEqual([1.125, 8, 0]);
  });
});

describe("studies", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64", threads: 1 });
  });
  afterAll(() => engine.close());
  const X = [[0.2], [0.9], [1.7], [3.1]];
  const tests = [[0.5], [2.5]];
  const targets = [1, -1, 0.5, 0.25];
  const studyOf = (factor: number, offset: number, standardise = true): NetworkStudy => {
    const unit = (rows: readonly (readonly number[])[]) => rows.map((row) => row.map((x) => factor * x + offset));
    return {
      network: { depth: 2, width: 16, activation: "tanh", weightStd: 1.5, biasStd: 0.2 },
      data: { inputs: unit(X), targets, standardise, test: { inputs: unit(tests) } },
      training: { learningRate: { relative: 0.5 }, momentum: 0, steps: 20, potential: "quadratic", recordEvery: 5 },
      ensemble: { size: 6, seed: 3 },
    };
  };
  const near = (got: readonly number[], want: readonly number[]): void => {
    expect(got.length).toBe(want.length);
    for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 10);
  };

  it("do not depend on the units of the inputs, which the result keeps", async () => {
    const plain = (await networkStudy(studyOf(1, 0), engine)).result;
    const other = (await networkStudy(studyOf(-250, 1e4), engine)).result;
    const alike = (await networkStudy(studyOf(250, 1e4), engine)).result;
    near(alike.mean.flat(), plain.mean.flat());
    near(alike.test!.mean, plain.test!.mean);
    near(alike.test!.theory!.std, plain.test!.theory!.std);
    expect(alike.test!.inputs).toEqual(tests.map(([x]) => [250 * x! + 1e4]));
    expect(alike.test!.data.inputs).toEqual(X.map(([x]) => [250 * x! + 1e4]));
    near([alike.standardisation!.scale[0]! / 250], plain.standardisation!.scale as number[]);
    // A mirrored axis is another one.
    expect(other.mean).not.toEqual(plain.mean);
  });
  it("are those of inputs that were standardised by hand", async () => {
    const jobs: EnsembleJob[] = [];
    const { result } = await networkStudy(studyOf(3, -2), engine, {}, (_, job) => jobs.push(job));
    const hand = await prepareData(studyOf(3, -2).data);
    const { standardisation, ...byHand } = (
      await networkStudy(
        { ...studyOf(1, 0, false), data: { inputs: [...hand.inputs].map((x) => [x]), targets } },
        engine,
      )
    ).result;
    expect(standardisation).toBeUndefined();
    expect(result.mean).toEqual(byHand.mean);
    expect([...jobs[0]!.inputs]).toEqual([...hand.inputs]);
    const kernel = await kernelStudy(studyOf(3, -2));
    expect(kernel.data.inputs).toEqual(X.map((row) => row.map((x) => 3 * x - 2)));
    expect(kernel.standardisation).toEqual(result.standardisation);
    expect(kernel.eigenvalues).toEqual(result.modes.eigenvalues);
  });
});
