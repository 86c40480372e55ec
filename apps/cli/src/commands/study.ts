/** `kernel`, `network`, `field` and `duality`: config in, one call of the library, result out. */
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
  type UnwritableError,
} from "@slowroll/core/errors";
import type { FieldResult } from "@slowroll/core/field/result";
import { VERSION } from "@slowroll/core/version";
import { folderCheckpoints } from "../checkpoints.ts";
import type { ResultDocument } from "../document.ts";
import { abandonFiles, type Run, tellKept, tellResult } from "../ending.ts";
import { clearState, keepsState, saveFinal } from "../folder.ts";
import { readText, withFoundFiles } from "../inputs.ts";
import type { Io } from "../io.ts";
import { type Kept, keeping } from "../kept.ts";
import { named } from "../named.ts";
import { checkOptions, threadsOf } from "../options.ts";
import { choosePlaces, type Places } from "../places.ts";
import type { StudyOptions } from "../program.ts";
import { type Resumed, restartHint, resumedRun, standingOf } from "../resume.ts";
import { runFiles } from "../runFiles.ts";
import { studies } from "../studies.ts";
import { keepPoints } from "../sweepFolder.ts";
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

/** What there is of a result once `error` has ended the run before its end, and how far that goes. */
function partialOf(
  error: unknown,
  isSweep: boolean,
  sections: object | undefined,
): { readonly result: object; readonly incomplete: string } | undefined {
  // Of a sweep's point that was interrupted its own checkpoint is enough.
  const cut = error instanceof DivergenceError || (error instanceof InterruptedError && !isSweep) ? error : undefined;
  const result = (cut?.partial ?? sections) as object | undefined;
  if (!result) return undefined;
  const where = cut instanceof InterruptedError && cut.step !== undefined ? ` at step ${cut.step}` : "";
  return { result, incomplete: `${(error as Error).message}${where}` };
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
  const { folder, finalFolder } = places;
  const threads = threadsOf(options);
  const voice = await createVoice(io, command, config, threads, options.quiet ?? false);
  const files = await runFiles(places, options, voice);
  const { trajectories, unwritten, attempt } = files;
  voice.note("start", { command, version: VERSION });
  const engine = lazyEngine(
    {
      engine: options.adapter === "auto" ? options.engine : "webgpu",
      adapter: options.adapter,
      precision: config.precision,
      threads: threads.threads,
    },
    voice.chosen,
  );
  const { kept, checkpointing, sweep, lostStates } = await keepOnTheWay(config, resumed, places, files.ready, voice);
  const run: Run = { io, options, places, files, kept };
  /** Writes what there is of a result, and why that is not all. */
  const write = async (result: object, engineSeconds: number, incomplete?: string): Promise<ResultDocument> => {
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
    await files.writeResult(document);
    return document;
  };

  const finished = [...(resumed?.kept?.finished.values() ?? [])];
  let sections: object | undefined = finished.length > 0 ? { sweep: finished, warnings: [] } : undefined;
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
    voice.settle(result);
    voice.tellChecks((result as Partial<DualityResult>).checks ?? []);
    const document = await write(result, engineSeconds, failure?.message);
    if (trajectories) await attempt(() => trajectories.finish());
    // One stands for all: each cause was warned of as it came.
    unwritten.push(...lostStates.slice(0, 1));
    if (finalFolder && final && "field" in config) {
      const isSaved = await attempt(() => saveFinal(finalFolder, final, config));
      const how = restartHint(config, result as FieldResult);
      if (isSaved && how !== undefined) io.error(`saved: ${named(finalFolder, io.cwd)}; ${how}\n`);
    }
    if (folder && unwritten.length === 0) await attempt(() => clearState(folder));
    const code = tellResult(run, document, [...(failure ? [failure] : []), ...unwritten]);
    return "passed" in document && document.passed === false && code === 0 ? 1 : code;
  } catch (error) {
    voice.stop();
    const isBadInput = error instanceof InputError || error instanceof ExpressionError;
    // Of a sweep the finished points are kept.
    if (isBadInput && !(sweep && sections)) throw error;
    abandonFiles(run, error);
    const partial = partialOf(error, sweep !== undefined, sections);
    voice.settle(partial?.result ?? {});
    if (error instanceof InterruptedError) tellKept(run);
    if (!partial) throw error;
    const document = await write(partial.result, 0, partial.incomplete);
    if (unwritten.length > 0 && error instanceof SlowrollError) return tellResult(run, document, [error, ...unwritten]);
    if (files.isReported) io.error(`kept: ${named(folder!, io.cwd)}\n`);
    throw error;
  } finally {
    trajectories?.abandon();
    await engine.close();
  }
}
