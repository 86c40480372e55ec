/** A disk that takes no more: a run goes on, keeps what it has kept, says what it could not, and tells its results where it can. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { readCheckpoint } from "@slowroll/core/files/checkpoint";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { slowroll as inProcess } from "../apps/cli/test/inProcess.ts";
import { at, cwd, failing, LATTICE, lines, refuseWhole, resultOf, run } from "./support/fullDisk.ts";

beforeAll(async () => {
  const { code, error } = await run(LATTICE, "whole", ["--save-final", "whole-state"]);
  expect(code, error).toBe(0);
});

describe("a run whose checkpoints cannot be written", () => {
  it("goes on to the same results, warns of each cause once and tries again each time", async () => {
    const asked = refuseWhole("checkpoint.h5", () => (asked() % 2 === 0 ? "ENOSPC" : "EACCES"));
    const { code, error } = await run(LATTICE, "warned");
    expect(code, error).toBe(0);
    expect(asked()).toBeGreaterThan(2);
    const warnings = lines(error, "warning: ");
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(
      /^warning: not kept: step \d+: .*warned\/checkpoint\.h5 cannot be written: the disk is full; nothing is kept to go on from; free some space: the run goes on and tries again in 0\.05 s$/,
    );
    expect(warnings[1]).toContain(
      "checkpoint.h5 cannot be written: no permission; nothing is kept to go on from; allow it: ",
    );
    expect(resultOf("warned")).toEqual(resultOf("whole"));
    expect(fs.readFileSync(at("warned", "log.jsonl"), "utf8")).toContain("not kept: step");
    expect(fs.readdirSync(at("warned"))).not.toContain("checkpoint.h5.partial");
  });

  it("interrupted then, says what the last good one is of, which goes on to the same results", async () => {
    let good = 0;
    refuseWhole("checkpoint.h5", () => (good++ < 2 ? undefined : "ENOSPC"));
    const { code, error } = await run(LATTICE, "stays", ["--save-final", "a state"], (text, interrupt) => {
      if (text.startsWith("warning: not kept")) interrupt();
    });
    expect(code).toBe(130);
    const [, lost, kept] =
      /^not kept: step (\d+): .*checkpoint\.h5 cannot be written: the disk is full; kept before: step (\d+); to go on from there: slowroll field --out stays --resume --save-final 'a state' --engine cpu$/m.exec(
        error,
      )!;
    expect(Number(lost)).toBeGreaterThan(Number(kept));
    expect(error).not.toMatch(/^kept: step/m);
    expect((await readCheckpoint(at("stays", "checkpoint.h5"))).step).toBe(Number(kept));
    expect(resultOf("stays")).toMatchObject({ incomplete: `interrupted at step ${lost}` });
    vi.restoreAllMocks();
    const resumed = await run("", "stays", ["--resume", "--save-final", "a state"]);
    expect(resumed.code, resumed.error).toBe(0);
    expect(resultOf("stays")).toEqual(resultOf("whole"));
    for (const name of ["field.f64", "momentum.f64"])
      expect(fs.readFileSync(at("a state", name)).equals(fs.readFileSync(at("whole-state", name)))).toBe(true);
  });

  it("interrupted with none kept, prints no command; gone on with, knows what it has gone on from", async () => {
    let full = true;
    refuseWhole("checkpoint.h5", () => (full ? "EROFS" : undefined));
    const stop = (text: string, interrupt: () => void): void => {
      if (text.startsWith("warning: not kept")) interrupt();
    };
    const none = await run(LATTICE, "none", [], stop);
    expect(none.code).toBe(130);
    expect(none.error).toMatch(/^not kept: step \d+: .*file system is read-only; nothing is kept to go on from$/m);
    expect(none.error).not.toContain("--resume");
    expect(fs.existsSync(at("none", "checkpoint.h5"))).toBe(false);

    // Mended while it runs, all is as if nothing had been.
    const mended = await run(LATTICE, "mended", [], (text, interrupt) => {
      if (!text.startsWith("warning: not kept")) return;
      full = false;
      interrupt();
    });
    expect(mended.code).toBe(130);
    const [, step] = /^kept: step (\d+); to go on: slowroll field --out mended --resume/m.exec(mended.error)!;
    full = true;
    const again = await run("", "mended", ["--resume"], stop);
    expect(again.code).toBe(130);
    expect(again.error).toMatch(new RegExp(`^not kept: step \\d+: .*; kept before: step ${step}; to go on from`, "m"));
    // Once what was kept is gone too, nothing is.
    const gone = await run("", "mended", ["--resume"], (text, interrupt) => {
      if (!text.startsWith("warning: not kept")) return;
      fs.rmSync(at("mended", "checkpoint.h5"));
      interrupt();
    });
    expect(gone.error).toMatch(/^not kept: .*; nothing is kept to go on from$/m);
  });

  it("makes its folder anew where someone has removed it", async () => {
    let removed = false;
    const asked = refuseWhole("checkpoint.h5", () => {
      if (asked() < 1 || removed) return undefined;
      removed = true;
      fs.rmSync(at("removed"), { recursive: true });
      return "ENOENT";
    });
    const { code, error } = await run(LATTICE, "removed");
    expect(code, error).toBe(0);
    expect(lines(error, "warning: ")).toHaveLength(1);
    expect(error).toContain("no folder is there; nothing is kept to go on from; make it: the run goes on");
    expect(resultOf("removed")).toEqual(resultOf("whole"));
  });
});

/** Puts a file where a run's folder would be, once nothing is refused any more. */
const inTheWay =
  (...names: string[]) =>
  (text: string): void => {
    if (text.startsWith("memory: ")) for (const name of names) fs.writeFileSync(at(name), "in the way");
  };

