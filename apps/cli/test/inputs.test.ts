/** Inputs as a config names them: files are found beside it, whatever the folder the command runs in; points may have many coordinates. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { slowroll } from "./inProcess.ts";

const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-inputs-"));
beforeAll(() => {
  mkdirSync(path.join(cwd, "study"));
  writeFileSync(path.join(cwd, "study", "table.csv"), "x,label,y\n1,a,10\n2,b,20\n");
});
afterAll(() => rmSync(cwd, { recursive: true }));

it("keeps the columns asked for of a file beside the config", async () => {
  writeFileSync(
    path.join(cwd, "study", "config.yaml"),
    "data: { inputs: { file: table.csv, columns: [x] }, targets: { column: y } }",
  );
  const { code, out, error } = await slowroll(["kernel", "study/config.yaml", "--json"], { cwd });
  expect(code, error).toBe(0);
  const { config, nngp } = JSON.parse(out);
  expect(config.data.inputs.columns).toEqual(["x"]);
  expect(nngp).toHaveLength(2);
});

it("finds test inputs there too", async () => {
  writeFileSync(
    path.join(cwd, "study", "test.yaml"),
    `network: { width: 8 }
ensemble: { size: 4 }
training: { steps: 1 }
data: { inputs: [[1]], targets: [1], test: { inputs: { file: table.csv, columns: [y] } } }`,
  );
  const { code, out, error } = await slowroll(["network", "study/test.yaml", "--engine", "cpu", "--json"], { cwd });
  expect(code, error).toBe(0);
  expect(JSON.parse(out).test.inputs).toEqual([[10], [20]]);
});

it.each([
  "{ background.file: [slow.csv, fast.csv] }",
  "[{ background.file: slow.csv }, { background.file: fast.csv }]",
])("finds the files of a sweep there too: %s", async (sweep) => {
  for (const [name, hubble] of [
    ["slow.csv", 0.5],
    ["fast.csv", 1],
  ] as const) {
    const rows = Array.from({ length: 20 }, (_, i) => `${i / 10},${Math.exp((hubble * i) / 10)}`);
    writeFileSync(path.join(cwd, "study", name), ["t,a", ...rows].join("\n"));
  }
  const text = `time: { step: 0.1, end: 1 }\nbackground: { kind: table }\nsweep: ${sweep}`;
  writeFileSync(path.join(cwd, "study", "sweep.yaml"), text);
  const { code, out, error } = await slowroll(["field", "study/sweep.yaml", "--json"], { cwd });
  expect(code, error).toBe(0);
  const points: { values: object; efolds: number[] }[] = JSON.parse(out).sweep;
  expect(points.map(({ values }) => values)).toEqual([
    { "background.file": path.join(cwd, "study", "slow.csv") },
    { "background.file": path.join(cwd, "study", "fast.csv") },
  ]);
  expect(points.map(({ efolds }) => Math.round(100 * efolds.at(-1)!))).toEqual([50, 100]);
});

it("predicts off the data at points of thousands of coordinates", async () => {
  writeFileSync(
    path.join(cwd, "study", "many.yaml"),
    `network: { width: 8 }
ensemble: { size: 4 }
training: { steps: 1 }
data:
  inputs: { sphere: { points: 64, dimension: 4096 } }
  targets: x0
  test: { inputs: { gaussian: { points: 2, dimension: 4096 } } }`,
  );
  const { code, out, error } = await slowroll(["network", "study/many.yaml", "--engine", "cpu", "--json"], { cwd });
  expect(code, error).toBe(0);
  expect(JSON.parse(out).test.theory.mean).toHaveLength(2);
});
