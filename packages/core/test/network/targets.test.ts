/** Targets of one output and of several: every way to write them gives the same numbers, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { kernelStudy } from "@slowroll/core/duality/kernel";
import type { InputError } from "@slowroll/core/errors";
import { prepareData } from "@slowroll/core/network/data";
import { CIRCLE_TARGETS, type InputsSpec, type TargetsSpec } from "@slowroll/core/network/study";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-targets-"));
const table = path.join(folder, "table.csv");
const stored = path.resolve(import.meta.dirname, "../../../../tests/data/table.parquet");
beforeAll(() => writeFileSync(table, "x,height,label,depth\n1,2,a,1\n2,4,b,0\n3,6,c,-1\n"));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = [[1], [2], [3]];
const file = { file: table, columns: ["x"] };

describe("targets of several outputs", () => {
  it.each<[what: string, InputsSpec, TargetsSpec, names: string[]]>([
    ["expressions", rows, ["2*x0", "2 - x0"], ["0", "1"]],
    ["expressions with names", rows, { expressions: { height: "2*x0", depth: "2 - x0" } }, ["height", "depth"]],
    ["rows", rows, rows.map(([x]) => [2 * x!, 2 - x!]), ["0", "1"]],
    ["columns", file, { columns: ["height", "depth"] }, ["height", "depth"]],
  ])("are the same as %s, datum after datum", async (_, inputs, targets, names) => {
    const data = await prepareData({ inputs, targets });
    expect([...data.targets]).toEqual([2, 1, 4, 0, 6, -1]);
    expect([data.points, data.outputs, data.outputNames]).toEqual([3, 2, names]);
    expect([...data.inputs]).toEqual([1, 2, 3]);
  });
  it("are expressions in the angle on the circle", async () => {
    const data = await prepareData({ inputs: { circle: { points: 4 } }, targets: ["cos(theta)", "sin(theta)", "x0"] });
    expect(data.outputs).toBe(3);
    for (let a = 0; a < 4; a++) {
      const [cosine, sine, x0] = data.targets.subarray(3 * a, 3 * a + 3);
      expect(cosine! ** 2 + sine! ** 2).toBeCloseTo(1, 14);
      expect(x0! / cosine!).toBeCloseTo(Math.SQRT2, 14);
    }
  });
  it("leave the file's other columns as inputs", async () => {
    const data = await prepareData({ inputs: { file: stored, columns: ["count"] }, targets: { columns: ["y", "x"] } });
    expect([...data.targets.subarray(0, 4)]).toEqual([1.5, 0.5, 0.25, -1.25]);
    writeFileSync(path.join(folder, "plain.csv"), "a,y,b,z\n1,2,3,4\n5,6,7,8\n");
    const inputs = { file: path.join(folder, "plain.csv") };
    const rest = await prepareData({ inputs, targets: { columns: ["z", "y"] } });
    expect([[...rest.inputs], [...rest.targets]]).toEqual([
      [1, 3, 5, 7],
      [4, 2, 8, 6],
    ]);
  });
});

describe("targets of one output", () => {
  it.each<[InputsSpec, TargetsSpec]>([
    [rows, "2*x0"],
    [rows, ["2*x0"]],
    [rows, { expressions: { height: "2*x0" } }],
    [rows, [2, 4, 6]],
    [rows, [[2], [4], [6]]],
    [file, { column: "height" }],
    [file, { columns: ["height"] }],
  ])("of %j are the same however they are written: %j", async (inputs, targets) => {
    const data = await prepareData({ inputs, targets });
    expect([...data.targets]).toEqual([2, 4, 6]);
    expect(data.outputs).toBe(1);
  });
});

describe("what is refused", () => {
  it.each<[place: string, word: string, InputsSpec, TargetsSpec]>([
    [
      "data.targets",
      "2 targets are given for 3 inputs",
      rows,
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["data.targets[2]", "has 1 outputs, the first row has 2", rows, [[1, 2], [3, 4], [5]]],
    ["data.targets[1]", "input 2 is Infinity", rows, ["x0", "1/(x0 - 2)"]],
    ["data.targets", "must be given for inputs other than a circle: an expression in x0,", rows, CIRCLE_TARGETS],
    ["data.targets[1]", "column 5: only a circle's inputs have theta: write targets in x0", rows, ["x0", "cos(theta)"]],
    ["data.targets.expressions.b", 'unknown name "x1"', rows, { expressions: { a: "x0", b: "x1" } }],
    ["data.targets.columns[1]", "depth is named twice", file, { columns: ["depth", "depth"] }],
    ["data.targets.columns[1]", "did you mean depth?", file, { columns: ["height", "deph"] }],
    ["data.targets.columns[0]", "only a file has a column height", rows, { columns: ["height", "depth"] }],
    ["data.inputs.columns[0]", "x is a target", file, { columns: ["height", "x"] }],
    ["data.inputs.file", '"a" is not a finite number', file, { columns: ["height", "label"] }],
    [
      "data.targets",
      "3 outputs at each of 1366 inputs are 4098 numbers, at most 4096",
      { grid: { points: [1366], low: 0, high: 1 } },
      ["x0", "x0", "x0"],
    ],
  ])("is told at %s: %s", async (place, word, inputs, targets) => {
    const error = await prepareData({ inputs, targets }).catch((thrown: unknown) => thrown as InputError);
    expect(error).toMatchObject({ path: place, message: expect.stringContaining(word) });
    expect((error as InputError).message).not.toContain("\n");
  });
});

it("kernels of infinite width are the same for every output", async () => {
  const of = async (targets: string) => kernelStudy(await parseConfig("kernel", `data: { targets: ${targets} }`));
  const { outputs, ...several } = await of("{ expressions: { x: cos(theta), y: sin(theta) } }");
  expect(outputs).toEqual(["x", "y"]);
  expect(several).toEqual(await of("cos(theta)"));
});

it("kernels need no targets of inputs that are no circle", async () => {
  const of = async (data: string) => kernelStudy(await parseConfig("kernel", `data: { inputs: [[0], [1]]${data} }`));
  expect(await of("")).toEqual(await of(", targets: [0, 0]"));
});
