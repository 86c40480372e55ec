/** The report of what a network study observes on the way: every figure there is to draw, and what it says where something is missing. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { HOST } from "@slowroll/core/engine/host";
import { networkStudy } from "@slowroll/core/network/run";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import type { NetworkDocument } from "../../src/document.ts";
import { networkFigures } from "../../src/report/networkFigures.ts";
import { observedFigures } from "../../src/report/observedFigures.ts";
import { toSvg } from "../../src/report/render.ts";
import { writeReport } from "../../src/report/report.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-observed-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function documentOf(overrides: readonly string[] = []): Promise<NetworkDocument> {
  const config = await parseConfig(
    "network",
    `network: { depth: 5, width: 8 }
data: { inputs: { circle: { points: 4 } } }
training: { learningRate: { relative: 0.1 }, steps: 10 }
ensemble: { size: 4 }
observe: { kernelsEvery: 3, kernelsByLayer: true, parameterNorms: true, linearised: true }`,
    { overrides },
  );
  const { result } = await networkStudy(config, referenceEngine);
  const timings = { totalSeconds: 1, engineSeconds: 1 };
  return { command: "network", version: "0", config, engine: HOST, timings, ...result };
}

let document: NetworkDocument;
beforeAll(async () => {
  document = await documentOf();
});

const namesOf = (of: NetworkDocument): string[] => observedFigures(of).map(({ id }) => id);
const figure = (id: string, of = document) => observedFigures(of).find((one) => one.id === id)!;

describe("the report", () => {
  it("draws all that was observed", async () => {
    await writeReport(folder, document);
    const plots = path.join(folder, "plots");
    const drawn = readdirSync(plots);
    for (const id of ["eigenvalueSeries", "kernelLayers", "kernelSeries", "linearised", "parameterNorms"]) {
      expect(drawn).toContain(`${id}.svg`);
      const svg = readFileSync(path.join(plots, `${id}.svg`), "utf8");
      expect(svg).toMatch(/^<svg/);
      expect(svg).not.toMatch(/…|NaN|undefined/);
    }
    // Six layers, of which four are drawn whole.
    expect(readFileSync(path.join(plots, "kernelLayers.svg"), "utf8").match(/>change in training/g)!.length).toBe(4);
  });
  it("draws no variance of one network, nor of a mode whose eigenvalue is zero to rounding", async () => {
    const modesOf = (of: NetworkDocument) => networkFigures(of).find(({ id }) => id === "modes");
    expect(modesOf(await documentOf(["ensemble.size=1"]))).toBeUndefined();
    const twice = await documentOf(["data={inputs: [[1, 0], [1, 0], [0, 1]], targets: [1, 1, 0]}"]);
    const { values } = modesOf(twice)!.spec.data as unknown as { values: { mode: number; variance: number }[] };
    expect(values.map(({ mode }) => mode)).toEqual([0, 0, 1, 1]);
    expect(values.every(({ variance }) => variance > 0)).toBe(true);
  });
  it("draws marks, not curves, of one step", async () => {
    const figures = networkFigures(await documentOf(["training.steps=0"]));
    expect(figures.map(({ id }) => id)).toEqual(["trajectories", "modes", "kernels", "kernelLayers"]);
    expect(JSON.stringify(figures[0]!.spec)).not.toMatch(/"type":"(line|area)"/);
  });
  it("says what the numbers say", () => {
    expect(figure("kernelSeries").agrees).toContain(`ends at ${document.kernelDrift!.toPrecision(3)}`);
    expect(figure("kernelLayers").agrees).toMatch(/layer 1 has \d+%.*, the output has /);
    expect(figure("linearised").agrees).toContain("at width 8");
  });
  it("measures each layer's part of the kernel in its own infinite-width norm", () => {
    const { initial, final, theory } = document.kernelLayers!;
    const scaled = (matrix: readonly (readonly number[])[], by: number) => matrix.map((row) => row.map((x) => by * x));
    // A tenth more than theory in each part, whatever its size.
    const kernelLayers = { initial: theory.map((part) => scaled(part, 1.1)), final, theory };
    expect(initial).toHaveLength(theory.length);
    expect(figure("kernelLayers", { ...document, kernelLayers }).agrees).toContain("within 0.10 of its");
  });
  it("has no distance of the parameters at the start on a logarithmic axis", () => {
    const { vconcat } = figure("parameterNorms").spec as unknown as {
      vconcat: { layer: { data: { values: { step: number; value: number | null }[] } }[] }[];
    };
    const { values } = vconcat[0]!.layer[1]!.data;
    expect(values.filter(({ step }) => step === 0).every(({ value }) => value === null)).toBe(true);
    expect(values.filter(({ step }) => step > 0).every(({ value }) => value! > 0)).toBe(true);
  });
  it("tells no change of an eigenvalue that is zero to rounding at the start", () => {
    const { kernelSeries } = document;
    const of = (smallest: number) => {
      const eigenvalues = kernelSeries!.eigenvalues!.map((values) => [...values.slice(0, -1), smallest]);
      return figure("eigenvalueSeries", { ...document, kernelSeries: { ...kernelSeries!, eigenvalues } }).agrees;
    };
    expect(of(0.01)).toContain(" and the smallest by 0.0%; in the infinitely wide network none changes.");
    for (const zero of [0, 1e-18, -1e-18])
      expect(of(zero)).toContain("smallest that is zero to rounding at the start;");
  });
  it("names data in their order", async () => {
    const widen = (rows: readonly (readonly unknown[])[]) => rows.map(([first]) => new Array(12).fill(first));
    const { mean, linearised } = document;
    const many = {
      ...document,
      mean: widen(mean!),
      linearised: { ...linearised!, mean: widen(linearised!.mean) },
    } as NetworkDocument;
    const svg = await toSvg(figure("linearised", many));
    const legend = svg.slice(svg.indexOf("role-legend"));
    expect([...legend.matchAll(/>(\d+)<\/text>/g)].map(([, datum]) => datum)).toEqual(["0", "4", "7", "11"]);
  });
  it("of many layers is no wider than of few, with their names below each other", async () => {
    const widthOf = async (parts: number): Promise<number> => {
      const of = { times: [0, 5, 10], distance: [0, 1, 2] };
      const rows = of.distance.map((value) => new Array<number>(parts).fill(value));
      const parameterNorms = { ...of, meanSquare: rows, layerDistance: rows };
      return Number(/width="(\d+)"/.exec(await toSvg(figure("parameterNorms", { ...document, parameterNorms })))![1]);
    };
    expect(await widthOf(17)).toBeLessThan((await widthOf(3)) * 1.1);
  });
  it("draws no more than there is", () => {
    const { kernelLayers: _layers, parameterNorms: _norms, linearised: _twins, modes: _modes, ...cut } = document;
    expect(namesOf(cut)).toEqual(["kernelSeries", "eigenvalueSeries"]);
    expect(figure("eigenvalueSeries", cut).shows).not.toContain("infinite width");
    const ends = { times: [0, 10], drift: [0, 1], alignment: [1, 1] };
    expect(namesOf({ ...cut, kernelSeries: ends })).toEqual([]);
  });
  it("leaves out an alignment with targets that are zero", () => {
    const { times, drift } = document.kernelSeries!;
    const { shows, agrees } = figure("kernelSeries", {
      ...document,
      kernelSeries: { times, drift, alignment: times.map(() => null) },
    });
    expect(shows + agrees).not.toContain("align");
  });
  it("keeps networks in the picture that do not grow with theory and linearisations, and says so", async () => {
    const caught = await documentOf([
      "network={ depth: 1, width: 256, activation: linear, weightStd: 1, biasStd: 0 }",
      "data={ inputs: [[1]], targets: [0] , test: { inputs: [[1], [2]] } }",
      "training={ learningRate: { relative: 2.5 }, steps: 60 }",
    ]);
    const most = (values: readonly unknown[]) => Math.max(...values.flat(9).map((value) => Math.abs(value as number)));
    expect(most(caught.theory!.mean.concat(caught.theory!.std!))).toBeGreaterThan(1e6);
    const figures = networkFigures(caught);
    for (const id of ["trajectories", "linearised", "test"]) {
      const { spec, agrees } = figures.find((one) => one.id === id)!;
      const domains = JSON.stringify(spec).match(/"domain":\[[^\]]*\],"nice":false,"zero":false/g)!;
      expect(most(domains.map((text) => JSON.parse(text.slice(9, text.indexOf("]") + 1)))), id).toBeLessThan(1000);
      if (id === "test") continue;
      expect(agrees).toMatch(/learning rate/);
      // Lines beyond would cross the picture at every step.
      expect(JSON.stringify(spec)).toContain("calculate");
    }
  });
  it("says where linearisations diverge", () => {
    const { mean, std, error } = document.linearised!;
    const lost = { mean, std, error: error.map((value, t) => (t > 4 ? null : value)) };
    expect(figure("linearised", { ...document, linearised: lost }).agrees).toContain("diverge");
  });
});
