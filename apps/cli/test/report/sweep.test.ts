/** The table and figures of a sweep: lines by point, what a diverged point leaves out, and values that are no numbers. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig, sweepPoints } from "@slowroll/core/config/parse";
import { HOST } from "@slowroll/core/engine/host";
import { fieldSweep } from "@slowroll/core/field/sweep";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import type { FieldDocument } from "../../src/document.ts";
import { fieldFigures } from "../../src/report/fieldFigures.ts";
import type { Figure } from "../../src/report/figure.ts";
import { toSvg } from "../../src/report/render.ts";
import { writeReport } from "../../src/report/report.ts";
import { summary } from "../../src/summary.ts";

const ROLLING =
  'background: { kind: static }\nfield: { potential: { expression: "g*phi^4 + phi^2" }, mean: 1 }\ntime: { step: 0.05, end: 3 }';
const WAVES =
  "lattice: { points: 4 }\nfluctuations: { kind: vacuum }\ntime: { step: 0.05, end: 0.2 }\nobserve: { spectraEvery: 4 }";

async function documentOf(sweep: string, base = ROLLING): Promise<FieldDocument> {
  const config = await parseConfig("field", `${base}\nsweep: ${sweep}`);
  const { result } = await fieldSweep(await sweepPoints(config), referenceEngine);
  const timings = { totalSeconds: 1, engineSeconds: 1 };
  return { command: "field", version: "0", config, engine: HOST, timings, ...result };
}
const named = (figures: readonly Figure[], id: string): Figure => figures.find((figure) => figure.id === id)!;

describe("a sweep's report", () => {
  it("has a line of each point with its value, and the ends of those that came to theirs", async () => {
    const document = await documentOf("{ field.potential.parameters.g: [1, -3, 2, 0.5] }");
    const figures = await fieldFigures(document);
    expect(figures.map(({ id }) => id)).toEqual(["sweepMean", "sweepEnd"]);
    const mean = await toSvg(named(figures, "sweepMean"));
    for (const value of ["1", "-3", "2", "0.5"]) expect(mean).toContain(`>g = ${value}</text>`);
    // A line each, in a colour of its own.
    const strokes = new Set(
      [...mean.matchAll(/aria-roledescription="line mark"[^>]*stroke="([^"]+)"/g)].map(([, c]) => c),
    );
    expect(strokes.size).toBe(4);
    const end = named(figures, "sweepEnd");
    expect(end.title).toBe("Mean at the end against g");
    expect(end.shows).toContain("1 of 4 points diverged");
    const { data } = end.spec as { data: { values: { swept: number; value: number }[] } };
    expect(data.values.map(({ swept }) => swept)).toEqual([1, 2, 0.5]);
    expect(data.values[1]!.value).toBe((document.sweep![2]!.mean as number[]).at(-1));
  });
  it("draws no ends against two values, which tell no curve", async () => {
    const figures = await fieldFigures(await documentOf("{ field.potential.parameters.g: [1, 2] }"));
    expect(figures.map(({ id }) => id)).toEqual(["sweepMean"]);
  });
  it("draws twelve of many points", async () => {
    const values = Array.from({ length: 30 }, (_, i) => i / 10);
    const figures = await fieldFigures(await documentOf(`{ field.potential.parameters.g: [${values}] }`));
    const { shows, spec } = named(figures, "sweepMean");
    expect(shows).toContain("12 of 30");
    const end = named(figures, "sweepEnd").spec as { data: { values: unknown[] } };
    expect(end.data.values).toHaveLength(30);
    expect(spec).toBeDefined();
  });
  it("names what is no number, and has a dash of each of several lists", async () => {
    const document = await documentOf(
      "{ field.potential.parameters.g: [1, 2, 3], time.integrator: [verlet2, verlet4] }",
    );
    const figures = await fieldFigures(document);
    const end = await toSvg(named(figures, "sweepEnd"));
    expect(end).toContain(">integrator = verlet4</text>");
    expect(await toSvg(named(figures, "sweepMean"))).toContain(">g = 3, integrator = verlet4</text>");
    const text = summary(document);
    expect(text).toMatch(/g +│ integrator +│ time +│ mean/);
    expect(text).toMatch(/│ 3 +│ verlet2 +│ 3.000 +│/);
  });
  it("leaves out what there is nothing of: ends where all diverge, all where no point has two records", async () => {
    const document = await documentOf("{ field.potential.parameters.g: [-3, -4, -5] }");
    const figures = await fieldFigures(document);
    expect(figures.map(({ id }) => id)).toEqual(["sweepMean"]);
    const sweep = document.sweep!.map((entry) => ({ ...entry, times: [0] }));
    expect(await fieldFigures({ ...document, sweep })).toEqual([]);
  });
  it("says of no point what the first one has", async () => {
    const document = await documentOf("{ lattice.dimensions: [1, 2] }", WAVES);
    const { spec, shows } = named(await fieldFigures(document), "sweepSpectra");
    expect(spec).toMatchObject({ encoding: { y: { title: "power of φ" } } });
    expect(shows).toMatch(/^power of φ by comoving/);
    const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-sweep-"));
    await writeReport(folder, document);
    const page = readFileSync(path.join(folder, "report.html"), "utf8");
    rmSync(folder, { recursive: true });
    expect(page).toContain("evolves on a lattice in a deSitter background, once for each of 2 values of dimensions");
  });
  it("is in cosmic time where points step in others", async () => {
    const document = await documentOf("{ time.alpha: [1, 0] }", WAVES);
    const { spec } = named(await fieldFigures(document), "sweepMean");
    expect(JSON.stringify(spec)).toContain('"title":"cosmic time t"');
    const { data } = (spec as unknown as { layer: { data: { values: { name: string; time: number }[] } }[] }).layer[0]!;
    const own = data.values.filter(({ name }) => name === "alpha = 1").map(({ time }) => time);
    expect(own).toEqual(document.sweep![0]!.times);
  });
});
