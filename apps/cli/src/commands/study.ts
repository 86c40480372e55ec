/** `kernel`, `network`, `field` and `duality`: config in, one call of the library, result out. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import type { ConfigCommand } from "@slowroll/core/config/schema";
import type { EngineInfo } from "@slowroll/core/engine/engine";
import { HOST } from "@slowroll/core/engine/host";
import { lazyEngine } from "@slowroll/core/engine/open";
import { DivergenceError, InputError, InterruptedError } from "@slowroll/core/errors";
import type { ResultDocument } from "../document.ts";
import { chooseFolder, writeRun } from "../folder.ts";
import type { Io } from "../io.ts";
import type { StudyOptions } from "../program.ts";
import { createProgress } from "../progress.ts";
import { summary } from "../summary.ts";
import { VERSION } from "../version.ts";

async function readConfig(file: string | undefined, io: Io): Promise<{ text: string; source: string }> {
  if (file === undefined) return { text: "", source: "config" };
  if (file === "-") return { text: await io.readInput(), source: "standard input" };
  try {
    return { text: await readFile(path.resolve(io.cwd, file), "utf8"), source: file };
  } catch (cause) {
    throw new InputError(`cannot be read: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`, { path: file, cause });
  }
}

/** What a study gives: its result's keys, the engine's seconds, and what is to be done with its final state. */
interface Outcome {
  readonly result: object;
  readonly engineSeconds: number;
  readonly save?: (directory: string) => Promise<void>;
}

export async function study(command: ConfigCommand, file: string | undefined, options: StudyOptions, io: Io): Promise<number> {
  const start = performance.now();
  if (options.threads !== undefined && !/^[1-9]\d{0,3}$/.test(options.threads)) {
    throw new InputError(`must be a whole number of threads, not ${options.threads}`, { path: "--threads" });
  }
  const { text, source } = await readConfig(file, io);
  const config = await parseConfig(command, text, { source, overrides: options.set });
  // Theory is printed, and kept only where a folder is named.
  const folder = command === "kernel" && options.out === undefined ? undefined : await chooseFolder(command, { ...options, cwd: io.cwd });
  const saveFolder = options.saveFinal && (await chooseFolder(command, { out: options.saveFinal, force: options.force, cwd: io.cwd }));

  const log: object[] = [];
  const note = (event: string, more: object = {}): void => {
    log.push({ time: new Date().toISOString(), event, ...more });
  };
  note("start", { command, version: VERSION });
  const engineLine = (info: EngineInfo): void => {
    io.error(`engine: ${info.kind} on ${info.name} (${info.type}, ${info.backend}, ${info.precision}): ${info.reason}\n`);
    note("engine", { engine: info });
  };
  const engine = lazyEngine(
    { engine: options.adapter !== "auto" && options.engine === "auto" ? "webgpu" : options.engine, adapter: options.adapter, precision: config.precision },
    engineLine,
  );
  const progress = await createProgress(io, options.quiet ?? false);
  const control = { signal: io.signal, onProgress: progress.onProgress };

  const documentOf = (result: object, engineSeconds: number, incomplete?: string): ResultDocument =>
    ({
      command,
      version: VERSION,
      config,
      engine: engine.opened?.info ?? HOST,
      timings: { totalSeconds: (performance.now() - start) / 1000, engineSeconds },
      ...(incomplete === undefined ? {} : { incomplete }),
      ...result,
    }) as ResultDocument;
  const keep = async (document: ResultDocument): Promise<void> => {
    if (!folder) return;
    note("end", { incomplete: document.incomplete ?? null, seconds: document.timings.totalSeconds });
    await writeRun(folder, document, log);
  };

  let sections: object | undefined;
  try {
    const outcome = await compute();
    progress.stop();
    for (const warning of (outcome.result as { warnings?: readonly string[] }).warnings ?? []) {
      io.error(`warning: ${warning}\n`);
      note("warning", { warning });
    }
    if (!engine.opened) engineLine(HOST);
    const document = documentOf(outcome.result, outcome.engineSeconds);
    await keep(document);
    if (saveFolder) await outcome.save?.(saveFolder);
    io.out(options.json ? `${JSON.stringify(document)}\n` : summary(document));
    if (folder && !options.json) io.out(`report: ${path.relative(io.cwd, path.join(folder, "report.html"))}\n`);
    return "passed" in document && document.passed === false ? 1 : 0;
  } catch (error) {
    progress.stop();
    const partial = error instanceof DivergenceError ? (error.partial as object | undefined) : error instanceof InterruptedError ? sections : undefined;
    if (partial) {
      await keep(documentOf(partial, 0, (error as Error).message));
      if (folder) io.error(`kept: ${path.relative(io.cwd, folder)}\n`);
    }
    throw error;
  } finally {
    await engine.close();
  }

  async function compute(): Promise<Outcome> {
    switch (command) {
      case "kernel": {
        const { kernelStudy } = await import("@slowroll/core/duality/kernel");
        return { result: await kernelStudy(config as Parameters<typeof kernelStudy>[0]), engineSeconds: 0 };
      }
      case "network": {
        const { networkStudy } = await import("@slowroll/core/network/run");
        return networkStudy(config as Parameters<typeof networkStudy>[0], engine, control);
      }
      case "field": {
        const { fieldStudy } = await import("@slowroll/core/field/run");
        const { writeFinal } = await import("@slowroll/core/field/initial");
        const run = await fieldStudy(config as Parameters<typeof fieldStudy>[0], engine, control);
        const { final } = run;
        if (saveFolder && !final) throw new InputError("the homogeneous field has no arrays: add a lattice", { path: "--save-final" });
        return { ...run, save: (directory) => writeFinal(directory, final!) };
      }
      case "duality": {
        const { dualityStudy } = await import("@slowroll/core/duality/run");
        return dualityStudy(config as Parameters<typeof dualityStudy>[0], engine, control, (finished) => {
          if (Object.keys(finished).some((key) => key !== "eta" && key !== "warnings")) sections = finished;
        });
      }
    }
  }
}
