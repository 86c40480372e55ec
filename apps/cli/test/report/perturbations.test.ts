/** Perturbations as a table and in the report. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { dualityStudy } from "@slowroll/core/duality/run";
import { HOST } from "@slowroll/core/engine/host";
import { openEngine } from "@slowroll/core/engine/open";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DualityDocument } from "../../src/document.ts";
import { perturbationFigure } from "../../src/report/perturbationFigure.ts";
import { writeReport } from "../../src/report/report.ts";
import { summary } from "../../src/summary.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-perturbations-"));
afterAll(() => rmSync(folder, { recursive: true }));

let document: DualityDocument;
beforeAll(async () => {
  const config = await parseConfig(
    "duality",
    `network: { width: 256 }
training: { learningRate: { relative: 0.02 } }
duality: { background: false, perturbations: {} }`,
  );
  const engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float32" });
  const { result } = await dualityStudy(config, engine);
  await engine.close();
  const timings = { totalSeconds: 1, engineSeconds: 1 };
  document = { command: "duality", version: "0", config, engine: HOST, timings, ...result };
});

type Perturbations = NonNullable<DualityDocument["perturbations"]>;
const changed = (more: Partial<Perturbations>): DualityDocument => ({
  ...document,
  perturbations: { ...document.perturbations!, ...more },
});
const said = (more: Partial<Perturbations>): string => perturbationFigure(changed(more))[0]!.agrees;

describe("perturbations", () => {
  it("alone are of so many steps as were trained", async () => {
    const html = async (duality: object): Promise<string> => {
      const config = { ...document.config, duality: { ...document.config.duality, ...duality } };
      await writeReport(folder, { ...document, config });
      return readFileSync(path.join(folder, "report.html"), "utf8");
    };
    expect(await html({})).toContain("descend 13 steps on");
    expect(await html({ regression: { bootstrap: 200 } })).toContain("descend 200 steps on");
  });
  it("are in the report's first sentences where they have an exponent", async () => {
    const lead = async (of: DualityDocument): Promise<string> => {
      await writeReport(folder, of);
      return readFileSync(path.join(folder, "report.html"), "utf8").replace(/<figure[\s\S]*/, "");
    };
    expect(await lead(document)).toMatch(
      /along mode 0 and the power of its dual field\S*s vacuum differ as exp\(s N\), s = −1\.9\d+ ± 0\.0\d+, where theory has −1\.9\d\./,
    );
    expect(await lead(changed({ exponent: null, exponentError: null, range: null }))).not.toContain("exp(s N)");
  });
  it("are one figure of both sides and their difference, with named axes", async () => {
    await writeReport(folder, document);
    const plots = path.join(folder, "plots");
    expect(readdirSync(plots)).toEqual(["perturbations.svg"]);
    const svg = readFileSync(path.join(plots, "perturbations.svg"), "utf8");
    expect(svg).not.toMatch(/…|NaN|undefined|Infinity/);
    for (const title of ["over its last", "|lattice / network − 1|", "e-folds N after horizon exit"])
      expect(svg).toContain(`>${title}<`);
  });
  it("are a row of the summary, with infinite width beside it", () => {
    expect(summary(document)).toMatch(
      /exponent of the difference │ -1\.\d+ \+- 0\.0\d+ │ -1\.98\d +│ -2\.000 +│[\s\S]*variance of mode 0 .*, 1\.00 to [23]\.\d+ e-folds/,
    );
    const hidden = summary(changed({ exponent: null, exponentError: null, range: null }));
    expect(hidden).toContain("│ cannot be told │");
    expect(hidden).toContain("its dual field\n");
    expect(summary(changed({ exponent: null, range: null, expected: null }))).toMatch(/│ none +│/);
  });
  it("are said to agree within three standard errors of infinite width over the same e-folds", () => {
    const theory = { ...document.perturbations!.theory, exponent: -1.98 };
    const at = (exponent: number): string => said({ exponent, exponentError: 0.01, range: [1, 3], theory });
    expect(at(-1.96)).toContain("s = −1.960 ± 0.010, 2.0 standard errors from the −1.98 of infinite width");
    expect(at(-1.96)).toContain("It agrees; finite width moves the variance by up to 0.");
    expect(at(-1.94)).toContain("It does not agree; finite width");
  });
  it("say why there is no exponent", () => {
    expect(said({ exponent: null, exponentError: null, range: null })).toMatch(
      /^The difference does not stand clear of finite width and chance .*: finite width moves/,
    );
    const apart = { exponent: null, exponentError: null, range: null, expected: null };
    expect(said(apart)).toContain("no exponent is expected");
    expect(perturbationFigure(changed(apart))[0]!.shows).not.toMatch(/solid|exp\(/);
  });
  it("are no figure of a study without them", () => {
    const { perturbations: _, ...rest } = document;
    expect(perturbationFigure(rest)).toEqual([]);
  });
});
