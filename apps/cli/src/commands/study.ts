/** `kernel`, `network`, `field` and `duality`: config in, one call of the library, result out. */
import path from "node:path";
import { parseConfig, sweepPoints } from "@slowroll/core/config/parse";
import type { Config, ConfigCommand } from "@slowroll/core/config/schema";
import type { DualityResult } from "@slowroll/core/duality/run";
import type {
  Engine,
  EngineInfo,
  JobControl,
  JobMemory,
  LatticeMemory,
  LatticeState,
} from "@slowroll/core/engine/engine";
import { HOST } from "@slowroll/core/engine/host";
import { lazyEngine } from "@slowroll/core/engine/open";
import {
  DivergenceError,
  ExpressionError,
  InputError,
  InterruptedError,
  type SlowrollError,
} from "@slowroll/core/errors";
import type { Checkpointing } from "@slowroll/core/field/lattice";
import type { FieldResult } from "@slowroll/core/field/result";
import type { SweepHooks } from "@slowroll/core/field/sweep";
import type { SweepPoint } from "@slowroll/core/field/sweepPoint";
import type { TrajectoryFile } from "@slowroll/core/files/trajectories";
import { VERSION } from "@slowroll/core/version";
import { folderCheckpoints, removeCheckpoint } from "../checkpoints.ts";
import type { ResultDocument } from "../document.ts";
import { chooseFolder, chooseTrajectories, clearRun, loadRunWriter, saveFinal } from "../folder.ts";
import { readText, withFoundFiles } from "../inputs.ts";
import type { Io } from "../io.ts";
import { memoryLine, programBytes } from "../memory.ts";
import { named } from "../named.ts";
import { checkOptions, threadsOf } from "../options.ts";
import { withoutPlanes } from "../planes.ts";
import type { StudyOptions } from "../program.ts";
import { createProgress } from "../progress.ts";
import { restartHint, resumeCommand, resumedRun } from "../resume.ts";
import { summary } from "../summary.ts";
import { keepPoints, removePoints } from "../sweepFolder.ts";

/** What a study gives: its result's keys, the engine's seconds and, for a lattice, its final state. */
interface Outcome {
  readonly result: object;
  readonly engineSeconds: number;
  readonly final?: LatticeState;
  /** What went wrong in a part of the study, whose result is whole. */
  readonly failure?: SlowrollError;
}

/** What a study tells as it goes on. */
interface Hooks {
  onSection(finished: object): void;
  readonly checkpointing?: Checkpointing | undefined;
  readonly trajectories?: TrajectoryFile | undefined;
  /** Where the config has a sweep. */
  readonly sweep?: { readonly points: readonly SweepPoint[]; readonly hooks: SweepHooks } | undefined;
}

type Study<C extends ConfigCommand> = (
  config: Config<C>,
  engine: Engine,
  control: JobControl,
  hooks: Hooks,
) => Promise<Outcome>;

/** The library's call of each command; each is loaded when it is made. */
const studies: { readonly [C in ConfigCommand]: Study<C> } = {
  async kernel(config, _engine, control) {
    const { kernelStudy } = await import("@slowroll/core/duality/kernel");
    return { result: await kernelStudy(config, control), engineSeconds: 0 };
  },
  async network(config, engine, control, { trajectories }) {
    const { networkStudy } = await import("@slowroll/core/network/run");
    return networkStudy(config, engine, control, trajectories?.add);
  },
  async field(config, engine, control, { checkpointing, sweep, onSection }) {
    if (sweep) {
      const { fieldSweep } = await import("@slowroll/core/field/sweep");
      const { points, hooks } = sweep;
      return fieldSweep(points, engine, control, {
        ...hooks,
        async onPoint(ended, done) {
          onSection(done);
          await hooks.onPoint?.(ended, done);
        },
      });
    }
    const { fieldStudy } = await import("@slowroll/core/field/run");
    return fieldStudy(config, engine, control, checkpointing);
  },
  async duality(config, engine, control, { onSection }) {
    const { dualityStudy } = await import("@slowroll/core/duality/run");
    return dualityStudy(config, engine, control, onSection);
  },
};

