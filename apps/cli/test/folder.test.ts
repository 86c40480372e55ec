/** --force: what an earlier run wrote into the folder is gone, what it did not write stays, and a run that is refused touches nothing. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { writeWhole } from "../src/folder.ts";
import { slowroll } from "./inProcess.ts";

const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-folder-"));
afterAll(() => rmSync(cwd, { recursive: true }));
const folder = path.join(cwd, "run");
const files = (): string[] => (readdirSync(folder, { recursive: true }) as string[]).sort();

const LATTICE = `
precision: float64
lattice: { dimensions: 2, points: 8 }
fluctuations: { kind: gaussian, spectrum: "1e-4" }
time: { step: 0.1, end: 1 }
observe: { spectraEvery: 5, slicesEvery: 5 }`;
const field = (input: string, ...more: string[]) =>
  slowroll(["field", "-", "--out", "run", "--quiet", ...more], { cwd, input });

it("names a run's report from the working folder, and by its whole path outside of it", async () => {
  const input = "time: { step: 0.1, end: 1 }";
  const within = await slowroll(["field", "-", "--out", "named"], { cwd, input });
  expect(within.out).toContain("report: named/report.html\n");
  mkdirSync(path.join(cwd, "else"));
  const outside = await slowroll(["field", "-", "--out", "../beside"], { cwd: path.join(cwd, "else"), input });
  expect(outside.out).toContain(`report: ${path.join(cwd, "beside", "report.html")}\n`);
});

it("writes small and large numbers of a config as readers of YAML 1.1 take them for numbers", async () => {
  const numbers = { a: 3e-7, b: -1.5e-7, c: 1e25, d: 0.5 };
  const input = `time: { step: 0.1, end: 1 }
field: { mean: 1, potential: { expression: "(a + b + c*0 + d)*phi^2", parameters: ${JSON.stringify(numbers)} } }`;
  expect((await slowroll(["field", "-", "--out", "numbers"], { cwd, input })).code).toBe(0);
  const text = readFileSync(path.join(cwd, "numbers", "config.yaml"), "utf8");
  // As PyYAML tells a float, whose exponent has a sign and stands after a point.
  const told = Array.from(text.matchAll(/^ +([a-d]): ([-+]?\d+\.\d*(?:e[-+]\d+)?)$/gm), ([, name, value]) => [
    name,
    value,
  ]);
  expect(told).toEqual([
    ["a", "3.0e-7"],
    ["b", "-1.5e-7"],
    ["c", "1.0e+25"],
    ["d", "0.5"],
  ]);
  expect((await slowroll(["field", "numbers/config.yaml", "--out", "again"], { cwd })).code).toBe(0);
  expect(readFileSync(path.join(cwd, "again", "config.yaml"), "utf8")).toBe(text);
});

it("says that a run that diverges has no state of its end to save", async () => {
  const input = `${LATTICE.replace("end: 1", "end: 10")}
field: { potential: { expression: "-phi^4" }, mean: 1 }`;
  const { code, error } = await slowroll(["field", "-", "--out", "diverged", "--save-final", "state"], { cwd, input });
  expect(code).toBe(4);
  expect(error).toContain("not saved: state, as the run has not come to its end\n");
  expect(existsSync(path.join(cwd, "state"))).toBe(false);
});

it("says in which units a sweep's table is where there are others", async () => {
  const input = `time: { step: 0.1, end: 1 }
sweep: { field.mean: [1, 2] }`;
  const units = "units: { fStar: 1.0e+18, omegaStar: 1.0e+13 }";
  const { out } = await slowroll(["field", "-", "--out", "units"], { cwd, input: `${input}\n${units}` });
  expect(out).toContain("values are in program units; the report has them in powers of GeV\n");
  expect((await slowroll(["field", "-", "--out", "bare"], { cwd, input })).out).not.toContain("program units");
});

it("leaves no part of a file that cannot be written whole", async () => {
  const file = path.join(cwd, "in-the-way");
  mkdirSync(path.join(file, "full"), { recursive: true });
  await expect(writeWhole(file, "text")).rejects.toMatchObject({ syscall: "rename" });
  expect(existsSync(`${file}.partial`)).toBe(false);
  await writeWhole(path.join(cwd, "free"), "text");
  expect(readFileSync(path.join(cwd, "free"), "utf8")).toBe("text");
});

it("--force leaves nothing of an earlier run", async () => {
  expect((await field(LATTICE, "--movie")).code).toBe(0);
  expect(files()).toEqual(expect.arrayContaining(["movie.gif", "plots/spectra.svg", "plots/slice.svg"]));
  // What a killed run leaves, and what is the user's own.
  const killed = ["checkpoint.h5", "points.jsonl", "result.json.partial", "plots/spectra.svg.partial"];
  for (const name of [...killed, "notes.txt", "plots/paper.pdf"]) writeFileSync(path.join(folder, name), "left");
  mkdirSync(path.join(folder, "talk"));
  const before = files();

  const refused = await field(`${LATTICE}\nfield: { potential: { expression: "sqrt(-phi)" }, mean: 1 }`, "--force");
  expect(refused.code).toBe(2);
  expect(files()).toEqual(before);

  const homogeneous = await field("field: { mean: 1 }\ntime: { step: 0.1, end: 1 }", "--force");
  expect(homogeneous.code, homogeneous.error).toBe(0);
  expect(files().filter((name) => !name.endsWith(".svg"))).toEqual(
    [
      "config.yaml",
      "log.jsonl",
      "notes.txt",
      "plots",
      "plots/paper.pdf",
      "report.html",
      "result.h5",
      "result.json",
      "talk",
    ].sort(),
  );
  expect(files()).toContain("plots/field.svg");
  expect(files()).not.toContain("plots/spectra.svg");
  expect(JSON.parse(readFileSync(path.join(folder, "result.json"), "utf8")).config.lattice).toBeUndefined();
});
