/** The duality command with several outputs: its document's keys, and its report, in which every output has a column by its name. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DualityDocument } from "../../src/document.ts";
import { dualityFigures } from "../../src/report/dualityFigures.ts";
import { type DualStudy, studyDuals } from "../../src/report/duals.ts";
import { finiteRange } from "../../src/report/exponents.ts";
import { slowroll } from "../inProcess.ts";

const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-fields-"));
afterAll(() => rmSync(cwd, { recursive: true }));

async function run(targets: string, name: string, points = 4): Promise<DualityDocument> {
  const input = `network: { width: 16 }
data: { inputs: { circle: { points: ${points} } }, targets: ${targets} }
training: { steps: 8 }
ensemble: { size: 6 }
duality: { regression: { bootstrap: 20 }, widths: [8, 16], hyperparameters: { momentum: [0, 0.5] } }`;
  const { code, out, error } = await slowroll(["duality", "-", "--json", "--engine", "cpu", "--out", name], {
    cwd,
    input,
  });
  expect(code, error).toBe(0);
  return JSON.parse(out);
}

let two: DualityDocument;
beforeAll(async () => {
  two = await run("{ expressions: { across: cos(theta), up: sin(theta) } }", "two");
});
const figure = async (of: DualityDocument, id: string) => (await dualityFigures(of)).find((one) => one.id === id)!;
const svg = (id: string): string => readFileSync(path.join(cwd, "two", "plots", `${id}.svg`), "utf8");

describe("the duality of two outputs", () => {
  it("names them, and has a number of each at every datum", () => {
    expect(two.outputs).toEqual(["across", "up"]);
    const { theory, network, dual } = two.background!;
    for (const trajectory of [theory, network, ...Object.values(dual)]) {
      expect(trajectory).toHaveLength(9);
      for (const row of trajectory!) expect(row).toEqual(Array(4).fill([expect.any(Number), expect.any(Number)]));
    }
    // From f = 0 at the first datum, where the angle is 0.
    expect(theory[0]![0]).toEqual([-1, 0]);
    expect(two.scaling!.kernelDrift.values).toHaveLength(2);
    expect(two.hyperparameters).toHaveLength(2);
  });
  it("draws all figures, trajectories in columns by the outputs' names", () => {
    const drawn = readdirSync(path.join(cwd, "two", "plots")).sort();
    expect(drawn).toEqual(
      ["errors", "exponents", "hyperparameter-momentum", "lambda", "scaling", "trajectories"].map(
        (name) => `${name}.svg`,
      ),
    );
    for (const id of drawn) expect(svg(path.basename(id, ".svg"))).not.toMatch(/…|NaN|undefined/);
    expect(svg("trajectories").match(/>(across|up)</g)).toEqual([">across<", ">up<"]);
    expect(svg("trajectories").match(/>φ</g)).toHaveLength(1);
  });
  it("draws of each the dual that starts from its own mean", async () => {
    const { fromMean } = (await studyDuals(two)) as DualStudy;
    expect(fromMean!.order).toBe("exact");
    for (const [a, start] of (two.background!.network[0] as number[][]).entries())
      for (const [c, value] of start.entries()) expect((fromMean!.phi[0]![a] as number[])[c]).toBeCloseTo(value, 12);
    const { hconcat } = (await figure(two, "trajectories")).spec as unknown as {
      hconcat: {
        title: string;
        data: { values: { datum: string; step: number; measured: number; field: number }[] };
      }[];
    };
    for (const [c, { title, data }] of hconcat.entries()) {
      expect(title).toBe(two.outputs![c]);
      for (const { datum, step, measured, field } of data.values) {
        expect(measured).toBe((two.background!.network[step]![Number(datum)] as unknown as number[])[c]);
        expect(field).toBe((fromMean!.phi[step]![Number(datum)] as number[])[c]);
      }
    }
  });
  it("has errors of the duals at the run's own learning rate that the run has", async () => {
    const { errors, x } = (await studyDuals(two)) as DualStudy;
    const near = errors.find((at) => Math.abs(at.x / x - 1) < 0.3)!;
    expect(Math.abs(near.slowRoll! / (two.background!.errors.slowRoll! * (near.x / x)) - 1)).toBeLessThan(0.4);
  });
  it("says what is of both outputs together", async () => {
    for (const id of ["errors", "lambda", "scaling", "hyperparameter-momentum"])
      expect((await figure(two, id)).shows).toContain("2 outputs");
    expect((await figure(two, "trajectories")).shows).toContain("4 of 4 data, of 2 outputs, from their targets");
  });
  it("is held to no exponents that were measured of one", () => {
    const { outputs: _outputs, ...one } = two;
    expect(finiteRange(one as DualityDocument)).toHaveProperty("kernelDrift");
    expect(finiteRange(two)).toEqual({});
  });
});

describe("the duality of many outputs", () => {
  it("draws three of them, and says so", async () => {
    const many = await run("[x0, x1, x0^2, x1^2, x0*x1]", "many");
    expect((await figure(many, "trajectories")).shows).toContain("of 3 of 5 outputs");
    const { hconcat } = (await figure(many, "trajectories")).spec as unknown as { hconcat: { title: string }[] };
    expect(hconcat.map(({ title }) => title)).toEqual(["output 0", "output 2", "output 4"]);
  });
  it("tries no other learning rates where they are more than data and outputs allow", async () => {
    const large = await run("[x0, x1, x0^2, x1^2, x0*x1]", "large", 26);
    expect(await studyDuals(large)).toBe("there are more than 128 numbers of all data and outputs");
  });
});