/** `cpu on AMD EPYC (wasm, float32, 2 threads)`. */
function describeEngine({ kind, name, type, backend, precision, threads }: EngineInfo): string {
  const where = kind === "webgpu" ? `${type}, ` : "";
  const workers = threads > 0 ? `, ${threads} thread${threads > 1 ? "s" : ""}` : "";
  return `${kind} on ${name} (${where}${backend}, ${precision}${workers})`;
}

/** Runs a study from its config to its result, and resolves with the exit code. */
export async function study<C extends ConfigCommand>(
  command: C,
  file: string | undefined,
  options: StudyOptions,
  io: Io,
): Promise<number> {
  const start = performance.now();
  const resumed = options.resume ? await resumedRun(file, options, io.cwd) : undefined;
  const text = resumed ? JSON.stringify(resumed.config) : file === undefined ? "" : await readText(file, io);
  const source = resumed ? resumed.source : file === "-" ? "standard input" : file;
  const parsed = await parseConfig(command, text, { ...(source ? { source } : {}), overrides: options.set });
  checkOptions(options, parsed);
  const config = withFoundFiles(parsed, file, io.cwd);
  // Theory is printed, and kept only where a folder is named.
  const keeps = command !== "kernel" || options.out !== undefined;
  const folder = keeps ? await chooseFolder(command, "--out", { ...options, cwd: io.cwd }) : undefined;
  const { saveFinal: out, force } = options;
  const finalFolder =
    out === undefined
      ? undefined
      : await chooseFolder(command, "--save-final", {
          out,
          force,
          // The states of a sweep's finished points are there already.
          resume: (resumed?.kept?.finished.size ?? 0) > 0,
          cwd: io.cwd,
        });
  const writeRun = folder ? await loadRunWriter(options.movie) : undefined;
  const trajectories =
    options.saveTrajectories === undefined
      ? undefined
      : await chooseTrajectories(options.saveTrajectories, { force, cwd: io.cwd });

  const log: object[] = [];
  const note = (event: string, more: object = {}): void => {
    log.push({ time: new Date().toISOString(), event, ...more });
  };
  note("start", { command, version: VERSION });

  // The engine's line waits until a job runs: a job that the engine refuses is bad input, told in one line alone.
  let engineLine: string | undefined;
  const sayEngine = (): void => {
    if (engineLine) io.error(engineLine);
    engineLine = undefined;
  };
  const { threads, warning: fewer } = threadsOf(options);
  const chosen = (info: EngineInfo): void => {
    engineLine = `engine: ${describeEngine(info)}: ${info.reason}\n`;
    note("engine", { engine: info });
    if (fewer === undefined || info === HOST || info.threads !== threads) return;
    engineLine += `warning: ${fewer}\n`;
    note("warning", { warning: fewer });
  };
  const engine = lazyEngine(
    {
      engine: options.adapter === "auto" ? options.engine : "webgpu",
      adapter: options.adapter,
      precision: config.precision,
      threads,
    },
    chosen,
  );
  const progress = await createProgress(io, options.quiet ?? false);
  let memory: JobMemory | LatticeMemory | undefined;
  const sayMemory = (planned: JobMemory | LatticeMemory, batches: string): void => {
    sayEngine();
    memory = planned;
    io.error(`memory: ${memoryLine(planned, programBytes())}; ${batches}\n`);
    note("memory", { ...planned });
  };
  const control: JobControl = {
    signal: io.signal,
    onMemory(planned) {
      const { batch } = planned;
      if (command === "network") sayMemory(planned, `batches of ${batch === 1 ? "1 network" : `${batch} networks`}`);
    },
    onLatticeMemory(planned) {
      const { batch } = planned;
      if (command === "field") sayMemory(planned, `${batch === 1 ? "1 realisation" : `${batch} realisations`} at once`);
    },
    onProgress(...report) {
      sayEngine();
      progress.onProgress(...report);
    },
  };
  /** Ends the progress line and tells what the result warns of. */
  const settle = (result: object): void => {
    progress.stop();
    sayEngine();
    for (const warning of (result as { warnings?: readonly string[] }).warnings ?? []) {
      io.error(`warning: ${warning}\n`);
      note("warning", { warning });
    }
  };
  /** An earlier run's files go when the first of this one's comes, and not before it is known to be right. */
  let isReady = resumed !== undefined;
  const ready = async (): Promise<void> => {
    if (folder && !isReady) await clearRun(folder);
    isReady = true;
  };
  const keep = async (result: object, engineSeconds: number, incomplete?: string): Promise<ResultDocument> => {
    // The report takes memory of its own.
    await engine.close();
    const document = {
      command,
      version: VERSION,
      config,
      engine: engine.opened?.info ?? HOST,
      timings: { totalSeconds: (performance.now() - start) / 1000, engineSeconds },
      ...(memory ? { memory } : {}),
      ...(incomplete === undefined ? {} : { incomplete }),
      ...result,
    } as ResultDocument;
    if (folder && writeRun) {
      note("end", { incomplete: incomplete ?? null, seconds: document.timings.totalSeconds });
      await ready();
      await writeRun(folder, document, log);
    }
    return document;
  };

  const sweeps = "sweep" in config && config.sweep !== undefined;
  const finished = [...(resumed?.kept?.finished.values() ?? [])];
  let sections: object | undefined = finished.length > 0 ? { sweep: finished, warnings: [] } : undefined;
  /** What an interrupted run goes on from, in words. */
  let saved: string | undefined;
  const checkpointing =
    "lattice" in config && config.lattice && folder && !sweeps
      ? folderCheckpoints(folder, [config], resumed?.saved, ready, (said, step) => {
          saved = said;
          note("checkpoint", { step });
        })
      : undefined;
  const points = sweeps ? await sweepPoints(config) : [];
  const onKept = (what: string): void => {
    saved = what;
    note("checkpoint", { kept: what });
  };
  const sweep = sweeps
    ? { points, hooks: keepPoints({ folder, config, points, resumed, finalFolder, ready, onKept }) }
    : undefined;
  try {
    const { result, engineSeconds, final, failure } = await studies[command](config, engine, control, {
      onSection(finished) {
        sections = finished;
      },
      checkpointing,
      trajectories,
      sweep,
    });
    if (!engine.opened) chosen(HOST);
    settle(result);
    for (const { path: place, value, expected, tolerance, passed } of (result as Partial<DualityResult>).checks ?? []) {
      if (passed) continue;
      io.error(`check: ${place} is ${value ?? "not told by the data"}, expected ${expected} within ${tolerance}\n`);
      note("check", { path: place, value, expected, tolerance });
    }
    const document = await keep(result, engineSeconds, failure?.message);
    trajectories?.finish();
    if (folder && checkpointing) await removeCheckpoint(folder);
    if (folder && sweep) await removePoints(folder);
    if (finalFolder && final && "field" in config) {
      await saveFinal(finalFolder, final, config.field.fields);
      const how = restartHint(config, result as FieldResult);
      if (how !== undefined) io.error(`saved: ${named(finalFolder, io.cwd)}; ${how}\n`);
    }
    const told = failure && { error: { code: failure.code, message: failure.message, path: failure.path ?? null } };
    io.out(options.json ? `${JSON.stringify({ ...withoutPlanes(document), ...told })}\n` : summary(document));
    if (folder && !options.json) io.out(`report: ${named(path.join(folder, "report.html"), io.cwd)}\n`);
    if (failure) {
      io.error(`slowroll: ${failure.path}: ${failure.message}\n`);
      return failure.exitCode;
    }
    return "passed" in document && document.passed === false ? 1 : 0;
  } catch (error) {
    progress.stop();
    const wrong = error instanceof InputError || error instanceof ExpressionError;
    // Of a sweep the finished points are kept.
    if (wrong && !(sweeps && sections)) throw error;
    if (trajectories?.abandon())
      io.error(`not saved: ${options.saveTrajectories}, whose networks were not all trained\n`);
    // Of a sweep's point that was interrupted its own checkpoint is enough.
    const cut = error instanceof DivergenceError || (error instanceof InterruptedError && !sweeps) ? error : undefined;
    const partial = (cut?.partial ?? sections) as object | undefined;
    settle(partial ?? {});
    if (error instanceof InterruptedError && saved !== undefined) {
      io.error(`kept: ${saved}; to go on: ${resumeCommand(named(folder!, io.cwd), options)}\n`);
    }
    if (partial) {
      const where = cut instanceof InterruptedError && cut.step !== undefined ? ` at step ${cut.step}` : "";
      await keep(partial, 0, `${(error as Error).message}${where}`);
      if (folder) io.error(`kept: ${named(folder, io.cwd)}\n`);
    }
    throw error;
  } finally {
    trajectories?.abandon();
    await engine.close();
  }
}
