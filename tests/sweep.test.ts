/** A sweep's run as a whole: its folder and table, and that killed or interrupted at any moment it goes on to the same numbers. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readHdf5 } from "@slowroll/core/files/hdf5";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { slowroll as inProcess } from "../apps/cli/test/inProcess.ts";
import { bundledIn } from "./support/bundled.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-sweep-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (...names: string[]): string => path.join(folder, ...names);
/** Runs to their end are in this process, which loads the program once; with the same bits as in those that are killed. */
enableFusedMultiplyAdd();
const slowroll = async (...args: string[]) => {
  const { code, out, error } = await inProcess(args, { cwd: folder });
  return { status: code, stdout: out, stderr: error };
};
const bundled = bundledIn(at("box"));
const start = (...args: string[]): ChildProcess => spawn(process.execPath, [bundled, ...args], { cwd: folder });
const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.on("exit", (code) => resolve(code));
  });
const result = (name: string) => {
  const { engine, timings, sweep, ...rest } = JSON.parse(readFileSync(at(name, "result.json"), "utf8"));
  // How often it is saved, and what was left to be evolved took, are no matter of a run's numbers.
  delete rest.config.checkpoint;
  delete rest.memory;
  return { ...rest, sweep: sweep.map(({ engineSeconds, ...entry }: { engineSeconds: number }) => entry) };
};
const finished = (name: string): number =>
  existsSync(at(name, "points.jsonl")) ? readFileSync(at(name, "points.jsonl"), "utf8").split("\n").length - 2 : 0;

/** When a file of a run's folder was written; 0 where there is none. */
const writtenAt = (...names: string[]): number => statSync(at(...names), { throwIfNoEntry: false })?.mtimeMs ?? 0;

beforeAll(async () => {
  writeFileSync(
    at("config.yaml"),
    `
precision: float64
field: { fields: [phi, chi], potential: { expression: "phi^4/4 + q*phi^2*chi^2/2" }, mean: [1, 0.01] }
background: { kind: selfConsistent, planckMass: 0.42746 }
lattice: { dimensions: 3, points: 24, length: 8 }
fluctuations: { kind: planeWave, mode: [1, 1, 0], amplitude: 0.01 }
time: { alpha: 1, step: 0.001, end: 3, recordEvery: 500 }
observe: { spectraEvery: 1500 }
checkpoint: { everySeconds: 0.05 }
sweep: # the first two are evolved together
  - { field.potential.parameters.q: 20, background.planckMass: 0.42746 }
  - { field.potential.parameters.q: 50, background.planckMass: 0.42746 }
  - { field.potential.parameters.q: 100, background.planckMass: 0.5 }
`,
  );
  const { status, stdout, stderr } = await slowroll(
    "field",
    "config.yaml",
    "--out",
    "whole",
    "--set",
    "checkpoint.everySeconds=60",
    "--save-final",
    "states",
    "--quiet",
  );
  expect(stderr).not.toContain("slowroll:");
  expect(status).toBe(0);
  expect(stdout).toMatch(/q +│ planckMass +│ time +│ mean phi +│ mean chi +│ variance phi/);
  expect(stdout).toMatch(/│ 100 +│ 0.5 +│/);
  // The last point, by itself, takes less than the others together.
  expect(stderr.match(/^memory: .*$/gm)).toEqual([expect.stringMatching(/; 2 lattices at once$/)]);
});

describe("a sweep's folder", () => {
  it("has each point's numbers, figures of all, and nothing to go on from", async () => {
    const { sweep } = result("whole");
    expect(sweep.map(({ values }: { values: object }) => Object.values(values))).toEqual([
      [20, 0.42746],
      [50, 0.42746],
      [100, 0.5],
    ]);
    expect(readdirSync(at("whole")).sort()).toEqual(
      ["config.yaml", "log.jsonl", "plots", "report.html", "result.h5", "result.json"].sort(),
    );
    const figures = ["sweepConstraint", "sweepEnd", "sweepMean", "sweepSpectra", "sweepSpectra1", "sweepVariance"];
    expect(readdirSync(at("whole", "plots"))).toEqual(figures.map((name) => `${name}.svg`));
    expect(readFileSync(at("whole", "plots", "sweepVariance.svg"), "utf8")).toContain("q = 100");
    await readHdf5(at("whole", "result.h5"), (content) => {
      expect(content.names("sweep")).toEqual(["1", "2", "3"]);
      expect(content.attribute("field.potential.parameters.q", "sweep/2")).toBe(50);
      expect([...content.numbers("sweep/2/variance")]).toEqual(sweep[1].variance.flat());
      expect(content.shape("sweep/3/spectra/power")).toEqual([3, 2, sweep[2].spectra[0].k.length]);
    });
  });
  it("has a state of each point where it is asked for", async () => {
    expect(readdirSync(at("states"))).toEqual(["1", "2", "3"]);
    const { status, stderr } = await slowroll(
      "field",
      "config.yaml",
      "--set",
      "sweep={field.potential.parameters.q: [50]}",
      "--out",
      "one",
      "--set",
      "checkpoint.everySeconds=60",
      "--save-final",
      "one-state",
    );
    expect(status, stderr).toBe(0);
    for (const name of ["field-phi.f64", "momentum-chi.f64"])
      expect(readFileSync(at("one-state", "1", name)).equals(readFileSync(at("states", "2", name)))).toBe(true);
  });
});

