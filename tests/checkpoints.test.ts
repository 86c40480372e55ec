/** A lattice run that is killed or interrupted at any moment goes on, with --resume, to the same bits; and what is told where it cannot. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { uniforms } from "@slowroll/core/random/normal";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { slowroll as inProcess } from "../apps/cli/test/inProcess.ts";
import { bundledIn } from "./support/bundled.ts";

const root = path.resolve(import.meta.dirname, "..");
const program = path.join(root, "apps/cli/bin/slowroll.mjs");
const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-checkpoints-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = path.join(folder, "config.yaml");
const whole = path.join(folder, "whole");
const run = path.join(folder, "run");
const checkpoint = path.join(run, "checkpoint.h5");
const ARRAYS = ["phi", "chi"].flatMap((name) => [`field-${name}.f64`, `momentum-${name}.f64`]);
/** Steps from one record to the next. */
const RECORD_EVERY = 500;

/** Runs to their end are in this process, which loads the program once; with the same bits as in those that are killed. */
enableFusedMultiplyAdd();
const slowroll = async (...args: string[]) => {
  const { code, out, error } = await inProcess(args, { cwd: folder });
  return { status: code, stdout: out, stderr: error };
};
const bundled = bundledIn(path.join(folder, "box"));
const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [bundled, ...args], { cwd: folder, stdio: "ignore" });
const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.on("exit", (code) => resolve(code));
  });

/** Waits until the file is newer than `since`, or the process is gone. */
async function written(file: string, since: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && !(existsSync(file) && statSync(file).mtimeMs > since)) await sleep(5);
}

beforeAll(async () => {
  writeFileSync(
    config,
    JSON.stringify({
      precision: "float64",
      background: { kind: "selfConsistent", planckMass: 0.42746 },
      field: {
        fields: ["phi", "chi"],
        potential: { expression: "phi^4/4 + q*phi^2*chi^2/2", parameters: { q: 100 } },
        mean: [1, 0.01],
        velocity: [-0.5, 0],
      },
      lattice: { dimensions: 3, points: 16, length: 8 },
      fluctuations: { kind: "planeWave", mode: [1, 1, 0], amplitude: 0.01 },
      time: { alpha: 1, step: 0.001, end: 15, recordEvery: RECORD_EVERY },
      checkpoint: { everySeconds: 0.1 },
    }),
  );
  const { status, stderr } = await slowroll(
    "field",
    config,
    "--out",
    path.join(folder, "first"),
    "--save-final",
    whole,
  );
  expect(stderr).not.toContain("slowroll:");
  expect(status).toBe(0);
});

/** Lets the run in its folder come to its end and compares it with the one that nothing disturbed. */
async function finish(): Promise<void> {
  const last = path.join(folder, "last");
  const { status, stderr } = await slowroll("field", "--out", run, "--resume", "--save-final", last, "--force");
  expect(stderr).not.toContain("slowroll:");
  expect(status).toBe(0);
  for (const name of ARRAYS)
    expect(readFileSync(path.join(last, name)).equals(readFileSync(path.join(whole, name)))).toBe(true);
  const result = (at: string) => {
    const { engine, timings, ...rest } = JSON.parse(readFileSync(path.join(at, "result.json"), "utf8"));
    return rest;
  };
  expect(result(run)).toEqual(result(path.join(folder, "first")));
  expect(existsSync(checkpoint)).toBe(false);
  rmSync(run, { recursive: true });
}

describe("a run", () => {
  it("killed at twenty random moments goes on to the same bits each time", async () => {
    const moment = uniforms(5, 0);
    let kills = 0;
    while (kills < 20) {
      const resuming = existsSync(checkpoint);
      const since = resuming ? statSync(checkpoint).mtimeMs : 0;
      const child = start(
        "field",
        ...(resuming ? [] : [config]),
        "--out",
        run,
        "--quiet",
        ...(resuming ? ["--resume"] : ["--force"]),
      );
      await written(checkpoint, since, child);
      await sleep(400 * moment());
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        kills++;
      }
      await ended(child);
      // A run may have come to its end before it was killed; a new one then begins.
      if (!existsSync(checkpoint)) rmSync(run, { recursive: true, force: true });
      else if (kills % 7 === 0) await finish();
    }
    if (existsSync(checkpoint)) await finish();
  });

  it("interrupted keeps its state and says how to go on", async () => {
    const child = spawn(
      process.execPath,
      [program, "field", config, "--out", run, "--quiet", "--save-final", "last state", "--engine", "cpu"],
      { cwd: folder },
    );
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    await written(checkpoint, 0, child);
    child.kill("SIGINT");
    expect(await ended(child)).toBe(130);
    expect(said).toMatch(
      /kept: step \d+; to go on: slowroll field --out run --resume --save-final 'last state' --engine cpu\n/,
    );
    const step = Number(/kept: step (\d+)/.exec(said)![1]);
    // What was recorded until then is that of the whole run, and so is what its file and report show of it.
    const { incomplete, alphaTimes, mean } = JSON.parse(readFileSync(path.join(run, "result.json"), "utf8"));
    const undisturbed = JSON.parse(readFileSync(path.join(folder, "first", "result.json"), "utf8"));
    expect(incomplete).toBe(`interrupted at step ${step}`);
    expect(alphaTimes.length).toBe(Math.floor(step / RECORD_EVERY) + 1);
    expect(alphaTimes).toEqual(undisturbed.alphaTimes.slice(0, alphaTimes.length));
    expect(mean).toEqual(undisturbed.mean.slice(0, mean.length));
    expect(readFileSync(path.join(run, "report.html"), "utf8")).toContain(`incomplete: interrupted at step ${step}`);
    for (const name of ["result.h5", "config.yaml"]) expect(existsSync(path.join(run, name))).toBe(true);
    // Found anew, the folder is not taken for a finished run.
    const { status, stderr } = await slowroll("field", config, "--out", run);
    expect(status).toBe(2);
    expect(stderr).toContain("--resume to go on");
    await finish();
  });
});

describe("--resume", () => {
  it.each([
    ["without a folder", ["--resume"], "--resume: needs the run's folder"],
    ["with a config", [config, "--out", "first", "--resume"], "leave out CONFIG and --set"],
    ["where nothing is left to do", ["--out", "first", "--resume"], "has no checkpoint.h5"],
    ["of a folder that is not there", ["--out", "nowhere", "--resume"], "nowhere is not there"],
    ["from what is no checkpoint", ["--out", "broken", "--resume"], "broken"],
  ])("%s is refused", async (_name, args, message) => {
    const broken = path.join(folder, "broken");
    if (!existsSync(broken)) {
      mkdirSync(broken);
      writeFileSync(path.join(broken, "checkpoint.h5"), "no HDF5");
    }
    const { status, stderr } = await slowroll("field", ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n").length).toBe(1);
  });
});
