/** What a command reads: its config's text, and the files that the config names. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Config, ConfigCommand } from "@slowroll/core/config/schema";
import { InputError } from "@slowroll/core/errors";
import { whyNoText, whyUnreadable } from "@slowroll/core/files/unreadable";
import type { Io } from "./io.ts";

/** The text of a file, or of standard input for `-`. Throws InputError with the file as its path. */
export async function readText(file: string, io: Io): Promise<string> {
  if (file === "-") return io.readInput();
  let text: string;
  try {
    text = await readFile(path.resolve(io.cwd, file), "utf8");
  } catch (cause) {
    throw new InputError(`cannot be read: ${whyUnreadable(cause)}`, { path: file, cause });
  }
  const wrong = whyNoText(text);
  if (wrong) throw new InputError(wrong, { path: file });
  return text;
}

/** Config paths of a sweep whose values are names of files. */
const SWEPT_FILE = /^(?:background\.file|fluctuations\.(?:file|spectrum\.file|(?:field|momentum)(?:\.\d+|\[\d+\])?))$/;

/** The sweep with those values through `found`. */
function withFoundValues(
  sweep: NonNullable<Config<"field">["sweep"]>,
  found: (name: string) => string,
): Config<"field">["sweep"] {
  const placed = <V>(path: string, value: V): V | string =>
    typeof value === "string" && SWEPT_FILE.test(path) ? found(value) : value;
  if (Array.isArray(sweep))
    return sweep.map((point) =>
      Object.fromEntries(Object.entries(point).map(([path, value]) => [path, placed(path, value)])),
    );
  return Object.fromEntries(
    Object.entries(sweep).map(([path, values]) => [path, values.map((value) => placed(path, value))]),
  );
}

/**
 * The config with the files that it names as absolute paths, so that the run's own config.yaml finds them from anywhere. A relative
 * name is looked for beside the config first, then in the working directory.
 */
export function withFoundFiles<C extends ConfigCommand>(
  config: Config<C>,
  configFile: string | undefined,
  cwd: string,
): Config<C> {
  const beside = configFile === undefined || configFile === "-" ? cwd : path.dirname(path.resolve(cwd, configFile));
  const found = (name: string): string => {
    const near = path.resolve(beside, name);
    return existsSync(near) ? near : path.resolve(cwd, name);
  };
  const any: Config<ConfigCommand> = config;
  if ("field" in any) {
    const { fluctuations, background } = any;
    const all = (names: string | string[]): string | string[] =>
      typeof names === "string" ? found(names) : names.map(found);
    const placed = { ...config };
    if (fluctuations.kind === "file") {
      const { field, momentum } = fluctuations;
      Object.assign(placed, { fluctuations: { ...fluctuations, field: all(field), momentum: all(momentum) } });
    }
    if (fluctuations.kind === "cosmoLattice")
      Object.assign(placed, { fluctuations: { ...fluctuations, file: found(fluctuations.file) } });
    if (fluctuations.kind === "gaussian" && typeof fluctuations.spectrum === "object") {
      const spectrum = { file: found(fluctuations.spectrum.file) };
      Object.assign(placed, { fluctuations: { ...fluctuations, spectrum } });
    }
    if (background.kind === "table")
      Object.assign(placed, { background: { ...background, file: found(background.file) } });
    if (any.sweep) Object.assign(placed, { sweep: withFoundValues(any.sweep, found) });
    return placed;
  }
  type Inputs = typeof any.data.inputs;
  const placed = (inputs: Inputs): Inputs => ("file" in inputs ? { ...inputs, file: found(inputs.file) } : inputs);
  const data = { ...any.data, inputs: placed(any.data.inputs) };
  return {
    ...config,
    data: "test" in data && data.test ? { ...data, test: { inputs: placed(data.test.inputs) } } : data,
  };
}
