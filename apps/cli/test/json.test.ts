/** JSON in pieces, and the kernels that need it. */
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { jsonPieces, readJson } from "../src/json.ts";
import { slowroll } from "./inProcess.ts";

const temporary = (): Promise<string> => mkdtemp(path.join(tmpdir(), "slowroll-json-"));

/** Of 900 rows: some 16 MB of text. */
const matrix = (salt: number): number[][] =>
  Array.from({ length: 900 }, (_, i) => Array.from({ length: 900 }, (_, j) => Math.sin(salt + i * 31 + j)));
const document = {
  command: "kernel",
  missing: undefined,
  word: 'a "quoted" line\nand Θ',
  matrices: { ntk: matrix(1), nngp: matrix(2), empty: [] },
  odd: [Number.NaN, Number.POSITIVE_INFINITY, undefined, -0, 1e-300, null, true],
};

it("has pieces far shorter than the document, which together are what JSON.stringify gives", () => {
  const pieces = [...jsonPieces(document)];
  expect(pieces.join("")).toBe(`${JSON.stringify(document)}\n`);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(2 ** 19);
});

it("reads what it writes, and says where a file is no JSON", async () => {
  const file = path.join(await temporary(), "result.json");
  await writeFile(file, jsonPieces(document));
  expect(await readJson(file)).toEqual(JSON.parse(JSON.stringify(document)));
  await writeFile(file, (await readFile(file, "utf8")).slice(0, 9e6));
  await expect(readJson(file)).rejects.toThrow(SyntaxError);
  await expect(readJson(`${file}.not`)).rejects.toMatchObject({ code: "ENOENT" });
});

it("kernels come without eigenvalues where none are asked for, with a report of what there is", async () => {
  const cwd = await temporary();
  const set = ["--set", "observe.eigenvalues=false", "--out", "run"];
  const { code, out, error } = await slowroll(["kernel", ...set], { cwd });
  expect(code).toBe(0);
  expect(out).toMatch(/│ data +│ 8 /);
  expect(out).not.toMatch(/eigenvalues|eta|friction/);
  expect(error).toContain("warning: training.learningRate: a relative one needs observe.eigenvalues");
  expect(await readdir(path.join(cwd, "run", "plots"))).toEqual(["kernels.svg"]);
  expect((await slowroll(["report", "run"], { cwd })).code).toBe(0);
});
