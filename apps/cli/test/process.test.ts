/** The program as a process: streams, signals, exit codes, files, and that it ends by itself. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { afterAll, describe, expect, it } from "vitest";
import { slowroll as inProcess } from "./inProcess.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const program = path.join(root, "apps/cli/bin/slowroll.mjs");
const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-process-"));
afterAll(() => rmSync(cwd, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/**
 * Runs the program; `onError` and, once it reads its input, `onRead` may act on it, `closeOutput` closes its standard output at the first byte. Of a `terminal` a signal reaches all
 * processes that the program has started too, as Ctrl-C does, and no translated source is left from earlier runs.
 */
function slowroll(
  argv: string[],
  {
    input = "",
    onError,
    onRead,
    closeOutput = false,
    terminal = false,
  }: {
    input?: string;
    onError?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
    onRead?: (kill: (signal: NodeJS.Signals) => void) => void;
    closeOutput?: boolean;
    terminal?: boolean;
  } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const env = terminal ? { ...process.env, TMPDIR: mkdtempSync(path.join(cwd, "temporary-")) } : process.env;
    const child = spawn(process.execPath, [program, ...argv], { cwd, env, detached: terminal });
    const kill = (signal: NodeJS.Signals) => (terminal ? process.kill(-child.pid!, signal) : child.kill(signal));
    let out = "";
    let error = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk;
    });
    if (closeOutput) child.stdout.destroy();
    child.stderr.on("data", (chunk: Buffer) => {
      error += chunk;
      onError?.(error, kill);
    });
    child.on("close", (code) => resolve({ code, out, error }));
    child.stdin.on("error", () => {});
    // Of an input larger than a pipe holds, the last of it is gone once the program reads.
    child.stdin.write(input, () => {
      onRead?.(kill);
      child.stdin.end();
    });
  });
}

/** In this process the same bits as in those of the program. */
enableFusedMultiplyAdd();

const SMALL = "network: { width: 32 }\ntraining: { steps: 10 }\nensemble: { size: 8 }";
const lastLine = (text: string): string => text.trimEnd().split("\n").pop()!;

