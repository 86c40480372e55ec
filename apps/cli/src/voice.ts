/** What a run says on standard error while it goes on, line by line, and what of it its log keeps. */
import type { Config, ConfigCommand } from "@slowroll/core/config/schema";
import type { CheckOutcome } from "@slowroll/core/duality/checks";
import type { EngineInfo, JobControl, JobMemory, LatticeMemory } from "@slowroll/core/engine/engine";
import { HOST } from "@slowroll/core/engine/host";
import type { Io } from "./io.ts";
import { memoryLine, programBytes } from "./memory.ts";
import type { threadsOf } from "./options.ts";
import { createProgress } from "./progress.ts";
import { counted } from "./report/figure.ts";

export interface Voice {
  /** With the time of each event; log.jsonl. */
  readonly log: readonly object[];
  note(event: string, more?: object): void;
  /** Takes the engine's line, which waits until a job runs: a job that the engine refuses is bad input, told in one line alone. */
  chosen(info: EngineInfo): void;
  /** For the jobs of the run. */
  readonly control: JobControl;
  /** What the job was told to take, once it was; the most of several. */
  readonly memory: JobMemory | LatticeMemory | undefined;
  warn(warning: string): void;
  /** Ends the progress line and tells what the result warns of. */
  settle(result: object): void;
  /** Tells the checks that do not hold. */
  tellChecks(checks: readonly CheckOutcome[]): void;
  stop(): void;
}

/** `cpu on AMD EPYC (wasm, float32, 2 threads)`. */
function describeEngine({ kind, name, type, backend, precision, threads }: EngineInfo): string {
  const where = kind === "webgpu" ? `${type}, ` : "";
  const workers = threads > 0 ? `, ${counted(threads, "thread")}` : "";
  return `${kind} on ${name} (${where}${backend}, ${precision}${workers})`;
}

/** `threads`: what was asked for, with a warning where there are fewer. */
export async function createVoice(
  io: Io,
  command: ConfigCommand,
  config: Config<ConfigCommand>,
  { threads, warning: fewer }: ReturnType<typeof threadsOf>,
  quiet: boolean,
): Promise<Voice> {
  const progress = await createProgress(io, quiet);
  const log: object[] = [];
  const note = (event: string, more: object = {}): void => {
    log.push({ time: new Date().toISOString(), event, ...more });
  };
  let engine: EngineInfo = HOST;
  let engineLine: string | undefined;
  const sayEngine = (): void => {
    if (engineLine) io.error(engineLine);
    engineLine = undefined;
  };
  const warn = (warning: string): void => {
    progress.pause();
    sayEngine();
    io.error(`warning: ${warning}\n`);
    note("warning", { warning });
  };
  let memory: JobMemory | LatticeMemory | undefined;
  const sayMemory = (planned: JobMemory | LatticeMemory, batches: string): void => {
    progress.stop();
    sayEngine();
    memory = planned;
    io.error(`memory: ${memoryLine(planned, programBytes(config, engine, planned.bytes))}; ${batches}\n`);
    note("memory", { ...planned });
  };
  return {
    log,
    note,
    chosen(info) {
      engine = info;
      engineLine = `engine: ${describeEngine(info)}: ${info.reason}\n`;
      note("engine", { engine: info });
      if (fewer === undefined || info === HOST || info.threads !== threads) return;
      engineLine += `warning: ${fewer}\n`;
      note("warning", { warning: fewer });
    },
    control: {
      signal: io.signal,
      onMemory(planned) {
        const { batch } = planned;
        if (command === "network") sayMemory(planned, `batches of ${counted(batch, "network")}`);
      },
      async onLatticeMemory(planned) {
        // Of a sweep's jobs those that take more than all before.
        if (command !== "field" || planned.bytes <= (memory?.bytes ?? 0)) return;
        // What the lattice's files are written with comes sooner or later: here it counts to what the program has itself.
        const { loadHdf5 } = await import("@slowroll/core/files/hdf5");
        await loadHdf5();
        const { batch } = planned;
        // A sweep's points have realisations of their own.
        const what = "sweep" in config ? "lattice" : "realisation";
        sayMemory(planned, `${counted(batch, what)} at once`);
      },
      onStage: progress.onStage,
      onProgress(...report) {
        sayEngine();
        progress.onProgress(...report);
      },
    },
    get memory() {
      return memory;
    },
    warn,
    settle(result) {
      progress.stop();
      sayEngine();
      for (const warning of (result as { warnings?: readonly string[] }).warnings ?? []) warn(warning);
    },
    tellChecks(checks) {
      for (const { path, value, expected, tolerance, passed } of checks) {
        if (passed) continue;
        io.error(`check: ${path} is ${value ?? "not told by the data"}, expected ${expected} within ${tolerance}\n`);
        note("check", { path, value, expected, tolerance });
      }
    },
    stop: progress.stop,
  };
}
