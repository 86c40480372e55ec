/**
 * A lattice run's checkpoint in its folder: written every so often and when interrupted, read by --resume. The run goes on where one cannot be
 * written.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Config } from "@slowroll/core/config/schema";
import { describePart } from "@slowroll/core/engine/parts";
import { InputError, UnwritableError } from "@slowroll/core/errors";
import type { Checkpointing } from "@slowroll/core/field/lattice";
import { type FieldCheckpoint, readCheckpoint, writeCheckpoint } from "@slowroll/core/files/checkpoint";
import { VERSION } from "@slowroll/core/version";
import { CHECKPOINT, makeFolder } from "./folder.ts";

/**
 * The checkpoint of a folder.
 * @throws InputError (--resume) where there is none, or it cannot be read.
 */
export async function readFolderCheckpoint(folder: string): Promise<FieldCheckpoint> {
  if (!existsSync(folder))
    throw new InputError(`${folder} is not there: name the folder of a run`, { path: "--resume" });
  const file = path.join(folder, CHECKPOINT);
  if (!existsSync(file)) {
    throw new InputError(`${folder} has no ${CHECKPOINT}: the run is done, or ended before its first; start it anew`, {
      path: "--resume",
    });
  }
  return readCheckpoint(file, "--resume");
}

/** What a checkpoint says of the runs that it is of: the config, or the configs of a sweep's points that are evolved together. */
export const checkpointConfig = (configs: readonly Config<"field">[]): object =>
  configs.length === 1 ? configs[0]! : configs;

/** What hears of checkpoints, in words too. */
export interface CheckpointHooks {
  /** Is called before each is written. Throws UnwritableError. */
  ready(): Promise<void>;
  onSave(said: string, step: number): void;
  /** The run goes on, and what was kept before stays. `again`: when it is tried next. */
  onFailure(said: string, error: UnwritableError, again: string): void;
}

/** Checkpoints of runs that are evolved together in `folder`. */
export function folderCheckpoints(
  folder: string,
  configs: readonly Config<"field">[],
  resumed: FieldCheckpoint | undefined,
  { ready, onSave, onFailure }: CheckpointHooks,
): Checkpointing {
  const [config] = configs as [Config<"field">];
  const { lattice, fluctuations, field, precision } = config;
  const seconds = config.checkpoint.everySeconds;
  return {
    seconds,
    resume: resumed?.checkpoint,
    async save(checkpoint, step, alphaTime, evolved) {
      const said = `step ${step}${evolved.count < evolved.all ? ` of ${describePart(evolved)}` : ""}`;
      try {
        await ready();
        await makeFolder(folder);
        await writeCheckpoint(path.join(folder, CHECKPOINT), {
          config: checkpointConfig(configs),
          version: VERSION,
          fields: field.fields ?? ["phi"],
          ...(configs.length === 1 && "seed" in fluctuations ? { seed: fluctuations.seed } : {}),
          step,
          alphaTime,
          grid: lattice!,
          precision,
          checkpoint,
        });
      } catch (error) {
        if (!(error instanceof UnwritableError)) throw error;
        onFailure(said, error, `tries again in ${seconds} s`);
        return;
      }
      onSave(said, step);
    },
  };
}