describe("the process", () => {
  it("says what the contract asks of --help and --version, and ends with 3 where there is no such engine", async () => {
    const help = await slowroll(["--help"]);
    expect(help.code).toBe(0);
    for (const command of ["doctor", "kernel", "network", "field", "duality", "potential", "report"])
      expect(help.out).toContain(command);
    expect((await slowroll(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    const named = await slowroll(["network", "-", "--adapter", "nothing of that name"], { input: SMALL });
    expect(named.code).toBe(3);
  });

  it("prints one JSON document and writes a run's folder that runs again to the same numbers", async () => {
    const threads = Math.min(2, os.availableParallelism());
    const first = await slowroll(["network", "-", "--json", "--threads", `${threads}`, "--out", "run"], {
      input: SMALL,
    });
    expect(first.code).toBe(0);
    const document = JSON.parse(first.out);
    expect(Object.keys(document)).toEqual(
      expect.arrayContaining([
        "command",
        "version",
        "config",
        "engine",
        "timings",
        "eta",
        "times",
        "mean",
        "std",
        "loss",
        "covarianceInitial",
        "covarianceFinal",
        "kernelInitial",
        "kernelFinal",
        "kernelFluctuation",
        "kernelDrift",
        "theory",
      ]),
    );
    expect(document.engine).toMatchObject({ kind: "cpu", backend: "wasm", precision: "float32", threads });
    expect(document.timings.totalSeconds).toBeGreaterThan(document.timings.engineSeconds);
    expect(first.error).toMatch(
      /^engine: cpu on .*[12] threads?.*\nmemory: [\d.]+ kB \(weights .*batches of \d+ networks\n/,
    );
    expect(document.memory.bytes).toBeGreaterThan(document.memory.parts.weights);
    expect(document.memory.batch).toBeGreaterThan(0);
    const folder = path.join(cwd, "run");
    expect(readdirSync(folder).sort()).toEqual(["config.yaml", "log.jsonl", "plots", "report.html", "result.json"]);
    for (const line of readFileSync(path.join(folder, "log.jsonl"), "utf8").trim().split("\n")) JSON.parse(line);
    const again = await inProcess(["network", "run/config.yaml", "--json", "--threads", "1", "--out", "again"], {
      cwd,
    });
    expect(JSON.parse(again.out).mean).toEqual(document.mean);
    const report = readFileSync(path.join(folder, "report.html"), "utf8");
    expect(report).not.toMatch(/(src|href)="https?:/);
    rmSync(path.join(folder, "report.html"));
    // In a process of its own: the names that a figure's parts are given count up.
    expect((await slowroll(["report", "run"])).code).toBe(0);
    expect(readFileSync(path.join(folder, "report.html"), "utf8")).toBe(report);
  });

  it("ends quietly with 0 where nobody reads its output", async () => {
    const { code, error } = await slowroll(["kernel", "--json"], { closeOutput: true });
    expect(code).toBe(0);
    expect(error).not.toContain("EPIPE");
  });

  it("says in one line that its output cannot be written", () => {
    // Open for reading alone, on any machine: a write fails as it does on a full disk.
    const unwritable = openSync(program, "r");
    try {
      const { status, stderr } = spawnSync(process.execPath, [program, "potential", "list"], {
        cwd,
        encoding: "utf8",
        stdio: ["ignore", unwritable, "pipe"],
      });
      expect(status).toBe(2);
      expect(stderr).toMatch(/^slowroll: standard output: cannot be written: EBADF.*\n$/);
    } finally {
      closeSync(unwritable);
    }
  });

  // `timeout` signals the process and then its group, that is the process again.
  it.each([1, 2])("keeps a lattice's state when a batch system ends it with %i signals at a time", async (signals) => {
    let killed = false;
    const folder = `ended-${signals}`;
    const input =
      "lattice: { points: 32 }\nfluctuations: { kind: vacuum }\nfield: { potential: quartic, mean: 1 }\ntime: { step: 0.0001, end: 100 }";
    const { code, error } = await slowroll(["field", "-", "--engine", "cpu", "--out", folder], {
      input,
      onError: (text, kill) => {
        if (killed || !text.includes("site updates/s")) return;
        killed = true;
        for (let signal = 0; signal < signals; signal++) setTimeout(() => kill("SIGTERM"), 20 * signal);
      },
    });
    expect(code).toBe(130);
    expect(error).toMatch(/kept: step \d+; to go on: /);
    expect(existsSync(path.join(cwd, folder, "checkpoint.h5"))).toBe(true);
  });

  it.each([
    ["webgpu", ["--adapter", "software"], 64],
    ["cpu", ["--engine", "cpu"], 3000],
  ])("ends with 130 when interrupted, keeping finished sections: %s", async (engine, choice, size) => {
    // A second interrupt would end the process at once.
    let killed = false;
    const input = `network: { width: 512 }\ntraining: { steps: 50 }\nensemble: { size: ${size} }\nduality: { widths: [1024, 4096, 8192] }`;
    const out = `interrupted-${engine}`;
    const { code, error } = await slowroll(["duality", "-", ...choice, "--out", out], {
      input,
      // The scaling's own unit of progress shows that the background is finished.
      onError: (text, kill) => {
        if (!killed && text.includes("unit steps")) {
          killed = true;
          kill("SIGINT");
        }
      },
    });
    expect(code).toBe(130);
    expect(lastLine(error)).toContain("interrupted");
    const kept = JSON.parse(readFileSync(path.join(cwd, out, "result.json"), "utf8"));
    expect(kept.background.errors.exact).toBeLessThan(1e-9);
    expect(kept.scaling).toBeUndefined();
  });

  it("keeps what is done when a terminal interrupts every process that it has started", async () => {
    const input =
      "lattice: { dimensions: 1, points: 512, length: 512 }\nbackground: { kind: static }\nfluctuations: { kind: planeWave, mode: [1] }\ntime: { step: 0.01, end: 1e5, recordEvery: 1000 }";
    let killed = false;
    const { code, error } = await slowroll(["field", "-", "--engine", "cpu", "--threads", "1", "--out", "terminal"], {
      input,
      terminal: true,
      onError: (text, kill) => {
        if (killed || !text.includes("engine:")) return;
        killed = true;
        kill("SIGINT");
      },
    });
    expect(error).toContain("slowroll field --out terminal --resume");
    expect(code).toBe(130);
    expect(readdirSync(path.join(cwd, "terminal")).sort()).toEqual([
      "checkpoint.h5",
      "config.yaml",
      "log.jsonl",
      "plots",
      "report.html",
      "result.h5",
      "result.json",
    ]);
  });

  it("says that it was interrupted where a terminal does so before all of it is loaded", async () => {
    const { code, out, error } = await slowroll(["network", "-"], {
      input: `${SMALL}\n${"# filling\n".repeat(1e5)}`,
      terminal: true,
      onRead: (kill) => kill("SIGINT"),
    });
    expect(error).toBe("slowroll: interrupted\n");
    expect(out).toBe("");
    expect(code).toBe(130);
  });

  it("doctor tells of adapters, limits and the choice", async () => {
    const { code, out } = await slowroll(["doctor", "--json"]);
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report.chosen.kind).toBe("cpu");
    expect(report.cpu.threads).toBeGreaterThan(0);
    const software = report.adapters.find(({ choice }: { choice: string }) => choice === "software");
    expect(software.limits.maxStorageBufferBindingSize).toBeGreaterThan(2 ** 27);
    expect(software.timestampSeconds).toBeLessThan(1e-5);
  });
});
