/** What a study's flags must be, by themselves and beside its config. */
import { availableParallelism } from "node:os";
import type { Config, ConfigCommand } from "@slowroll/core/config/schema";
import { InputError } from "@slowroll/core/errors";
import type { StudyOptions } from "./program.ts";

/** Threads that --threads gives: more than run at once would wait for each other at every barrier of the cpu engine, in turn. */
export function threadsOf({ threads }: StudyOptions): { readonly threads?: number; readonly warning?: string } {
  if (threads === undefined) return {};
  const most = availableParallelism();
  if (Number(threads) <= most) return { threads: Number(threads) };
  const all = most > 1 ? `${most} threads run` : "1 thread runs";
  return { threads: most, warning: `--threads: ${all} at once on this machine: ${most}, not ${threads}, will be used` };
}

/** Throws InputError with the flag, or the config's key that it needs, as its path. */
export function checkOptions(
  { threads, engine, adapter, saveFinal, movie }: StudyOptions,
  config: Config<ConfigCommand>,
): void {
  if (threads !== undefined && !/^[1-9]\d{0,3}$/.test(threads)) {
    throw new InputError(`must be a whole number of threads, not ${threads}`, { path: "--threads" });
  }
  if (engine === "cpu" && adapter !== "auto") {
    throw new InputError("an adapter belongs to the webgpu engine: leave out --adapter or --engine cpu", {
      path: "--adapter",
    });
  }
  if (saveFinal !== undefined && !("lattice" in config)) {
    throw new InputError("the homogeneous field has no arrays to save: add a lattice section", {
      path: "--save-final",
    });
  }
  if (movie && "sweep" in config) {
    throw new InputError("shows one run: leave out --movie or sweep", { path: "--movie" });
  }
  if (movie && "time" in config) {
    if (config.lattice === undefined || config.lattice.dimensions === 1) {
      throw new InputError("a movie needs a lattice of two or three dimensions: change lattice or leave out --movie", {
        path: config.lattice ? "lattice.dimensions" : "lattice",
      });
    }
    if (config.observe?.slicesEvery === undefined) {
      throw new InputError("is missing: --movie draws the slices, give the number of steps between them", {
        path: "observe.slicesEvery",
      });
    }
  }
}
