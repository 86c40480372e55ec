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

/** What no process shows better: it is loaded once here. */
describe("the program", () => {
  it("has no engine of float64 on WebGPU", async () => {
    const { code, out } = await inProcess(
      ["network", "-", "--engine", "webgpu", "--json", "--set", "precision=float64"],
      {
        cwd,
        input: SMALL,
      },
    );
    expect(code).toBe(3);
    expect(JSON.parse(out).error.code).toBe("noEngine");
  });

  it("tells what a lattice takes on a device and what here", async () => {
    const argv = ["field", "-", "--json", "--adapter", "software"];
    const input = "lattice: { dimensions: 2, points: 16 }\ntime: { step: 0.01, end: 0.02 }";
    const { code, out, error } = await inProcess(argv, { cwd, input });
    expect(code, error).toBe(0);
    expect(error).toMatch(
      /^engine: webgpu .*\nmemory: [\d.]+ kB: [\d.]+ kB on the device \(lattice [\d.]+ kB, snapshots .*, records .*\), [\d.]+ kB here \(state 4\.1 kB, records .*, copies .*\) beside .* of the program itself; 1 realisation at once\n/,
    );
    const { bytes, parts, device, batch } = JSON.parse(out).memory;
    expect([parts.state, batch]).toEqual([16 * 16 ** 2, 1]);
    expect(bytes).toBeGreaterThan(device.bytes);
    expect(device.parts.lattice).toBe(parts.lattice);
  });

  it("uses no more threads than run at once, and says so", async () => {
    const { code, out, error } = await inProcess(
      ["network", "-", "--json", "--engine", "cpu", "--threads", "9999", "--out", "crowd"],
      { cwd, input: SMALL },
    );
    expect(code).toBe(0);
    expect(JSON.parse(out).engine.threads).toBe(os.availableParallelism());
    expect(error).toMatch(/^engine: .*\nwarning: --threads: .* at once on this machine: \d+, not 9999, will be used\n/);
  });

  it("ends with 1 where a check does not hold", async () => {
    const input = `${SMALL}\nduality: { checks: [{ path: background.errors.exact, expected: 1, tolerance: 0.1 }] }`;
    const { code, out } = await inProcess(["duality", "-", "--json"], { cwd, input });
    expect(code).toBe(1);
    expect(JSON.parse(out).passed).toBe(false);
  });

  it("keeps what was computed of a run that diverges, names the step, and ends with 4", async () => {
    const input = `${SMALL.replace("steps: 10", "steps: 400, learningRate: { relative: 40 }, potential: quartic")}`;
    const { code, out, error } = await inProcess(
      ["network", "-", "--json", "--adapter", "software", "--out", "diverged"],
      { cwd, input },
    );
    expect(code).toBe(4);
    expect(lastLine(error)).toMatch(/^slowroll: training\.learningRate: .*at step \d+/);
    expect(error).toContain("warning: ");
    expect(JSON.parse(out).error.code).toBe("diverged");
    const kept = JSON.parse(readFileSync(path.join(cwd, "diverged", "result.json"), "utf8"));
    expect(kept.incomplete).toContain("step");
    expect(kept.mean.length).toBeGreaterThan(0);
    expect(kept.mean.flat().every(Number.isFinite)).toBe(true);
  });

  it("saves a lattice's final state", async () => {
    const input =
      "lattice: { dimensions: 1, points: 16 }\nfluctuations: { kind: planeWave, mode: [1] }\ntime: { step: 0.01, end: 0.1 }";
    const { code } = await inProcess(
      ["field", "-", "--adapter", "software", "--out", "lattice", "--save-final", "final", "--quiet"],
      { cwd, input },
    );
    expect(code).toBe(0);
    expect(readFileSync(path.join(cwd, "final", "field.f64")).byteLength).toBe(128);
    expect(existsSync(path.join(cwd, "final", "momentum.f64"))).toBe(true);
  });

  it("says what a run needs that starts from a final state after space has expanded", async () => {
    const field = (input: string, ...args: string[]) =>
      inProcess(["field", "-", "--engine", "cpu", "--quiet", "--json", ...args], {
        cwd,
        input: `precision: float64\n${input}\ntime: { step: 0.01, end: 1 }`,
      });
    const box = "lattice: { dimensions: 1, points: 16 }";
    const at = `background: { kind: fluid, omega: 0, hubble: 1 }\n${box}\nfield: { mean: 1 }`;
    const { out, error } = await field(at, "--out", "before", "--save-final", "state");
    const { scaleFactor, hubble, velocity } = JSON.parse(out);
    const a = scaleFactor.at(-1);
    expect(error).toContain(
      `saved: state; to start from it: fluctuations.scaleFactor: ${a}, lattice.length: ${2 * Math.PI * a}, background.hubble: ${hubble.at(-1)}\n`,
    );
    const after = await field(
      `background: { kind: fluid, omega: 0, hubble: ${hubble.at(-1)} }
lattice: { dimensions: 1, points: 16, length: ${2 * Math.PI * a} }
fluctuations: { kind: file, field: state/field.f64, momentum: state/momentum.f64, scaleFactor: ${a} }`,
      "--out",
      "after",
    );
    expect(JSON.parse(after.out).velocity[0]).toBeCloseTo(velocity.at(-1), 12);
    expect((await field(`background: { kind: static }\n${box}`, "--save-final", "still")).error).not.toContain(
      "saved:",
    );
    const several = `${at}\nfluctuations: { kind: vacuum, initial: minkowski, realisations: 2 }`;
    expect((await field(several, "--save-final", "several")).error).toContain(
      `saved: several; to start from it: fluctuations.realisations: 2, fluctuations.scaleFactor: ${a}, lattice.length: `,
    );
    const own = several.replace("kind: fluid, omega: 0, hubble: 1", "kind: selfConsistent, planckMass: 1");
    expect((await field(own, "--save-final", "own")).error).toContain(
      "saved: own; its realisations have come to scale factors of their own, and do not start from it together\n",
    );
  });

  it("goes on from the final states of several realisations to the same bits", async () => {
    const field = (more: string, ...args: string[]) =>
      inProcess(["field", "-", "--engine", "cpu", "--quiet", ...args], {
        cwd,
        input: `precision: float64
background: { kind: static }
lattice: { dimensions: 2, points: 16 }
${more}`,
      });
    const fields = 'fields: [phi, chi], potential: { expression: "phi^2/2 + phi^4/4 + phi^2*chi^2" }';
    const drawn = `field: { ${fields}, mean: [1, 0.1] }\nfluctuations: { kind: vacuum, realisations: 3 }`;
    const time = (end: number) => `time: { step: 0.01, end: ${end}, recordEvery: 50 }`;
    expect((await field(`${drawn}\n${time(1)}`, "--save-final", "three-whole")).code).toBe(0);
    const half = await field(`${drawn}\n${time(0.5)}`, "--save-final", "three-half");
    expect(half.error).toContain("saved: three-half; to start from it: fluctuations.realisations: 3\n");
    const files = (array: string): string => `[three-half/${array}-phi.f64, three-half/${array}-chi.f64]`;
    const stored = `field: { ${fields} }
fluctuations: { kind: file, field: ${files("field")}, momentum: ${files("momentum")}`;
    const rest = await field(`${stored}, realisations: 3 }\n${time(0.5)}`, "--save-final", "three-rest");
    expect(rest.code, rest.error).toBe(0);
    for (const name of ["field-phi", "field-chi", "momentum-phi", "momentum-chi"]) {
      const bytes = readFileSync(path.join(cwd, "three-rest", `${name}.f64`));
      expect(bytes.byteLength).toBe(3 * 256 * 8);
      expect(bytes.equals(readFileSync(path.join(cwd, "three-whole", `${name}.f64`)))).toBe(true);
    }
    // Read as one, they are told as three.
    const one = await field(`${stored} }\n${time(0.5)}`, "--out", "three-as-one");
    expect(one.code).toBe(2);
    expect(one.error).toContain(
      `slowroll: fluctuations.realisations: 1 is asked for, ${path.join(cwd, "three-half/field-phi.f64")} holds 3 of 256 sites each: set it to 3\n`,
    );
    expect(existsSync(path.join(cwd, "three-as-one"))).toBe(false);
  });

  it("lists, shows, checks and plots potentials", async () => {
    expect((await inProcess(["potential", "list"], { cwd })).out).toContain("starobinsky");
    expect((await inProcess(["potential", "show", "hilltop"], { cwd })).out).toContain("potentialGradient");
    const check = await inProcess(["potential", "check", "-"], {
      cwd,
      input: "{ expression: 'lambda*phi^4/4 + sin(phi)', parameters: { lambda: 2 } }",
    });
    expect(check.code).toBe(0);
    expect((await inProcess(["potential", "check", "starobinsky"], { cwd })).out).toContain("holds");
    expect((await inProcess(["potential", "plot", "cosine", "--out", "cosine.svg"], { cwd })).code).toBe(0);
    expect(readFileSync(path.join(cwd, "cosine.svg"), "utf8")).toMatch(/^<svg/);
  });

  it("says where a potential is not finite, and plots a gap there and small values by their powers", async () => {
    const none = await inProcess(["potential", "check", "-"], { cwd, input: "{ expression: 'sqrt(phi - 10)' }" });
    expect(none.code).toBe(1);
    expect(none.out).toContain("V is finite at 0 of 601 points between -3 and 3\n");
    const pole = { cwd, input: "{ expression: '1e-14/phi^2' }" };
    expect((await inProcess(["potential", "plot", "-", "--out", "pole.svg"], pole)).code).toBe(0);
    const svg = readFileSync(path.join(cwd, "pole.svg"), "utf8");
    expect(svg).toMatch(/>[\d.]+e-14</);
    // Each of the two curves is taken up again behind the pole.
    expect(svg.match(/d="M[^"]*L[^"]*M[^"]*L[^"]*" stroke=/g)).toHaveLength(2);
  });
});
