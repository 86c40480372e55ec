/** The list of a sweep's finished points. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import type { SweepEntry } from "@slowroll/core/field/sweep";
import { afterAll, expect, it } from "vitest";
import { keepPoints, readPoints } from "../src/sweepFolder.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-points-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Keeps points one after another, and has what could not be kept. */
async function kept(name: string, entries: readonly object[]) {
  const config = await parseConfig("field", "field: { mean: 1 }\ntime: { step: 0.1, end: 1 }");
  const failures: string[] = [];
  const { onPoint } = keepPoints({
    folder: path.join(folder, name),
    config,
    points: entries.map(() => ({ values: {}, study: config })),
    resumed: undefined,
    finalFolder: undefined,
    async ready() {},
    onKept() {},
    onFailure: (what, { why }) => failures.push(`${what}: ${why}`),
    onStateLost() {},
  });
  for (const [point, entry] of entries.entries())
    await onPoint!({ point, entry: entry as SweepEntry, final: undefined }, { sweep: [], warnings: [] });
  return { failures, config, file: path.join(folder, name, "points.jsonl") };
}

it("has each point in a line of its own, as it was", async () => {
  const entries = [
    { values: { "field.mean": 1 }, times: [0, 0.1], constraint: [null, 1e-300] },
    { values: { "field.mean": 2 }, slices: [{ time: 0, values: [[1, -0.5]] }], error: { message: "ä\n" } },
  ];
  const { config, file } = await kept("two", entries);
  const text = readFileSync(file, "utf8");
  expect(text.trimEnd().split("\n")).toHaveLength(3);
  const read = await readPoints(path.dirname(file));
  expect(read).toEqual({ config, finished: new Map(entries.entries()), bytes: Buffer.byteLength(text) });
});

it.each([
  [
    "a line that is none of ours",
    (file: string) => writeFileSync(file, '{"format":"other"}\n'),
    /is damaged: its first/,
  ],
  [
    "a line that is cut within",
    (file: string) => writeFileSync(file, '{"format":\n'),
    /is damaged: .*; start the run anew$/,
  ],
  ["a folder in its place", mkdirSync, /points\.jsonl cannot be read: it is a folder$/],
])("is refused with %s", async (name, make, told) => {
  const run = path.join(folder, name);
  mkdirSync(run);
  make(path.join(run, "points.jsonl"));
  await expect(readPoints(run)).rejects.toMatchObject({ code: "badInput", message: expect.stringMatching(told) });
});

it("takes points of more text than one string can hold, as of many slices", async () => {
  const most = 2 ** 29 - 24;
  const text = "x".repeat(most / 2);
  const { failures, file } = await kept("large", [{ values: {} }, { values: { one: text, two: text, three: text } }]);
  expect(failures).toEqual([]);
  expect(statSync(file).size).toBeGreaterThan(1.5 * most);
});
