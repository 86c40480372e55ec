/** Inputs of every kind: where the points are, that they are the same each time, and what is refused of files. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { InputError } from "@slowroll/core/errors";
import { prepareData } from "@slowroll/core/network/data";
import type { DataSpec, InputsSpec } from "@slowroll/core/network/study";
import { normals } from "@slowroll/core/random/normal";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const stored = (name: string): string => path.resolve(import.meta.dirname, "../../../../tests/data", name);
const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-inputs-"));
const made = (name: string): string => path.join(folder, name);
beforeAll(() => {
  writeFileSync(made("named.csv"), "x,label,y\n1,a,10\n2,b,20\n3,c,30\n");
  writeFileSync(made("turned.csv"), "y,extra,x\n0.5,words,7\n");
  writeFileSync(made("twice.csv"), "x,x,y\n1,2,3\n");
  writeFileSync(made("semicolons.csv"), "x;y\n1,5;2\n");
  writeFileSync(made("tabs.csv"), "x\ty\n1.5\t2\n");
  writeFileSync(made("spaces.csv"), "x y\n1 2\n");
  writeFileSync(made("utf16.csv"), "\uFEFFx,y\n1,2\n", "utf16le");
  writeFileSync(made("commaInName.csv"), "x, in cm;y;z\n1;2;3\n");
  writeFileSync(made("missing.csv"), "x,y\n1,2\nNaN,4\n");
  writeFileSync(made("decimals.csv"), 'x,y\n"1,5",4\n"1.000,5",4\n');
  writeFileSync(made("packed.csv"), gzipSync("x,y\n1,2\n"));
  writeFileSync(made("bytes.csv"), Buffer.from([0x50, 0x4b, 3, 4, 0, 0]));
  writeFileSync(made("cities.csv"), "x,y\nNew York,4\n");
  writeFileSync(made("years.csv"), "2019,2020,y\n1,2,3\n");
  writeFileSync(made("indexed.csv"), ",x,y\n0,1,2\n1,3,4\n");
  writeFileSync(made("reread.csv"), "Unnamed: 0,x,y\n0,1,2\n1,3,4\n");
  writeFileSync(made("trailing.csv"), "x,y,,\n1,2,,\n3,4,,\n");
  writeFileSync(made("trailingGap.csv"), "x,y,\n1,2,\n3,,\n");
  writeFileSync(made("commas.csv"), ",,\n,,\n");
  writeFileSync(made("bare.csv"), "1,2\n3,4\n");
  writeFileSync(made("ragged.csv"), "x,y\n1,2\n3,4,5\n");
  writeFileSync(made("gaps.csv"), "\n# x\n\n1\n\n  \n2\na\n");
  writeFileSync(made("crlf.csv"), "x,y\r\n\r\n1,2\r\n\r\n3\r\n");
  writeFileSync(made("noHeader.csv"), "nan,-inf\n1,2\n");
  writeFileSync(made("long.csv"), "1\n".repeat(4097));
  writeFileSync(made("text.parquet"), "x,y\n1,2\n");
  // Whole numbers on both sides of 2^53: the last of each column float64 has to round.
  const [fine, odd] = [[2n ** 53n, -(2n ** 60n), 5n], 2n ** 53n + 1n];
  writeFileSync(made("exact.csv"), `a,b\n${fine.map((value) => `${value},${value}.0`).join("\n")}\n`);
  writeFileSync(made("rounded.csv"), `x,id\n1,${fine[0]}\n2,${odd}\n`);
  const columns = { fine, signed: [1n, 2n, -odd], unsigned: [odd, 1n, 2n] };
  copyFileSync(stored("table.parquet"), made("parquet.csv"));
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data, type: "INT64" as const }));
  writeFileSync(made("whole.parquet"), new Uint8Array(parquetWriteBuffer({ columnData })));
});
afterAll(() => rmSync(folder, { recursive: true }));

const inputsOf = async (inputs: InputsSpec): Promise<number[][]> => {
  const data = await prepareData({ inputs, targets: "x0" });
  return Array.from({ length: data.points }, (_, a) => [
    ...data.inputs.subarray(a * data.dimension, (a + 1) * data.dimension),
  ]);
};
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("points on the sphere", () => {
  it("have |x|^2 = d", async () => {
    for (const dimension of [1, 2, 3, 17]) {
      const rows = await inputsOf({ sphere: { points: 50, dimension, seed: 1 } });
      for (const row of rows) expect(row.reduce((sum, x) => sum + x * x, 0) / dimension).toBeCloseTo(1, 14);
    }
  });
  it("are uniform: x0 of three coordinates is uniform on (-sqrt(3), sqrt(3)), and no axis is preferred", async () => {
    const points = 4096;
    const rows = await inputsOf({ sphere: { points, dimension: 3, seed: 5 } });
    const sorted = rows.map(([x]) => (x! / Math.sqrt(3) + 1) / 2).sort((one, other) => one - other);
    // Kolmogorov and Smirnov: above 1.95 / sqrt(n) once in a thousand seeds.
    expect(Math.max(...sorted.map((x, i) => Math.abs(x - (i + 0.5) / points)))).toBeLessThan(1.95 / Math.sqrt(points));
    for (const i of [0, 1, 2]) {
      for (const j of [0, 1, 2]) {
        const moment = mean(rows.map((row) => row[i]! * row[j]!));
        expect(Math.abs(moment - (i === j ? 1 : 0))).toBeLessThan(5 / Math.sqrt(points));
      }
    }
  });
});

describe("Gaussian points", () => {
  it("have the moments of a standard normal", async () => {
    const values = (await inputsOf({ gaussian: { points: 4096, dimension: 4, seed: 2 } })).flat();
    const error = 5 / Math.sqrt(values.length);
    expect(Math.abs(mean(values))).toBeLessThan(error);
    expect(Math.abs(mean(values.map((x) => x * x)) - 1)).toBeLessThan(Math.SQRT2 * error);
    expect(Math.abs(mean(values.map((x) => x ** 4)) - 3)).toBeLessThan(Math.sqrt(96) * error);
  });
  it("are set by their seed, and the first of more are the same", async () => {
    const few = await inputsOf({ gaussian: { points: 5, dimension: 3, seed: 7 } });
    const many = await inputsOf({ gaussian: { points: 9, dimension: 3, seed: 7 } });
    expect(many.slice(0, 5)).toEqual(few);
    expect(await inputsOf({ gaussian: { points: 5, dimension: 3, seed: 8 } })).not.toEqual(few);
  });
  it("share no number with the weights of the same seed", async () => {
    const data = new Set((await inputsOf({ gaussian: { points: 64, dimension: 4, seed: 1 } })).flat());
    for (const network of [0, 1, 2]) {
      for (const layer of [0, 1, 2, 3])
        expect([...normals(1, network, layer, 256)].filter((x) => data.has(x))).toEqual([]);
    }
  });
  it("may have thousands of coordinates", async () => {
    expect((await inputsOf({ gaussian: { points: 2, dimension: 4096, seed: 1 } }))[1]).toHaveLength(4096);
  });
});

describe("a grid", () => {
  it("includes its ends, and its last dimension varies fastest", async () => {
    const rows = await inputsOf({ grid: { points: [2, 3], low: -1, high: 3 } });
    expect(rows).toEqual([-1, 3].flatMap((x) => [-1, 1, 3].map((y) => [x, y])));
  });
  it("is symmetric to the last bit where its ends are", async () => {
    const line = (await inputsOf({ grid: { points: [49], low: -0.7, high: 0.7 } })).flat();
    expect(line.map((x) => 0 - x).reverse()).toEqual(line);
    expect(line[48]).toBe(0.7);
  });
});

const X = [0.5, -1.25, 2, 1e-3, 3];
const Y = [1.5, 0.25, -0.75, 8, -2];
describe("files", () => {
  it("give the columns asked for, Parquet as CSV, in the order asked for", async () => {
    const count = [1, -2, 3, 2 ** 40, 5];
    const file = stored("table.parquet");
    expect(await inputsOf({ file, columns: ["y", "count", "x"] })).toEqual(X.map((x, a) => [Y[a], count[a], x]));
    expect(await inputsOf({ file: made("named.csv"), columns: ["y", "x"] })).toEqual([
      [10, 1],
      [20, 2],
      [30, 3],
    ]);
  });
  it("have no column after the last that has anything", async () => {
    expect(await inputsOf({ file: made("trailing.csv") })).toEqual([
      [1, 2],
      [3, 4],
    ]);
    await expect(inputsOf({ file: made("trailingGap.csv") })).rejects.toThrow('line 3, column 2: "" is not a finite');
    await expect(inputsOf({ file: made("commas.csv") })).rejects.toThrow('line 1, column 1: "" is not a finite');
  });
  it("give all their columns unless some are named, zstd's too", async () => {
    expect(await inputsOf({ file: stored("tableZstd.parquet") })).toEqual(X.map((x, a) => [x, Y[a]]));
  });
  it("give targets, which are then no input", async () => {
    const parquet = await prepareData({ inputs: { file: stored("tableZstd.parquet") }, targets: { column: "x" } });
    expect([[...parquet.targets], [...parquet.inputs]]).toEqual([X, Y]);
    const csv = await prepareData({ inputs: { file: made("named.csv"), columns: ["x"] }, targets: { column: "y" } });
    expect([[...csv.targets], [...csv.inputs]]).toEqual([
      [10, 20, 30],
      [1, 2, 3],
    ]);
  });
  it("of test inputs give the columns that the data's inputs are, wherever they stand", async () => {
    const tested = async (inputs: InputsSpec, test: InputsSpec): Promise<number[]> => [
      ...(await prepareData({ inputs, targets: "x0", test: { inputs: test } })).test!,
    ];
    const turned = { file: made("turned.csv") };
    expect(await tested({ file: made("named.csv"), columns: ["x", "y"] }, turned)).toEqual([7, 0.5]);
    expect(await tested({ file: stored("tableZstd.parquet") }, turned)).toEqual([7, 0.5]);
    const inputs = { file: made("named.csv"), columns: ["x", "y"] };
    // Names that are given, and places where a file has no names, are as they stand.
    expect(await tested(inputs, { ...turned, columns: ["y", "x"] })).toEqual([0.5, 7]);
    expect(await tested(inputs, { file: made("bare.csv") })).toEqual([1, 2, 3, 4]);
    await expect(tested(inputs, { file: made("exact.csv") })).rejects.toMatchObject({
      path: "data.test.inputs.columns",
      message: expect.stringContaining("exact.csv has no column x; known: a, b"),
    });
  });

  it.each([
    ["", ["indexed.csv"]],
    ["Unnamed: 0", ["reread.csv"]],
  ])("of which one numbers the rows, %j, are warned of unless their inputs are named", async (name, [file]) => {
    const warningsOf = async (columns?: string[]) =>
      (
        await prepareData({
          inputs: { file: made(file!), ...(columns ? { columns } : {}) },
          targets: { column: "y" },
        })
      ).warnings;
    expect(await warningsOf()).toEqual([expect.stringContaining(`its column ${JSON.stringify(name)}, a name`)]);
    expect(await warningsOf(["x"])).toEqual([]);
    expect(
      (await prepareData({ inputs: { file: made("named.csv"), columns: ["x"] }, targets: "x0" })).warnings,
    ).toEqual([]);
  });

  it("may hold whole numbers of any size that float64 holds", async () => {
    const whole = [2 ** 53, -(2 ** 60), 5];
    expect(await inputsOf({ file: made("exact.csv") })).toEqual(whole.map((value) => [value, value]));
    expect(await inputsOf({ file: made("whole.parquet"), columns: ["fine"] })).toEqual(whole.map((value) => [value]));
  });

  const parquet = (...columns: string[]): InputsSpec => ({ file: stored("table.parquet"), columns });
  const named = (...columns: string[]): InputsSpec => ({ file: made("named.csv"), columns });
  const ofX: DataSpec["targets"] = "x0";
  it.each<[place: string, word: string, InputsSpec, DataSpec["targets"]]>([
    ["data.inputs.file", 'row 1, column name: "a" is not', parquet("x", "name"), ofX],
    ["data.inputs.file", "column flag: true is not", parquet("flag"), ofX],
    ["data.inputs.file", "column day: 1970-01-02T00:00:00.000Z is not", parquet("day"), ofX],
    ["data.inputs.file", "column list: a nested or binary value is not", parquet("list"), ofX],
    ["data.inputs.file", "; name columns of numbers alone in data.inputs.columns", parquet("x", "name"), ofX],
    ["data.inputs.file", "; name columns of numbers alone in data.inputs.columns", { file: made("named.csv") }, ofX],
    ["data.inputs.file", "; give a number or leave its row out", parquet("gap"), ofX],
    ["data.inputs.file", '"New York" is not a finite number; name columns', { file: made("cities.csv") }, ofX],
    ["data.inputs.file", '"NaN" is not a finite number; give a number', { file: made("missing.csv") }, ofX],
    ["data.inputs.file", "row 2, column gap: null is not", parquet("gap"), ofX],
    ["data.inputs.file", "row 3, column open: Infinity is not", parquet("open"), ofX],
    [
      "data.inputs.file",
      "row 3, column signed: -9007199254740993 is past 2^53",
      { file: made("whole.parquet"), columns: ["fine", "signed"] },
      ofX,
    ],
    [
      "data.inputs.file",
      "row 1, column unsigned: 9007199254740993 is past 2^53",
      { file: made("whole.parquet"), columns: ["fine"] },
      { column: "unsigned" },
    ],
    ["data.inputs.file", "line 3, column 2: 9007199254740993 is past 2^53", { file: made("rounded.csv") }, ofX],
    ["data.inputs.file", "column name", { file: stored("table.parquet") }, ofX],
    ["data.inputs.columns[0]", "no column X1; did you mean x?", parquet("X1"), ofX],
    ["data.inputs.columns[2]", "x is named twice", parquet("x", "y", "x"), ofX],
    ["data.targets.column", "no column z", parquet("x"), { column: "z" }],
    ["data.inputs.columns[1]", "x is the target", parquet("y", "x"), { column: "x" }],
    ["data.targets", "2 targets are given for 5", parquet("x"), [1, 2]],
    ["data.inputs.file", "there is no such file", { file: stored("nowhere.parquet") }, ofX],
    ["data.inputs.file", "cannot be read: parquet file invalid", { file: made("text.parquet") }, ofX],
    ["data.inputs.file", 'line 2, column 2: "a" is not', named("x", "label"), ofX],
    ["data.inputs.file", 'line 2, column 2: "a" is not', named("x"), { column: "label" }],
    ["data.inputs.file", "; name a column of numbers in data.targets.column", named("x"), { column: "label" }],
    ["data.inputs.file", "in data.targets.columns[1]", parquet("x"), { columns: ["y", "name"] }],
    ["data.inputs.file", '"1,5" is not a finite number; write numbers as 1234.5', { file: made("decimals.csv") }, ofX],
    ["data.inputs.file", "the header has 1; put commas between columns", { file: made("semicolons.csv") }, ofX],
    ["data.inputs.file", "packed.csv is compressed by gzip: unpack it", { file: made("packed.csv") }, ofX],
    ["data.inputs.file", "bytes.csv is no text", { file: made("bytes.csv") }, ofX],
    ["data.inputs.columns[0]", "did you mean label?", named("lable"), ofX],
    ["data.inputs.columns[1]", "more than one column x;", { file: made("twice.csv"), columns: ["y", "x"] }, ofX],
    ["data.targets.column", "more than one column x;", { file: made("twice.csv") }, { column: "x" }],
    ["data.inputs.columns[0]", "known: x;y; put commas", { file: made("semicolons.csv"), columns: ["x"] }, ofX],
    ["data.targets.column", "; put commas between columns", { file: made("tabs.csv") }, { column: "y" }],
    ["data.targets.column", "; put commas between columns", { file: made("commaInName.csv") }, { column: "z" }],
    ["data.targets.column", "known: x y; put commas between columns", { file: made("spaces.csv") }, { column: "y" }],
    ["data.inputs.file", "utf16.csv is UTF-16 text: save it as UTF-8", { file: made("utf16.csv") }, ofX],
    ["data.inputs.file", "is a Parquet table: name it so", { file: made("parquet.csv") }, ofX],
    ["data.targets", "column y write { column: y }", named("x"), "y"],
    ["data.inputs.file", 'line 1, column 1: "nan" is not', { file: made("noHeader.csv") }, "x0"],
    ["data.inputs.columns[0]", "no header line", { file: made("bare.csv"), columns: ["x"] }, ofX],
    ["data.targets.column", "no header line", { file: made("bare.csv") }, { column: "x" }],
    ["data.inputs.file", 'line 8, column 1: "a" is not', { file: made("gaps.csv") }, ofX],
    ["data.inputs.file", '"y" is not a finite number; in a line that names', { file: made("years.csv") }, ofX],
    ["data.inputs.file", "line 5 has 1 cells", { file: made("crlf.csv"), columns: ["x"] }, ofX],
    ["data.inputs.file", "line 3 has 3 cells", { file: made("ragged.csv"), columns: ["x"] }, ofX],
    ["data.inputs.file", "4097 rows, at most 4096", { file: made("long.csv") }, ofX],
    ["data.targets.column", "only a file", { grid: { points: [3], low: 0, high: 1 } }, { column: "x" }],
    ["data.inputs.grid.low", "not below", { grid: { points: [3], low: 1, high: 1 } }, ofX],
    ["data.inputs.grid.points", "65 x 64 = 4160 points", { grid: { points: [65, 64], low: 0, high: 1 } }, ofX],
  ])("are refused at %s: %s", async (place, word, inputs, targets) => {
    const error = await prepareData({ inputs, targets }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe(place);
    expect((error as InputError).message).toContain(word);
    expect((error as InputError).message).not.toContain("\n");
  });
});
