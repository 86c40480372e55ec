/** A lattice run's checkpoint in its folder: written every so often and when interrupted, read by --resume, removed when the run is done. */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Config } from "@slowroll/core/config/schema";
import { describePart } from "@slowroll/core/engine/parts";
import { InputError } from "@slowroll/core/errors";
import type { Checkpointing } from "@slowroll/core/field/lattice";
import { type FieldCheckpoint, readCheckpoint, writeCheckpoint } from "@slowroll/core/files/checkpoint";
import { VERSION } from "@slowroll/core/version";
import { CHECKPOINT } from "./folder.ts";

/**
 * The checkpoint of a folder.
 * @throws InputError (--resume) where there is none, or it cannot be read.
 */
export async function readFolderCheckpoint(folder: string): Promise<FieldCheckpoint> {
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

/** Checkpoints of runs that are evolved together in `folder`, which `ready` is called before; `onSave` hears of each, in words too. */
export function folderCheckpoints(
  folder: string,
  configs: readonly Config<"field">[],
  resumed: FieldCheckpoint | undefined,
  ready: () => Promise<void>,
  onSave: (said: string, step: number) => void,
): Checkpointing {
  const [config] = configs as [Config<"field">];
  const { lattice, fluctuations, field, precision } = config;
  return {
    seconds: config.checkpoint.everySeconds,
    resume: resumed?.checkpoint,
    async save(checkpoint, step, alphaTime, evolved) {
      await ready();
      await mkdir(folder, { recursive: true });
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
      onSave(`step ${step}${evolved.count < evolved.all ? ` of ${describePart(evolved)}` : ""}`, step);
    },
  };
}

/** Removes what a finished run no longer goes on from. */
export async function removeCheckpoint(folder: string): Promise<void> {
  await rm(path.join(folder, CHECKPOINT), { force: true });
}
