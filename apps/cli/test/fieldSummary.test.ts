/** The table of a field study: quantities down, within a terminal's width, and a second one in powers of GeV where there are units. */
import { parseConfig } from "@slowroll/core/config/parse";
import { HOST } from "@slowroll/core/engine/host";
import { fieldStudy } from "@slowroll/core/field/run";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../tests/reference/engine.ts";
import type { FieldDocument, ResultDocument } from "../src/document.ts";
import { summary } from "../src/summary.ts";

const TWO = `
precision: float64
background: { kind: selfConsistent, planckMass: 2 }
field: { fields: [phi, chi], potential: { expression: "phi^2/2 + chi^2/2" }, mean: [1, 0.5] }
lattice: { dimensions: 1, points: 8 }
fluctuations: { kind: planeWave, mode: [1], amplitude: 0.01 }
time: { step: 0.01, end: 0.1 }`;

async function summaryOf(text: string): Promise<{ text: string; document: FieldDocument }> {
  const config = await parseConfig("field", text);
  const { result } = await fieldStudy(config, referenceEngine);
  const document = { command: "field", version: "0", config, engine: HOST, timings: {}, ...result } as Extract<
    ResultDocument,
    { command: "field" }
  >;
  return { text: summary(document), document };
}

/** The cells of the row that a name begins. */
const row = (text: string, name: string): string[] | undefined =>
  text
    .split("\n")
    .map((line) => line.split("│").map((cell) => cell.trim()))
    .find((cells) => cells[1] === name)
    ?.slice(2, -1);

describe("the table of a field study", () => {
  it("has a row of every quantity of every field, and fits a terminal", async () => {
    const { text, document } = await summaryOf(TWO);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const [, end] = row(text, "mean chi")!;
    expect(Number(end)).toBeCloseTo((document.mean as number[][]).at(-1)![1]!, 5);
    expect(row(text, "mean phi")![0]).toBe("1.00000");
    for (const name of ["time", "e-folds", "velocity chi", "variance phi", "gradient phi", "potential", "mode 1"])
      expect(row(text, name)).toHaveLength(2);
    expect(text).not.toContain("GeV");
  });
  it("leaves out what a homogeneous field has none of", async () => {
    const { text } = await summaryOf("field: { mean: 1 }\ntime: { step: 0.1, end: 1 }");
    expect(text).not.toContain("variance");
    expect(text).not.toContain("gradient");
    expect(row(text, "mean")![0]).toBe("1.00000");
  });
  it("has a dash for what is not defined", async () => {
    const text = "field: { potential: { expression: phi^2/2 - 1/2 }, mean: 1 }\ntime: { step: 0.1, end: 1 }";
    expect(row((await summaryOf(text)).text, "equation of state")).toEqual(["-", expect.stringMatching(/\d/)]);
  });
  it("is told in powers of GeV too", async () => {
    const { text } = await summaryOf(`${TWO}\nunits: { fStar: 1.0e+18, omegaStar: 1.0e+13 }`);
    const physical = text.slice(text.indexOf("physical units"));
    expect(row(text, "mean phi")![0]).toBe("1.00000");
    expect(row(physical, "mean phi")).toEqual(["1.00000e+18", expect.any(String), "GeV"]);
    expect(row(physical, "time")).toEqual(["0.000", "1.000e-14", "GeV^-1"]);
    const [start, , unit] = row(physical, "potential")!;
    expect(unit).toBe("GeV^4");
    expect(Number(start) / Number(row(text, "potential")![0])).toBeCloseTo(1e62, -59);
    expect(row(physical, "e-folds")).toBeUndefined();
  });
});
