/** Reports and tables of networks with several outputs: every output has its panel, its name and its row. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { HOST } from "@slowroll/core/engine/host";
import { networkStudy } from "@slowroll/core/network/run";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import type { NetworkDocument } from "../../src/document.ts";
import { say } from "../../src/report/figure.ts";
import { networkFigures } from "../../src/report/networkFigures.ts";
import { writeReport } from "../../src/report/report.ts";
import { testFigures } from "../../src/report/testFigure.ts";
import { summary } from "../../src/summary.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-outputs-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function documentOf(targets: string, more = ""): Promise<NetworkDocument> {
  const config = await parseConfig(
    "network",
    `network: { width: 8 }
data: { inputs: { circle: { points: 5 } }, targets: ${targets}, test: { inputs: { circle: { points: 9 } } } }
training: { learningRate: { relative: 0.2 }, steps: 6${more} }
ensemble: { size: 4 }
observe: { kernelsEvery: 3, kernelsByLayer: true, parameterNorms: true, linearised: true }`,
  );
  const { result } = await networkStudy<number[]>(config, referenceEngine);
  const timings = { totalSeconds: 1, engineSeconds: 1 };
  return { command: "network", version: "0", config, engine: HOST, timings, ...result };
}

let curve: NetworkDocument;
let many: NetworkDocument;
beforeAll(async () => {
  curve = await documentOf("{ expressions: { across: cos(theta), up: sin(theta) } }");
  many = await documentOf("[x0, x1, x0^2, x1^2, x0*x1]");
});

const figure = (of: NetworkDocument, id: string) => networkFigures(of).find((one) => one.id === id)!;
const svg = (name: string, id: string): string => readFileSync(path.join(folder, name, "plots", `${id}.svg`), "utf8");

describe("the report of two outputs", () => {
  it("draws all figures, each output in panels of its own by its name", async () => {
    await writeReport(path.join(folder, "curve"), curve);
    const drawn = readdirSync(path.join(folder, "curve", "plots")).sort();
    expect(drawn).toEqual(
      ["curve", "eigenvalueSeries", "kernelLayers", "kernelSeries", "kernels", "linearised", "loss", "modes"]
        .concat(["parameterNorms", "test", "trajectories"])
        .map((name) => `${name}.svg`),
    );
    for (const id of drawn) expect(svg("curve", path.basename(id, ".svg"))).not.toMatch(/…|NaN|undefined/);
    // A row for each datum, in their order.
    const titles = svg("curve", "trajectories").match(/>(across|up) at datum \d</g)!;
    expect(titles).toEqual([0, 1, 3, 4].flatMap((a) => [`>across at datum ${a}<`, `>up at datum ${a}<`]));
    for (const id of ["test", "curve", "linearised"]) {
      expect(svg("curve", id)).toContain(">across<");
      expect(svg("curve", id)).toContain(">up<");
    }
  });
  it("says what the numbers say", () => {
    const { mean, theory } = curve.test as { mean: number[][]; theory: { mean: number[][] } };
    const apart = mean.map(([x, y], p) => Math.hypot(x! - theory.mean[p]![0]!, y! - theory.mean[p]![1]!));
    expect(figure(curve, "curve").agrees).toContain(Math.max(...apart).toPrecision(3));
    const shifts = mean.flatMap((of, p) => of.map((value, c) => Math.abs(value - theory.mean[p]![c]!)));
    expect(figure(curve, "test").agrees).toContain(`at most ${Math.max(...shifts).toPrecision(3)}`);
    expect(figure(curve, "modes").shows).toContain("mean over the outputs");
  });
  it("counts the distance from theory in standard errors of the mean, theory's own among them", () => {
    const { mean, std, theory } = curve as Required<NetworkDocument> & { mean: number[][][]; std: number[][][] };
    const last = mean.length - 1;
    const errors = (theory.meanError?.[last] ?? []).flat();
    const expected = (theory.mean[last] as number[][]).flat().map((value, i) => {
      const own = std[last]!.flat()[i]! / Math.sqrt(4);
      return Math.abs(mean[last]!.flat()[i]! - value) / Math.hypot(own, errors[i] ?? 0);
    });
    expect(figure(curve, "trajectories").agrees).toContain(`or ${say(Math.max(...expected), 2)} standard errors`);
  });
  it("has ellipses of two standard deviations of each output about the curve", () => {
    const { layer } = figure(curve, "curve").spec as unknown as {
      layer: { data: { values: { first: number; second: number; ellipse?: number }[] } }[];
    };
    const first = layer[0]!.data.values.filter(({ ellipse }) => ellipse === 0);
    const { mean, std } = curve.test as { mean: number[][]; std: number[][] };
    expect(Math.max(...first.map((corner) => corner.first))).toBeCloseTo(mean[0]![0]! + 2 * std[0]![0]!, 12);
    expect(Math.max(...first.map((corner) => corner.second))).toBeCloseTo(mean[0]![1]! + 2 * std[0]![1]!, 12);
  });
  it("begins along a circle at its first point, which rounding may put a hair below angle 0", () => {
    const inputs = [
      [Math.SQRT2, -2e-15],
      [0, Math.SQRT2],
      [-Math.SQRT2, 0],
    ];
    const test = { inputs, mean: [1, 2, 3], std: [0, 0, 0], data: { inputs: [inputs[1]!], targets: [2] } };
    const { spec } = testFigures(test, [{ c: 0, name: "" }], curve.config)[0]!;
    const { data } = spec as unknown as { data: { values: { mean: number }[] } };
    expect(data.values.map(({ mean }) => mean)).toEqual([1, 2, 3]);
  });
  it("finds one network no number of standard errors from theory", () => {
    const alone = { ...curve, std: curve.std!.map((row) => row.map(() => [0, 0])) };
    const { shows, agrees } = figure(
      { ...alone, config: { ...curve.config, ensemble: { size: 1, seed: 1 } } } as NetworkDocument,
      "trajectories",
    );
    expect(shows).toContain("over 1 network of width 8");
    expect(agrees).toMatch(/the one network is at most .* nothing tells noise from a shift/);
  });
  it("draws the mean of both outputs' variances by mode", () => {
    const { data } = figure(curve, "modes").spec as {
      data: { values: { mode: number; when: string; variance: number }[] };
    };
    const [first, second] = curve.modes!.varianceInitial[1] as number[];
    const drawn = data.values.find(({ mode, when }) => mode === 1 && when === "at the start")!;
    expect(drawn.variance).toBeCloseTo((first! + second!) / 2, 12);
  });
  it("has no theory where samples diverge", async () => {
    const { theory: _theory, test, ...rest } = curve;
    const { theory: _off, ...measured } = test!;
    const cut = { ...rest, test: measured };
    expect(figure(cut, "curve").agrees).toContain("no curve");
    expect(figure(cut, "trajectories").agrees).toContain("no mean");
  });
});

describe("the report of outputs of different sizes", () => {
  it("draws each on a scale of its own, and their plane as more than a strip", async () => {
    const unlike = await documentOf("{ expressions: { small: x0, large: 500 + 200*x1 } }");
    await writeReport(path.join(folder, "unlike"), unlike);
    const heightOf = (id: string): number => Number(/height="(\d+)"/.exec(svg("unlike", id))![1]);
    expect(heightOf("curve")).toBeGreaterThan(200);
    const { hconcat } = figure(unlike, "trajectories").spec as { hconcat: { data: { values: { datum: string }[] } }[] };
    expect(hconcat.map(({ data }) => data.values[0]!.datum)).toEqual(["small at datum 0", "large at datum 0"]);
    expect(svg("unlike", "trajectories")).toContain(">large at datum 4<");
  });
});

describe("the report of many outputs", () => {
  it("draws some of them, and says so", async () => {
    await writeReport(path.join(folder, "many"), many);
    expect(readdirSync(path.join(folder, "many", "plots"))).not.toContain("curve.svg");
    expect(figure(many, "trajectories").shows).toContain("of 3 of 5 outputs");
    expect(figure(many, "test").shows).toContain("of 4 of 5 outputs");
    expect(figure(many, "linearised").shows).toContain("of 3 of 5 outputs");
    expect(svg("many", "trajectories")).toContain(">output 2 at datum 0<");
    expect(svg("many", "test")).toContain(">output 4<");
  });
});

describe("the figure of test inputs", () => {
  it("runs along the column that they are named by, x where they have no name", async () => {
    const [known, tested] = [[[0], [1]], [[0.5]]];
    const file = path.join(folder, "readings.csv");
    writeFileSync(file, "kelvin,y\n0,1\n1,2\n");
    const titled = async (inputs: string): Promise<string> => {
      const config = await parseConfig(
        "network",
        `network: { width: 8 }
data: { inputs: ${inputs}, targets: [1, 2], test: { inputs: ${JSON.stringify(tested)} } }
training: { steps: 2 }
ensemble: { size: 2 }`,
      );
      const test = { inputs: tested, mean: [1], std: [1], data: { inputs: known, targets: [1, 2] } };
      return JSON.stringify(testFigures(test, [{ c: 0, name: "" }], config)[0]!.spec);
    };
    expect(await titled(`{ file: ${file}, columns: [kelvin] }`)).toContain('"title":"kelvin"');
    expect(await titled(JSON.stringify(known))).toContain('"title":"x"');
  });
  it("has the data within its frame, also where they reach beyond the test inputs", () => {
    const test = { inputs: [[0.4], [0.6]], mean: [1, 1], std: [1, 1], data: { inputs: [[0], [1]], targets: [1, 2] } };
    const { spec } = testFigures(test, [{ c: 0, name: "" }], curve.config)[0]!;
    const [low, high] = (spec as unknown as { encoding: { x: { scale: { domain: [number, number] } } } }).encoding.x
      .scale.domain;
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(1);
  });
  it("closes the curve of two outputs along a circle, and along no column whatever its name", () => {
    const outputs = ["across", "up"].map((name, c) => ({ c, name }));
    const pathOf = (inputs: number[][], columns?: string[]): unknown[] => {
      const values = inputs.map(() => [1, 2]);
      const test = { inputs, mean: values, std: values, data: { inputs, targets: values } };
      const given = columns ? { file: "readings.csv", columns } : { circle: { points: inputs.length } };
      const data = { ...curve.config.data, inputs: given } as typeof curve.config.data;
      const { spec } = testFigures(test, outputs, { ...curve.config, data }).find(({ id }) => id === "curve")!;
      return (spec as unknown as { layer: { data: { values: unknown[] } }[] }).layer[1]!.data.values;
    };
    const root = Math.SQRT2;
    expect(
      pathOf([
        [root, 0],
        [0, root],
        [-root, 0],
      ]),
    ).toHaveLength(4);
    expect(pathOf([[0], [1], [2]], ["angle"])).toHaveLength(3);
  });
});

describe("the table", () => {
  it("has a row for each datum and output", () => {
    const text = summary(curve);
    expect(text).toMatch(/datum │ output │ mean f at step 6/);
    const cell = (value: unknown): string => (value as number).toPrecision(4).replace("+", "\\+");
    const [datum] = curve.mean!.at(-1)!.slice(2) as number[][];
    const [expected] = curve.theory!.mean.at(-1)!.slice(2) as number[][];
    expect(text).toMatch(new RegExp(`2 +│ up +│ ${cell(datum![1])} +│ .* │ ${cell(expected![1])}`));
    expect(text.match(/│ across/g)).toHaveLength(5);
    expect(summary(many)).toContain("│ output 3 │");
  });
  it("has no column of outputs where there is one", async () => {
    expect(summary(await documentOf("x0"))).toMatch(/datum │ mean f at step 6/);
  });

  it("is of some of many data, the first and last among them, and says so", async () => {
    const one = await documentOf("x0");
    const widened = <T>(rows: readonly (readonly T[])[]) => rows.map((row) => new Array<T>(100).fill(row[0]!));
    const { theory: _, ...many } = { ...one, mean: widened(one.mean!), std: widened(one.std!) } as typeof one;
    const text = summary(many as typeof one);
    const data = Array.from(text.matchAll(/^│ (\d+) +│/gm), ([, datum]) => Number(datum));
    expect(data).toHaveLength(32);
    expect([data[0], data.at(-1)]).toEqual([0, 99]);
    expect(text).toContain("\n32 of 100 data: all are in result.json\n");
    expect(summary(one)).not.toContain("all are in result.json");
  });
});
