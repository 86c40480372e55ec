/** The hyperparameter study as a table and in the report. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { dualityStudy } from "@slowroll/core/duality/run";
import { HOST } from "@slowroll/core/engine/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import type { DualityDocument } from "../../src/document.ts";
import { hyperparameterFigures } from "../../src/report/hyperparameterFigures.ts";
import { writeReport } from "../../src/report/report.ts";
import { summary } from "../../src/summary.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-hyperparameters-"));
afterAll(() => rmSync(folder, { recursive: true }));

let document: DualityDocument;
beforeAll(async () => {
  const config = await parseConfig(
    "duality",
    `network: { width: 12 }
data: { inputs: { circle: { points: 4 } } }
training: { steps: 10 }
ensemble: { size: 6 }
duality:
  background: false
  hyperparameters: { depth: [1, 2], activation: [erf, relu], points: [2, 6], momentum: [0.5], learningRate: [0.01, { relative: 0.5 }] }`,
  );
  const { result } = await dualityStudy(config, referenceEngine);
  const timings = { totalSeconds: 1, engineSeconds: 1 };
  document = { command: "duality", version: "0", config, engine: HOST, timings, ...result };
});

describe("a hyperparameter study", () => {
  it("has a figure for each hyperparameter that varies, whatever its values are", async () => {
    await writeReport(folder, document);
    const plots = path.join(folder, "plots");
    expect(readdirSync(plots).sort()).toEqual([
      "hyperparameter-activation.svg",
      "hyperparameter-depth.svg",
      "hyperparameter-learningRate.svg",
      "hyperparameter-points.svg",
    ]);
    const [activation, depth, rate, data] = readdirSync(plots)
      .sort()
      .map((plot) => readFileSync(path.join(plots, plot), "utf8"));
    for (const svg of [activation, depth, rate, data]) expect(svg).not.toMatch(/…|NaN|undefined/);
    expect(activation).toContain(">relu<");
    expect(depth).toContain(">hidden layers<");
    expect(rate).toContain(">x = 0.5<");
    expect(data).toContain(">data D<");
  });
  it("has a row a value", () => {
    const text = summary(document);
    for (const row of [
      "depth 1",
      "depth 2",
      "activation relu",
      "momentum 0.5",
      "points 6",
      "learningRate 0.01",
      "learningRate x = 0.5",
    ])
      expect(text).toContain(`│ ${row} `);
  });
  it("says how far the measurements are from the prediction, and what cannot be told", () => {
    const [first, ...rest] = document.hyperparameters!.filter(({ settings }) => "depth" in settings);
    const at = (friction: number | null) => {
      const { measured, predicted } = first!;
      const told = friction === null ? null : friction * predicted.friction;
      const changed = { ...measured, friction: { value: told, error: told === null ? null : 0.01 } };
      return { ...first!, measured: changed };
    };
    const said = (points: NonNullable<DualityDocument["hyperparameters"]>) =>
      hyperparameterFigures({ ...document, hyperparameters: points })[0]!.agrees;
    expect(said([at(1.25), at(1)])).toContain("3H is within 25% of the prediction");
    expect(said([at(0.75), at(1)])).toContain("3H is within 25% of the prediction");
    expect(said([at(null), at(1), ...rest])).toContain(`1 of ${rest.length + 2} frictions cannot be told`);
    expect(said([at(null), at(null)])).toContain("The data tell no friction.");
    expect(summary({ ...document, hyperparameters: [at(null)] })).toContain("not identifiable");
  });
  it("draws no mass that is zero to rounding, of either sign", () => {
    const points = document
      .hyperparameters!.filter(({ settings }) => "depth" in settings)
      .map((point, p) => {
        const massSquared = [4, 1, p === 0 ? 0.5 : 1e-16, p === 0 ? 0.2 : -1e-16];
        return { ...point, predicted: { ...point.predicted, massSquared } };
      });
    const [figure] = hyperparameterFigures({ ...document, hyperparameters: points });
    const { vconcat } = figure!.spec as unknown as { vconcat: { data: { values: { mode: string; at: number }[] } }[] };
    const modesAt = (depth: number) => vconcat[1]!.data.values.filter(({ at }) => at === depth).map(({ mode }) => mode);
    expect([modesAt(1), modesAt(2)]).toEqual([
      ["0", "1", "2", "3"],
      ["0", "1"],
    ]);
    expect(figure!.shows).toContain("Masses that are zero to rounding are left out.");
  });
  it.each([
    [-1, "the largest mass squared within 0.0%"],
    [0, "all masses are zero, since V″(0) is"],
  ])("draws and tells masses in proportion to V″(0) = %d", async (curvature, told) => {
    const points = document
      .hyperparameters!.filter(({ settings }) => "depth" in settings)
      .map((point) => {
        const massSquared = point.predicted.massSquared.map((value) => curvature * value);
        const measured = { ...point.measured.massSquared, values: massSquared };
        return {
          ...point,
          measured: { ...point.measured, massSquared: measured },
          predicted: { ...point.predicted, massSquared },
        };
      });
    const [figure] = hyperparameterFigures({ ...document, hyperparameters: points });
    expect(figure!.agrees).toContain(told);
    const { vconcat } = figure!.spec as unknown as {
      vconcat: { layer: { encoding: { y: { scale: { type?: string; domain: [number, number] } } } }[] }[];
    };
    const { type, domain } = vconcat[1]!.layer[0]!.encoding.y.scale;
    expect(type).toBeUndefined();
    const masses = points.flatMap(({ predicted }) => predicted.massSquared);
    expect(domain[0]).toBeLessThan(Math.min(...masses));
    expect(domain[1]).toBeGreaterThan(Math.max(...masses));
  });
});
