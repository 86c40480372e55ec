/** The report of a duality study: offline, escaped, honest about what could not be told, and every plot as an SVG. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { dualityStudy } from "@slowroll/core/duality/run";
import { HOST } from "@slowroll/core/engine/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import type { DualityDocument } from "../../src/document.ts";
import { type DualStudy, judgeOrder, studyDuals } from "../../src/report/duals.ts";
import { errorFigure } from "../../src/report/errorFigure.ts";
import { evenTicks } from "../../src/report/figure.ts";
import { writeReport } from "../../src/report/report.ts";
import { summary } from "../../src/summary.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

let document: DualityDocument;
beforeAll(async () => {
  const config = await parseConfig(
    "duality",
    "network: { width: 16 }\ndata: { inputs: { circle: { points: 4 } } }\ntraining: { steps: 10 }\nensemble: { size: 8 }\nduality: { regression: {}, widths: [8, 16] }",
  );
  const { result } = await dualityStudy(config as Parameters<typeof dualityStudy>[0], referenceEngine);
  document = {
    command: "duality",
    version: "0",
    config,
    engine: HOST,
    timings: { totalSeconds: 1, engineSeconds: 1 },
    ...result,
  } as DualityDocument;
});

async function reportOf(changed: DualityDocument, name: string): Promise<string> {
  const directory = path.join(folder, name);
  await writeReport(directory, changed);
  return readFileSync(path.join(directory, "report.html"), "utf8");
}

const plotsOf = (name: string): string[] => {
  const plots = path.join(folder, name, "plots");
  return readdirSync(plots).map((plot) => readFileSync(path.join(plots, plot), "utf8"));
};

it("labels an axis of many indices evenly", () => {
  expect(evenTicks(8, 24)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(evenTicks(40, 24)).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i));
  expect(evenTicks(4096, 24).slice(0, 3)).toEqual([0, 200, 400]);
  for (const length of [1, 24, 25, 99, 241, 1000]) expect(evenTicks(length, 24).length).toBeLessThanOrEqual(24);
});

describe("the report", () => {
  it("opens offline, with every plot as an SVG beside it", async () => {
    const html = await reportOf(document, "whole");
    expect(html).toContain("<title>whole: Wide networks under gradient descent and their dual universe</title>");
    expect(html).not.toMatch(/(src|href)=["']?https?:/);
    expect(readdirSync(path.join(folder, "whole", "plots")).sort()).toEqual([
      "errors.svg",
      "exponents.svg",
      "lambda.svg",
      "scaling.svg",
      "trajectories.svg",
    ]);
    for (const plot of readdirSync(path.join(folder, "whole", "plots"))) {
      expect(readFileSync(path.join(folder, "whole", "plots", plot), "utf8")).toMatch(/^<svg/);
    }
    expect(html).toContain("2/n");
  });
  it("scrolls figures that are wider than the page, shrinks them on paper, and names them to screen readers", async () => {
    const html = await reportOf(document, "narrow");
    expect(html).toMatch(/\.plot \{ overflow-x: auto; \} \.plot\.vega-embed \{ display: block;/);
    expect(html).toMatch(/@media print \{.*h2 \{ break-after: avoid; \}.*\.plot svg \{ max-width: 100%;/);
    expect(html).toContain('"description":"Trajectories and their dual"');
  });
  it("says so where the regression could not tell", async () => {
    const nothing = { value: null, error: null, expected: 2 / 3 };
    const regression = {
      ...document.regression!,
      identifiable: false,
      a: nothing,
      b: nothing,
      friction: nothing,
      lambda: nothing,
      lambdaEta: nothing,
    };
    const html = await reportOf({ ...document, regression }, "blind");
    expect(html).toContain("Not identifiable");
    expect(html).toContain("condition number");
  });
  it("says whether the checks of its config hold", async () => {
    const check = { path: "regression.a.value", value: 1, expected: 1, tolerance: 1 };
    for (const [passed, told] of [
      [true, "all hold"],
      [false, "not all hold"],
    ] as const) {
      const html = await reportOf(
        { ...document, passed, checks: [{ ...check, passed }] } as DualityDocument,
        "checked",
      );
      expect(html).toContain(`<th>checks</th><td>${told}</td>`);
    }
  });
  it("says so where it does not agree", async () => {
    const lambdaEta = { value: 0.9, error: 0.001, expected: 2 / 3 };
    expect(
      await reportOf({ ...document, regression: { ...document.regression!, identifiable: true, lambdaEta } }, "wrong"),
    ).toContain("does not agree");
  });
  it("lacks what an interrupted run lacks, and says why", async () => {
    const { scaling: _scaling, regression: _regression, ...rest } = document;
    const html = await reportOf({ ...rest, incomplete: "interrupted" } as DualityDocument, "cut");
    expect(html).toContain("incomplete: interrupted");
    expect(readdirSync(path.join(folder, "cut", "plots")).sort()).toEqual(["errors.svg", "trajectories.svg"]);
  });
  it("cuts no label", async () => {
    await reportOf(document, "labels");
    for (const svg of plotsOf("labels")) expect(svg).not.toContain("…");
    const svg = readFileSync(path.join(folder, "labels", "plots", "exponents.svg"), "utf8");
    expect(svg).toContain("distance from own linearisation");
  });
  it("names data in their order, and tells large differences without powers of ten", async () => {
    const widen = (rows: readonly (readonly (number | number[])[])[], by = 1) =>
      rows.map(([first]) => new Array(12).fill(by * (first as number)));
    const { dual, network, ...rest } = document.background!;
    const background = {
      ...rest,
      network: widen(network, 500),
      dual: { ...dual, secondOrder: widen(dual.secondOrder!) },
    };
    await reportOf({ ...document, background } as DualityDocument, "wide");
    const svg = readFileSync(path.join(folder, "wide", "plots", "trajectories.svg"), "utf8");
    const legend = svg.slice(svg.indexOf("role-legend"));
    expect([...legend.matchAll(/>(\d+)<\/text>/g)].map(([, datum]) => datum)).toEqual(["0", "4", "7", "11"]);
    expect(svg).not.toMatch(/>[^<]*e\+\d<\/text>/);
  });
  it("says whether the mean keeps to its networks' own trajectories", async () => {
    const withDeviation = (value: number, standardErrors: number, name: string) =>
      reportOf(
        {
          ...document,
          background: { ...document.background!, deviation: { value, standardErrors } },
        } as DualityDocument,
        name,
      );
    expect(await withDeviation(0.01, 2, "near")).toContain("2.0 standard errors: they agree.");
    expect(await withDeviation(0.01, 12, "shifted")).toContain("They agree up to finite width.");
    expect(await withDeviation(30, 12, "far")).toContain("They do not agree at this width.");
    const { theory } = document.background!;
    const bound = (7 * Math.max(...theory[0]!.flat().map(Math.abs))) / document.config.network.width;
    expect(await withDeviation(1.1 * bound, 12, "noisy")).toContain("They agree up to finite width.");
    expect(await withDeviation(1.1 * bound, 600, "sure")).toContain("They do not agree at this width.");
  });
  it("counts what it draws, and says what does not fall", async () => {
    const { scaling } = document;
    const law = { values: [0.2, 0.1], errors: [0.01, 0.01], exponent: -1, exponentError: 0.05, expected: -1 };
    const none = { ...law, values: [null, null], exponent: null, exponentError: null };
    const falling = {
      ...scaling!,
      kernelFluctuation: law,
      kernelDrift: law,
      dualDeviation: law,
      linearisationError: law,
      meanDeviation: none,
    };
    const four = await reportOf({ ...document, scaling: falling } as DualityDocument, "four");
    expect(four).toContain("Four measures");
    expect(four).toContain("All four fall with width");
    expect(four).toContain("at every width");
    const rising = { ...falling, kernelDrift: { ...law, values: [0.1, 0.2], exponent: 1 } };
    const html = await reportOf({ ...document, scaling: rising } as DualityDocument, "rising");
    expect(html).toContain(
      "Not seen to fall with width by more than three standard errors of the fitted power: kernel drift.",
    );
    expect(html).not.toContain("the field becomes free");
  });
  it("sees no fall where one network a width leaves its powers without errors", async () => {
    const law = { values: [0.2, 0.1], errors: [null, null], exponent: -1, exponentError: null, expected: -1 };
    const scaling = Object.fromEntries(
      Object.keys(document.scaling!).map((key) => [key, key === "widths" ? [8, 16] : law]),
    );
    const config = { ...document.config, ensemble: { size: 1, seed: 1 } };
    const html = await reportOf({ ...document, config, scaling } as unknown as DualityDocument, "one");
    expect(html).toContain("each over 1 network a width");
    expect(html).toContain("nothing tells a fall from noise");
    expect(html).toContain("1 network with one hidden layer of 16 erf units descends 10 steps");
    expect(html).not.toContain("the field becomes free");
  });
  it("gives both fits where small widths can be left out", async () => {
    const law = {
      values: [0.4, 0.2, 0.1],
      errors: [0.01, 0.01, 0.01],
      exponent: -0.8,
      exponentError: 0.02,
      exponentLarge: -0.98,
      exponentLargeError: 0.03,
      expected: -1,
    };
    const scaling = Object.fromEntries(
      Object.keys(document.scaling!).map((key) => [key, key === "widths" ? [64, 256, 1024] : law]),
    );
    const both = { ...document, scaling } as unknown as DualityDocument;
    expect(await reportOf(both, "both")).toContain("(n ≥ 256: −0.980 ± 0.030)");
    expect(summary(both)).toMatch(/n >= 256 +│ -0\.980 \+- 0\.030/);
    expect(summary(document)).not.toContain("n >= 256");
  });
  it("escapes whatever a user wrote", async () => {
    const evil = "</script><script>alert(1)</script>";
    const config = { ...document.config, training: { ...document.config.training, potential: { expression: evil } } };
    const html = await reportOf({ ...document, config, incomplete: evil } as DualityDocument, "evil");
    expect(html).not.toContain(evil);
  });
});

describe("the errors against x", () => {
  const at = (momentum: number): DualityDocument => ({
    ...document,
    config: { ...document.config, training: { ...document.config.training, momentum } },
  });
  it.each([0, 0.9])("are measured at five learning rates for momentum %d, and fall as they must", async (momentum) => {
    const study = (await studyDuals(at(momentum))) as DualStudy;
    expect(study.errors.length).toBeGreaterThanOrEqual(5);
    for (const order of ["slowRoll", "secondOrder"] as const) {
      expect(judgeOrder(study.errors, order, momentum).holds).toBe(true);
    }
    const [figure] = errorFigure(at(momentum), study);
    expect(figure!.agrees.match(/: holds/g)).toHaveLength(2);
  });
  it("can disagree", async () => {
    const study = (await studyDuals(document)) as DualStudy;
    const flat = { ...study, errors: study.errors.map((errors) => ({ ...errors, secondOrder: 0.01 })) };
    expect(errorFigure(document, flat)[0]!.agrees).toContain("(2 expected: does not hold)");
  });
  it("keep the exact dual's rounding off the axis, and say so", async () => {
    const study = await studyDuals(document);
    const [figure] = errorFigure(document, study);
    expect(document.background!.errors.exact).toBeLessThan(1e-12);
    expect(JSON.stringify(figure!.spec)).not.toContain("e-1");
    expect(figure!.agrees).toContain("which is rounding");
    const background = { ...document.background!, errors: { ...document.background!.errors, exact: 1e-3 } };
    expect(errorFigure({ ...document, background }, study)[0]!.agrees).toContain("more than rounding");
  });
  it("are at the run's own x those of the run", async () => {
    const { x, errors } = (await studyDuals(document)) as DualStudy;
    const relative = document.config.training.learningRate as { relative: number };
    expect(x).toBeCloseTo(relative.relative, 12);
    const config = {
      ...document.config,
      training: { ...document.config.training, learningRate: { relative: 0.1 }, steps: 200 },
    };
    const { result } = await dualityStudy(
      { ...config, duality: { background: true } } as Parameters<typeof dualityStudy>[0],
      referenceEngine,
    );
    const own = errors.find((each) => each.x === 0.1)!;
    expect(own.secondOrder! / result.background!.errors.secondOrder!).toBeCloseTo(1, 3);
    expect(own.slowRoll! / result.background!.errors.slowRoll!).toBeCloseTo(1, 3);
  });
});
