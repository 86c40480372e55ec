/** `kernel`, `network`, `field` and `duality`: config in, one call of the library, result out. */
import path from "node:path";
import { parseConfig, sweepPoints } from "@slowroll/core/config/parse";
import type { Config, ConfigCommand } from "@slowroll/core/config/schema";
import type { DualityResult } from "@slowroll/core/duality/run";
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
import { clearState, keepsState, loadRunWriter, makeWay, saveFinal } from "../folder.ts";
import { readText, withFoundFiles } from "../inputs.ts";
import type { Io } from "../io.ts";
import { jsonPieces } from "../json.ts";
import { type Kept, keeping } from "../kept.ts";
import { named } from "../named.ts";
import { checkOptions, threadsOf } from "../options.ts";
import { choosePlaces, type Places } from "../places.ts";
import { withoutPlanes } from "../planes.ts";
import type { StudyOptions } from "../program.ts";
import { type Resumed, restartHint, resumeCommand, resumedRun, standingOf } from "../resume.ts";
import { studies } from "../studies.ts";
import { summary } from "../summary.ts";
import { keepPoints } from "../sweepFolder.ts";
import { trajectoriesWhileWritable } from "../trajectories.ts";
import { createVoice, type Voice } from "../voice.ts";

/** What is run, with all defaults and the files that it names found; what it goes on from; and where its files go. */
async function readStudy<C extends ConfigCommand>(command: C, file: string | undefined, options: StudyOptions, io: Io) {
  const { cwd } = io;
  const resumed = options.resume ? await resumedRun(file, options, cwd) : undefined;
  const text = resumed ? JSON.stringify(resumed.config) : file === undefined ? "" : await readText(file, io);
  const source = resumed ? resumed.source : file === "-" ? "standard input" : file;
  const parsed = await parseConfig(command, text, { ...(source ? { source } : {}), overrides: options.set });
  checkOptions(options, parsed);
  const config = withFoundFiles(parsed, file, cwd);
  const goesOn = (resumed?.kept?.finished.size ?? 0) > 0;
  return { config, resumed, places: await choosePlaces(command, options, goesOn, cwd) };
}

/** What a field's run keeps while it goes on, to go on from once it is interrupted: checkpoints, and of a sweep the points that are done. */
async function keepOnTheWay(
  config: Config<ConfigCommand>,
  resumed: Resumed | undefined,
  { folder, finalFolder }: Places,
  ready: () => Promise<void>,
  { note, warn }: Voice,
) {
  const keptOf = (points: number): Kept =>
    keeping(resumed && standingOf(resumed, points), () => keepsState(folder), warn);
  /** Final states of a sweep's points that could not be saved. */
  const lostStates: UnwritableError[] = [];
  if ("sweep" in config && config.sweep) {
    const points = await sweepPoints(config);
    const kept = keptOf(points.length);
    const hooks = keepPoints({
      folder,
      config,
      points,
      resumed,
      finalFolder,
      ready,
      onKept(what) {
        kept.saved(what);
        note("checkpoint", { kept: what });
      },
      onFailure: kept.failed,
      onStateLost(what, error) {
        if (!lostStates.some(({ why }) => why === error.why))
          warn(`${what} is not saved: ${error.message}; the sweep goes on`);
        lostStates.push(error);
      },
    });
    return { kept, lostStates, sweep: { points, hooks } };
  }
  const kept = keptOf(0);
  if (!("lattice" in config && config.lattice && folder)) return { kept, lostStates };
  const checkpointing = folderCheckpoints(folder, [config], resumed?.saved, {
    ready,
    onSave(said, step) {
      kept.saved(said);
      note("checkpoint", { step });
    },
    onFailure: kept.failed,
  });
  return { kept, lostStates, checkpointing };
}

/** Runs a study from its config to its result, and resolves with the exit code. */
export async function study<C extends ConfigCommand>(
  command: C,
  file: string | undefined,
  options: StudyOptions,
  io: Io,
): Promise<number> {
  const start = performance.now();
  const { config, resumed, places } = await readStudy(command, file, options, io);
  const { folder, finalFolder, trajectoryFile } = places;
  const writeRun = folder ? await loadRunWriter(options.movie) : undefined;

  const threads = threadsOf(options);
  const voice = await createVoice(io, command, config, threads, options.quiet ?? false);
  const { note, warn, settle } = voice;
  note("start", { command, version: VERSION });
  const engine = lazyEngine(
    {
      engine: options.adapter === "auto" ? options.engine : "webgpu",
      adapter: options.adapter,
      precision: config.precision,
      threads: threads.threads,
    },
    voice.chosen,
  );
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
    if (folder && !isReady) await makeWay(folder, options.force ?? false);
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
      ...(voice.memory ? { memory: voice.memory } : {}),
      ...(incomplete === undefined ? {} : { incomplete }),
      ...result,
    } as ResultDocument;
    if (folder && writeRun) {
      note("end", { incomplete: incomplete ?? null, seconds: document.timings.totalSeconds });
      reported = await attempt(async () => {
        await ready();
        // What is written of an interrupted run is not interrupted in turn.
        const { onProgress, signal } = voice.control;
        await writeRun(folder, document, voice.log, incomplete === undefined ? { onProgress, signal } : { onProgress });
      });
      voice.stop();
    }
    return document;
  };

  const { kept, checkpointing, sweep, lostStates } = await keepOnTheWay(config, resumed, places, ready, voice);
  const finished = [...(resumed?.kept?.finished.values() ?? [])];
  let sections: object | undefined = finished.length > 0 ? { sweep: finished, warnings: [] } : undefined;
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
    const { result, engineSeconds, final, failure } = await studies[command](config, engine, voice.control, {
      onSection(finished) {
        sections = finished;
      },
      checkpointing,
      trajectories,
      sweep,
    });
    if (!engine.opened) voice.chosen(HOST);
    settle(result);
    voice.tellChecks((result as Partial<DualityResult>).checks ?? []);
    const document = await keep(result, engineSeconds, failure?.message);
    if (trajectories) await attempt(() => trajectories.finish());
    unwritten.push(...lostStates.slice(0, 1));
    if (finalFolder && final && "field" in config) {
      const isSaved = await attempt(() => saveFinal(finalFolder, final, config));
      const how = restartHint(config, result as FieldResult);
      if (isSaved && how !== undefined) io.error(`saved: ${named(finalFolder, io.cwd)}; ${how}\n`);
    }
    if (folder && unwritten.length === 0) await attempt(() => clearState(folder));
    const code = tell(document, [...(failure ? [failure] : []), ...unwritten]);
    return "passed" in document && document.passed === false && code === 0 ? 1 : code;
  } catch (error) {
    voice.stop();
    const wrong = error instanceof InputError || error instanceof ExpressionError;
    // Of a sweep the finished points are kept.
    if (wrong && !(sweep && sections)) throw error;
    if (trajectories?.abandon())
      io.error(`not saved: ${options.saveTrajectories}, whose networks were not all trained\n`);
    if (finalFolder && error instanceof DivergenceError)
      io.error(`not saved: ${named(finalFolder, io.cwd)}, as the run has not come to its end\n`);
    // Of a sweep's point that was interrupted its own checkpoint is enough.
    const cut = error instanceof DivergenceError || (error instanceof InterruptedError && !sweep) ? error : undefined;
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
