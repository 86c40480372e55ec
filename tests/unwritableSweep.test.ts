/** A disk that takes no more while a sweep runs: it goes on, keeps the points that it can, and gone on with has all of them. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { slowroll as inProcess } from "../apps/cli/test/inProcess.ts";
import { at, cwd, LATTICE, lines, refuseLines, refuseWhole, resultOf, run } from "./support/fullDisk.ts";

const SWEEP = `${LATTICE.replace("end: 30", "end: 20")}
sweep: # one after another
  - { background.planckMass: 0.4, time.step: 0.001 }
  - { background.planckMass: 0.5, time.step: 0.0008 }
  - { background.planckMass: 0.6, time.step: 0.0005 }
`;

beforeAll(async () => {
  const { code, error } = await run(SWEEP, "whole-sweep", ["--save-final", "whole-sweep-state"]);
  expect(code, error).toBe(0);
});

describe("a sweep", () => {
  const STATES = ["1", "2", "3"].flatMap((point) =>
    ["field.f64", "momentum.f64"].map((name) => [point, name] as const),
  );

  it("whose points cannot be kept goes on, and keeps them once it can", async () => {
    let full = true;
    refuseLines("points.jsonl", () => full);
    let lastKept = "";
    const { code, error } = await run(SWEEP, "points", [], (text) => {
      if (!text.startsWith("warning: not kept")) return;
      lastKept = fs.readFileSync(at("points", "points.jsonl"), "utf8");
      full = false;
    });
    expect(code, error).toBe(0);
    // The list had its head, and of the first point the half that the disk took.
    expect(lastKept.split("\n")).toHaveLength(2);
    expect(lines(error, "warning: ")).toEqual([
      expect.stringMatching(
        /^warning: not kept: 1 of 3 points: .*points\.jsonl cannot be written: the disk is full; kept before: step \d+; free some space: the run goes on and tries again with the next point$/,
      ),
    ]);
    expect(resultOf("points")).toEqual(resultOf("whole-sweep"));
    expect(fs.readdirSync(at("points"))).toEqual(fs.readdirSync(at("whole-sweep")));
  });

  it("interrupted while they cannot, names those that are, and goes on to the same results", async () => {
    let appended = 0;
    refuseLines("points.jsonl", () => ++appended > 1);
    const { code, error } = await run(SWEEP, "points-cut", [], (text, interrupt) => {
      if (text.startsWith("warning: not kept")) interrupt();
    });
    expect(code).toBe(130);
    expect(error).toMatch(
      /^not kept: .*points\.jsonl cannot be written: the disk is full; kept before: 1 of 3 points(?: and step \d+ of the next)?; to go on from there: slowroll field --out points-cut --resume --engine cpu$/m,
    );
    vi.restoreAllMocks();
    syncBuiltinESMExports();
    const resumed = await run("", "points-cut", ["--resume"]);
    expect(resumed.code, resumed.error).toBe(0);
    expect(resultOf("points-cut")).toEqual(resultOf("whole-sweep"));
  });

  it("whose list is gone writes it anew, with all points", async () => {
    let removed = false;
    const asked = refuseWhole("checkpoint.h5", () => {
      const list = at("list", "points.jsonl");
      if (removed || fs.readFileSync(list, "utf8").split("\n").length < 3) return undefined;
      removed = true;
      fs.rmSync(at("list"), { recursive: true });
      return "ENOENT";
    });
    const { code } = await run(SWEEP, "list", [], (text, interrupt) => {
      if (text.startsWith("warning: not kept")) interrupt();
    });
    expect(asked()).toBeGreaterThan(1);
    expect(code).toBe(130);
    expect(fs.readFileSync(at("list", "points.jsonl"), "utf8").split("\n")).toHaveLength(3);
    const resumed = await run("", "list", ["--resume"]);
    expect(resumed.code, resumed.error).toBe(0);
    expect(resultOf("list")).toEqual(resultOf("whole-sweep"));
  });

  it("whose checkpoints cannot be written names its points alone", async () => {
    refuseWhole("checkpoint.h5", () =>
      fs.readFileSync(at("alone", "points.jsonl"), "utf8").split("\n").length > 2 ? "EDQUOT" : undefined,
    );
    const { code, error } = await run(SWEEP, "alone", [], (text, interrupt) => {
      if (text.startsWith("warning: not kept")) interrupt();
    });
    expect(code).toBe(130);
    expect(error).toMatch(
      /^not kept: step \d+ of the next: .*checkpoint\.h5 cannot be written: the quota on its disk is used up; kept before: 1 of 3 points; to go on from there: /m,
    );
    vi.restoreAllMocks();
    expect((await run("", "alone", ["--resume"])).code).toBe(0);
    expect(resultOf("alone")).toEqual(resultOf("whole-sweep"));
  });

  it("that cannot save a point's state ends with 2, and gone on with saves it", async () => {
    fs.mkdirSync(at("states"));
    const { code, error } = await run(SWEEP, "states-run", ["--save-final", "states"], (text) => {
      if (text.startsWith("engine: ")) fs.writeFileSync(at("states", "2"), "in the way");
    });
    expect(code).toBe(2);
    expect(error).toMatch(/^warning: the state of point 2 is not saved: .* that is no folder.*; the sweep goes on$/m);
    expect(error).toMatch(/^slowroll: --save-final: .*states\/2 cannot be written: /m);
    const [, again] = /^kept: 2 of 3 points; to go on from there and write what is not: slowroll (.*)$/m.exec(error)!;
    expect(resultOf("states-run")).toEqual(resultOf("whole-sweep"));
    fs.rmSync(at("states", "2"));
    const resumed = await inProcess(again!.split(" "), { cwd });
    expect(resumed.code, resumed.error).toBe(0);
    for (const names of STATES)
      expect(fs.readFileSync(at("states", ...names)).equals(fs.readFileSync(at("whole-sweep-state", ...names)))).toBe(
        true,
      );
    expect(resultOf("states-run")).toEqual(resultOf("whole-sweep"));
  });
});