describe("results that cannot be written", () => {
  it("are printed, with what went wrong, and exit 2", async () => {
    const table = await run(LATTICE, "blocked", [], inTheWay("blocked"));
    expect(table.code).toBe(2);
    expect(table.out).toMatch(/│ mean +│ 1\.00000 +│/);
    expect(table.out).not.toContain("report:");
    expect(lines(table.error, "warning: ")).toHaveLength(1);
    expect(lines(table.error, "slowroll: ")).toEqual([
      `slowroll: --out: ${at("blocked")} cannot be written: it is, or lies in, a file that is no folder; move that file or choose another folder`,
    ]);
    const json = await run(LATTICE, "blocked too", ["--json"], inTheWay("blocked too"));
    expect(json.code).toBe(2);
    const { error, mean } = JSON.parse(json.out);
    expect(error).toMatchObject({ code: "badInput", path: "--out" });
    expect(mean).toEqual((resultOf("whole") as { mean: number[] }).mean);
  });

  it("where another run has written meanwhile are printed, and the other's stay", async () => {
    const theirs = ["checkpoint.h5.partial", "result.json"];
    const { code, out, error } = await run(LATTICE, "shared", [], (text) => {
      if (!text.startsWith("memory: ")) return;
      fs.mkdirSync(at("shared"));
      for (const name of theirs) fs.writeFileSync(at("shared", name), "another run's");
    });
    expect(code).toBe(2);
    expect(out).toMatch(/│ mean +│ 1\.00000 +│/);
    const why = `${at("shared")} cannot be written: another run has written into it since this one began`;
    expect(lines(error, "warning: ")).toEqual([
      expect.stringMatching(/^warning: not kept: step \d+: .*; move what is there: the run goes on and tries again/),
    ]);
    expect(lines(error, "slowroll: ")).toEqual([
      `slowroll: --out: ${why}; move what is there or choose another folder`,
    ]);
    expect(fs.readdirSync(at("shared"))).toEqual(theirs);
    for (const name of theirs) expect(fs.readFileSync(at("shared", name), "utf8")).toBe("another run's");
  });

  it("of a run that was interrupted, too", async () => {
    const { code, out, error } = await run(LATTICE, "cut", ["--json"], (text, interrupt) => {
      inTheWay("cut")(text);
      if (text.startsWith("warning: not kept")) interrupt();
    });
    expect(code).toBe(130);
    expect(error).toMatch(/^not kept: step \d+: .*; nothing is kept to go on from$/m);
    expect(lines(error, "slowroll: ")).toHaveLength(2);
    const document = JSON.parse(out);
    expect(document).toMatchObject({
      error: { code: "interrupted" },
      incomplete: expect.stringMatching(/at step \d+/),
    });
    expect(document.mean[0]).toBe((resultOf("whole") as { mean: number[] }).mean[0]);
  });

  it("leave those files that there is room for", async () => {
    let full = true;
    refuseWhole("result.h5", () => (full ? "ENOSPC" : undefined));
    const { code, error } = await run(LATTICE, "partly");
    expect(code).toBe(2);
    expect(error).toMatch(/^slowroll: .*partly\/result\.h5 cannot be written: the disk is full/m);
    // What it was kept in is there still, to write them all once there is room.
    const again = /^kept: step \d+; to go on from there and write what is not: slowroll (.*)$/m.exec(error)![1]!;
    expect(resultOf("partly")).toEqual(resultOf("whole"));
    expect(fs.existsSync(at("partly", "report.html"))).toBe(true);
    full = false;
    expect((await inProcess(again.split(" "), { cwd })).code).toBe(0);
    expect(fs.readdirSync(at("partly"))).toEqual(fs.readdirSync(at("whole")));
  });

  it("or a final state, leave the others", async () => {
    const { code, error, out } = await run(LATTICE, "stateless", ["--save-final", "no-state"], inTheWay("no-state"));
    expect(code).toBe(2);
    expect(out).toContain("report: ");
    expect(error).toMatch(/^slowroll: --save-final: .*no-state cannot be written: .* that is no folder/m);
    expect(resultOf("stateless")).toEqual(resultOf("whole"));
    const [, again] = /to go on from there and write what is not: slowroll (.*)/.exec(error)!;
    fs.rmSync(at("no-state"));
    expect((await inProcess(again!.split(" "), { cwd })).code).toBe(0);
    expect(fs.readFileSync(at("no-state", "field.f64")).equals(fs.readFileSync(at("whole-state", "field.f64")))).toBe(
      true,
    );
  });

  it("or networks' trajectories while they are trained, end no training", async () => {
    const { appendFileSync } = fs;
    let appended = 0;
    // The header finds room.
    vi.spyOn(fs, "appendFileSync").mockImplementation((...call) =>
      ++appended > 1 ? failing("ENOSPC") : appendFileSync(...call),
    );
    const { code, out, error } = await inProcess(
      ["network", "-", "--json", "--out", "trained", "--save-trajectories", "part.npy", "--engine", "cpu"],
      { cwd, input: "{ network: { width: 16 }, training: { steps: 2 }, ensemble: { size: 4 } }" },
    );
    expect(appended).toBe(2);
    expect(code).toBe(2);
    expect(lines(error, "warning: ")).toEqual([
      `warning: ${at("part.npy")} cannot be written: the disk is full; free some space or name a file in another folder: the run goes on without it`,
    ]);
    expect(lines(error, "slowroll: --save-trajectories: ")).toHaveLength(1);
    const { mean, error: told } = JSON.parse(out);
    expect(mean).toHaveLength(3);
    expect(told).toMatchObject({ path: "--save-trajectories" });
    expect(fs.existsSync(at("trained", "result.json"))).toBe(true);
    expect(fs.readdirSync(cwd).filter((name) => name.startsWith("part.npy"))).toEqual([]);
  });

  it("or networks' trajectories, leave the others", async () => {
    refuseWhole("t.npy", () => "ENOSPC");
    const { code, out, error } = await inProcess(
      ["network", "-", "--json", "--out", "network", "--save-trajectories", "t.npy", "--engine", "cpu"],
      { cwd, input: "{ network: { width: 16 }, training: { steps: 4 }, ensemble: { size: 4 } }" },
    );
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ command: "network", error: { path: "--save-trajectories" } });
    expect(error).toContain(
      "t.npy cannot be written: the disk is full; free some space or name a file in another folder",
    );
    expect(fs.existsSync(at("network", "result.json"))).toBe(true);
    expect(fs.readdirSync(cwd)).not.toContain("t.npy.partial");
  });
});

describe("a plot", () => {
  it("that may not be so large leaves the one before it as it was", () => {
    fs.writeFileSync(at("plot.svg"), "before");
    const bin = path.resolve(import.meta.dirname, "../apps/cli/bin/slowroll.mjs");
    const plot = `ulimit -f 4; "${process.execPath}" "${bin}" potential plot quartic --out plot.svg --force`;
    const { status, stderr } = spawnSync("sh", ["-c", plot], { cwd, encoding: "utf8" });
    expect(stderr).toMatch(
      /^slowroll: --out: .*plot\.svg cannot be written: the file would be larger than .*; raise that limit \(ulimit -f\) or choose another file\n$/,
    );
    expect(status).toBe(2);
    expect(fs.readFileSync(at("plot.svg"), "utf8")).toBe("before");
    expect(fs.existsSync(at("plot.svg.partial"))).toBe(false);
  });
});
