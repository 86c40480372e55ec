/** JSON in pieces, and the kernels that need it. */

import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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

it("writes what JSON.stringify does, and leaves lists of numbers as small as they are", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const numbers = 64;
  const document = {
    lists: Array.from({ length: 20_000 }, (_, r) => Array.from({ length: numbers }, (_, i) => Math.sin(r * i + 1))),
    gaps: [null, 0.5, Number.NaN, -0],
    mixed: [1, { key: undefined, other: [] }, [undefined, "a\n"]],
    empty: { lists: [], object: {}, nothing: null, none: undefined, 'quo"ted': true },
  };
  const before = held();
  expect([...jsonPieces(document)].join("") === `${JSON.stringify(document)}\n`).toBe(true);
  for (const _ of jsonPieces(document));
  expect((held() - before) / (document.lists.length * numbers)).toBeLessThan(2);
});