/** Lets the run come to its end and compares it with the one that nothing disturbed. */
async function finish(name: string, ...args: string[]): Promise<void> {
  const { status, stderr } = await slowroll("field", "--out", name, "--resume", ...args);
  expect(stderr).not.toContain("slowroll:");
  expect(status).toBe(0);
  expect(result(name)).toEqual(result("whole"));
  expect(existsSync(at(name, "points.jsonl"))).toBe(false);
  expect(existsSync(at(name, "checkpoint.h5"))).toBe(false);
}

describe("a sweep", () => {
  it("interrupted keeps its finished points and the state of those that are evolved together", async () => {
    /** Goes on until `there`, and what it says when it is interrupted there. */
    const goOn = async (there: () => boolean, ...args: string[]): Promise<string> => {
      const child = start("field", ...args, "--out", "cut", "--save-final", "cut-states", "--quiet");
      let said = "";
      child.stderr!.on("data", (text) => {
        said += text;
      });
      while (child.exitCode === null && !there()) await sleep(5);
      child.kill("SIGINT");
      expect(await ended(child)).toBe(130);
      return said;
    };
    const early = await goOn(() => writtenAt("cut", "checkpoint.h5") > 0, "config.yaml");
    expect(early).toMatch(
      /kept: step \d+ of 2 points; to go on: slowroll field --out cut --resume --save-final cut-states\n/,
    );
    expect(finished("cut")).toBe(0);
    await readHdf5(at("cut", "checkpoint.h5"), (content) => {
      expect(content.shape("field").slice(0, 2)).toEqual([2, 2]);
      const configs = JSON.parse(content.attribute("config") as string);
      expect(configs.map(({ field }: { field: { potential: object } }) => field.potential)).toEqual(
        [20, 50].map((q) => ({ expression: "phi^4/4 + q*phi^2*chi^2/2", parameters: { q } })),
      );
    });
    // The points of the first job are finished, and a checkpoint later than that is of the second.
    const isInSecond = (): boolean =>
      finished("cut") === 2 && writtenAt("cut", "checkpoint.h5") > writtenAt("cut", "points.jsonl");
    const late = await goOn(isInSecond, "--resume");
    expect(late).toMatch(/kept: 2 of 3 points and step \d+ of the next; to go on: slowroll field --out cut --resume/);
    expect(result("cut").incomplete).toBe("interrupted");
    expect(result("cut").sweep).toEqual(result("whole").sweep.slice(0, 2));
    const elsewhere = await slowroll("field", "--out", "cut", "--resume", "--save-final", "elsewhere");
    expect(elsewhere.status).toBe(2);
    expect(elsewhere.stderr).toContain("--save-final: has no state of point 1");
    await finish("cut", "--save-final", "cut-states");
    for (const point of ["1", "2", "3"])
      for (const name of readdirSync(at("states", point)))
        expect(readFileSync(at("cut-states", point, name)).equals(readFileSync(at("states", point, name)))).toBe(true);
  });
  it("killed at several moments goes on to the same numbers each time", async () => {
    for (let kills = 0; kills < 4; kills++) {
      const going = existsSync(at("killed", "points.jsonl"));
      // To have begun is not enough: the list of points is written to then too.
      const [before, since] = [finished("killed"), writtenAt("killed", "checkpoint.h5")];
      const further = () => finished("killed") > before || writtenAt("killed", "checkpoint.h5") > since;
      const child = start(
        "field",
        ...(going ? [] : ["config.yaml"]),
        "--out",
        "killed",
        "--quiet",
        going ? "--resume" : "--force",
      );
      while (child.exitCode === null && !further()) await sleep(5);
      await sleep(60 * kills);
      if (child.exitCode === null) child.kill("SIGKILL");
      await ended(child);
      if (!existsSync(at("killed", "points.jsonl"))) break;
    }
    if (!existsSync(at("killed", "points.jsonl"))) {
      // It came to its end before it was killed.
      expect(result("killed")).toEqual(result("whole"));
      return;
    }
    // A line that was being written when the process ended.
    appendFileSync(at("killed", "points.jsonl"), '{"values": {"fie');
    await finish("killed");
  });
  it("of which some points diverge tells them apart, keeps the others, and exits 4", async () => {
    writeFileSync(
      at("diverging.yaml"),
      'time: { step: 0.1, end: 3 }\nfield: { potential: { expression: "g*phi^4" }, mean: 1 }\nbackground: { kind: static }\nsweep: { field.potential.parameters.g: [1, -1] }\n',
    );
    const table = await slowroll("field", "diverging.yaml", "--out", "diverging");
    expect(table.status).toBe(4);
    expect(table.stdout).toMatch(/│ -1 +│.*diverged at step \d+/);
    expect(table.stderr).toMatch(/^slowroll: sweep: 1 of 2 points diverged, the first at g = -1: /m);
    expect(result("diverging").sweep[1].error.code).toBe("diverged");
    const { status, stdout } = await slowroll("field", "diverging.yaml", "--json", "--out", "diverging-json");
    expect(status).toBe(4);
    const { error, sweep } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: "diverged", path: "sweep" });
    expect(sweep[0].times).toHaveLength(31);
  });
  it("interrupted after some points diverged goes on with the others, and writes their states", async () => {
    const config = {
      precision: "float64",
      background: { kind: "static" },
      field: { potential: { expression: "phi^2/2 - g*phi^4/4", parameters: { g: 0.1 } }, mean: 1 },
      lattice: { dimensions: 1, points: 16, length: 6 },
      fluctuations: { kind: "gaussian", spectrum: "0.0003", cutoff: 4 },
      time: { step: 0.01, end: 1000, recordEvery: 1000 },
      checkpoint: { everySeconds: 0.05 },
      // The first two points are one job, the others another.
      sweep: [
        ...[0.1, 1.2].map((g) => ({ "field.potential.parameters.g": g, "time.step": 0.01 })),
        ...[0.1, 1.2].map((g) => ({ "field.potential.parameters.g": g, "time.step": 0.001 })),
      ],
    };
    writeFileSync(at("beside.json"), JSON.stringify(config));
    const undisturbed = await slowroll("field", "beside.json", "--out", "beside", "--save-final", "beside-states");
    expect(undisturbed.status, undisturbed.stderr).toBe(4);
    const child = start("field", "beside.json", "--out", "beside-killed", "--quiet", "--save-final", "killed-states");
    while (child.exitCode === null && finished("beside-killed") < 2) await sleep(5);
    while (child.exitCode === null && !existsSync(at("beside-killed", "checkpoint.h5"))) await sleep(5);
    expect(child.exitCode).toBe(null);
    child.kill("SIGKILL");
    await ended(child);
    const resumed = await slowroll(
      "field",
      "--out",
      "beside-killed",
      "--resume",
      "--save-final",
      "killed-states",
      "--force",
    );
    expect(resumed.status, resumed.stderr).toBe(4);
    expect(result("beside-killed")).toEqual(result("beside"));
    expect(readdirSync(at("killed-states"))).toEqual(["1", "3"]);
  });
  it("writes nothing where a point is wrong", async () => {
    const { status, stderr } = await slowroll(
      "field",
      "config.yaml",
      "--set",
      "sweep={time.step: [0.1, 0]}",
      "--out",
      "wrong",
    );
    expect(status).toBe(2);
    expect(stderr).toBe("slowroll: sweep.time.step: point 2 (step = 0): must be above 0, not 0\n");
    expect(existsSync(at("wrong"))).toBe(false);
  });
  it("has no movie, and a damaged list of points is refused", async () => {
    const movie = await slowroll("field", "config.yaml", "--movie", "--out", "movie");
    expect(movie.stderr).toContain("--movie: shows one run");
    mkdirSync(at("damaged"));
    writeFileSync(at("damaged", "points.jsonl"), "{}\n");
    const { status, stderr } = await slowroll("field", "--out", "damaged", "--resume");
    expect(status).toBe(2);
    expect(stderr).toContain("is damaged");
    // Killed between a point and the next one's first checkpoint, a folder has the points alone.
    expect((await slowroll("field", "config.yaml", "--out", "damaged")).stderr).toContain("or --resume to go on");
  });
});
