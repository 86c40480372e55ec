/** The report of a duality study: offline, escaped, honest about what could not be told, and every plot as an SVG. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { dualityStudy } from "@slowroll/core/duality/run";
import { HOST } from "@slowroll/core/engine/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import type { ResultDocument } from "../../src/document.ts";
import { writeReport } from "../../src/report/report.ts";

type Duality = Extract<ResultDocument, { command: "duality" }>;

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

let document: Duality;
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
  } as Duality;
});

async function reportOf(changed: Duality, name: string): Promise<string> {
  const directory = path.join(folder, name);
  await writeReport(directory, changed);
  return readFileSync(path.join(directory, "report.html"), "utf8");
}

describe("the report", () => {
  it("opens offline, with every plot as an SVG beside it", async () => {
    const html = await reportOf(document, "whole");
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
  it("says so where it does not agree", async () => {
    const lambdaEta = { value: 0.9, error: 0.001, expected: 2 / 3 };
    expect(
      await reportOf({ ...document, regression: { ...document.regression!, identifiable: true, lambdaEta } }, "wrong"),
    ).toContain("does not agree");
  });
  it("lacks what an interrupted run lacks, and says why", async () => {
    const { scaling: _scaling, regression: _regression, ...rest } = document;
    const html = await reportOf({ ...rest, incomplete: "interrupted" } as Duality, "cut");
    expect(html).toContain("incomplete: interrupted");
    expect(readdirSync(path.join(folder, "cut", "plots")).sort()).toEqual(["errors.svg", "trajectories.svg"]);
  });
  it("escapes whatever a user wrote", async () => {
    const evil = "</script><script>alert(1)</script>";
    const config = { ...document.config, training: { ...document.config.training, potential: { expression: evil } } };
    const html = await reportOf({ ...document, config, incomplete: evil } as Duality, "evil");
    expect(html).not.toContain(evil);
  });
});
