/** `kernel`, `network`, `field` and `duality`: config in, one call of the library, result out. */
import path from "node:path";
import { parseConfig, sweepPoints } from "@slowroll/core/config/parse";
import type { ConfigCommand } from "@slowroll/core/config/schema";
import type { DualityResult } from "@slowroll/core/duality/run";
import type { EngineInfo, JobControl, JobMemory, LatticeMemory } from "@slowroll/core/engine/engine";
import { HOST } from "@slowroll/core/engine/host";
import { lazyEngine } from "@slowroll/core/engine/open";
import {
  DivergenceError,
  ExpressionError,
  InputError,
  InterruptedError,
  SlowrollError,
  UnwritableError,
} from "@slowroll/core/errors";
import type { FieldResult } from "@slowroll/core/field/result";
import { VERSION } from "@slowroll/core/version";
import { folderCheckpoints } from "../checkpoints.ts";
import type { ResultDocument } from "../document.ts";
import { errorKey, errorLine } from "../errorLine.ts";
import {
  chooseFolder,
  chooseTrajectories,
  clearState,
  keepsState,
  loadRunWriter,
  makeWay,
  saveFinal,
} from "../folder.ts";
import { readText, withFoundFiles } from "../inputs.ts";
import type { Io } from "../io.ts";
import { jsonPieces } from "../json.ts";
import { keeping } from "../kept.ts";
import { memoryLine, programBytes } from "../memory.ts";
import { named } from "../named.ts";
import { checkOptions, threadsOf } from "../options.ts";
import { withoutPlanes } from "../planes.ts";
import type { StudyOptions } from "../program.ts";
import { createProgress } from "../progress.ts";
import { restartHint, resumeCommand, resumedRun, standingOf } from "../resume.ts";
import { studies } from "../studies.ts";
import { summary } from "../summary.ts";
import { keepPoints } from "../sweepFolder.ts";
import { trajectoriesWhileWritable } from "../trajectories.ts";

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
  const trajectoryFile =
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
    progress.stop();
    sayEngine();
    memory = planned;
    const own = programBytes(config, engine.opened!.info, planned.bytes);
    io.error(`memory: ${memoryLine(planned, own)}; ${batches}\n`);
    note("memory", { ...planned });
  };
  const control: JobControl = {
    signal: io.signal,
    onMemory(planned) {
      const { batch } = planned;
      if (command === "network") sayMemory(planned, `batches of ${batch === 1 ? "1 network" : `${batch} networks`}`);
    },
    async onLatticeMemory(planned) {
      if (command !== "field") return;
      // What the lattice's files are written with comes sooner or later: here it counts to what the program has itself.
      const { loadHdf5 } = await import("@slowroll/core/files/hdf5");
      await loadHdf5();
      const { batch } = planned;
      sayMemory(planned, `${batch === 1 ? "1 realisation" : `${batch} realisations`} at once`);
    },
    onStage: progress.onStage,
    onProgress(...report) {
      sayEngine();
      progress.onProgress(...report);
    },
  };
  const warn = (warning: string): void => {
    progress.pause();
    sayEngine();
    io.error(`warning: ${warning}\n`);
    note("warning", { warning });
  };
  /** Ends the progress line and tells what the result warns of. */
  const settle = (result: object): void => {
    progress.stop();
    sayEngine();
    for (const warning of (result as { warnings?: readonly string[] }).warnings ?? []) warn(warning);
  };
  /** What could not be written is told at the end, when all else is done. */
  const unwritten: UnwritableError[] = [];
  const attempt = async (write: () => unknown): Promise<boolean> => {
    try {
      await write();
      return true;
    } catch (error) {
      if (!(error instanceof UnwritableError)) throw error;
      unwritten.push(error);
      return false;
    }
  };
  const trajectories =
    trajectoryFile &&
    trajectoriesWhileWritable(trajectoryFile, (error) => {
      unwritten.push(error);
      warn(`${error.message}: the run goes on without it`);
    });
  /** An earlier run's files go when the first of this one's comes, and not before it is known to be right. */
  let isReady = resumed !== undefined;
  const ready = async (): Promise<void> => {
    if (folder && !isReady) await makeWay(folder, force ?? false);
    isReady = true;
  };
  let reported = false;
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
      reported = await attempt(async () => {
        await ready();
        await writeRun(folder, document, log);
      });
    }
    return document;
  };

  const sweeps = "sweep" in config && config.sweep !== undefined;
  const finished = [...(resumed?.kept?.finished.values() ?? [])];
  let sections: object | undefined = finished.length > 0 ? { sweep: finished, warnings: [] } : undefined;
  const points = sweeps ? await sweepPoints(config) : [];
  const kept = keeping(resumed && standingOf(resumed, points.length), () => keepsState(folder), warn);
  const checkpointing =
    "lattice" in config && config.lattice && folder && !sweeps
      ? folderCheckpoints(folder, [config], resumed?.saved, {
          ready,
          onSave(said, step) {
            kept.saved(said);
            note("checkpoint", { step });
          },
          onFailure: kept.failed,
        })
      : undefined;
  const onKept = (what: string): void => {
    kept.saved(what);
    note("checkpoint", { kept: what });
  };
  /** Of a sweep's points. */
  const states: UnwritableError[] = [];
  const onStateLost = (what: string, error: UnwritableError): void => {
    if (!states.some(({ why }) => why === error.why)) warn(`${what} is not saved: ${error.message}; the sweep goes on`);
    states.push(error);
  };
  const hooks = { ready, onKept, onFailure: kept.failed, onStateLost };
  const sweep = sweeps
    ? { points, hooks: keepPoints({ folder, config, points, resumed, finalFolder, ...hooks }) }
    : undefined;
  /** Tells the result and what went wrong, of which the first gives the exit code. */
  const tell = (document: ResultDocument, wrong: readonly SlowrollError[]): number => {
    const [first] = wrong;
    if (options.json) {
      for (const piece of jsonPieces({ ...withoutPlanes(document), ...(first ? errorKey(first) : {}) })) io.out(piece);
    } else {
      io.out(summary(document));
      if (folder && reported) io.out(`report: ${named(path.join(folder, "report.html"), io.cwd)}\n`);
    }
    if (unwritten.length > 0 && folder && kept.standing && !(first instanceof InterruptedError)) {
      const again = resumeCommand(named(folder, io.cwd), { ...options, force: finalFolder !== undefined });
      io.error(`kept: ${kept.standing}; to go on from there and write what is not: ${again}\n`);
    }
    for (const error of wrong) io.error(errorLine(error));
    return first?.exitCode ?? 0;
  };
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
    if (trajectories) await attempt(() => trajectories.finish());
    unwritten.push(...states.slice(0, 1));
    if (finalFolder && final && "field" in config) {
      const isSaved = await attempt(() => saveFinal(finalFolder, final, config));
      const how = restartHint(config, result as FieldResult);
      if (isSaved && how !== undefined) io.error(`saved: ${named(finalFolder, io.cwd)}; ${how}\n`);
    }
    if (folder && unwritten.length === 0) await attempt(() => clearState(folder));
    const code = tell(document, [...(failure ? [failure] : []), ...unwritten]);
    return "passed" in document && document.passed === false && code === 0 ? 1 : code;
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
    if (folder && error instanceof InterruptedError) {
      const line = kept.line(resumeCommand(named(folder, io.cwd), options));
      if (line !== undefined) io.error(`${line}\n`);
    }
    if (partial) {
      const where = cut instanceof InterruptedError && cut.step !== undefined ? ` at step ${cut.step}` : "";
      const document = await keep(partial, 0, `${(error as Error).message}${where}`);
      if (unwritten.length > 0 && error instanceof SlowrollError) return tell(document, [error, ...unwritten]);
      if (reported) io.error(`kept: ${named(folder!, io.cwd)}\n`);
    }
    throw error;
  } finally {
    trajectories?.abandon();
    await engine.close();
  }
}
