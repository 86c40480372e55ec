/** The library's call of each command that runs a study. */
import type { Config, ConfigCommand } from "@slowroll/core/config/schema";
import type { Engine, JobControl } from "@slowroll/core/engine/engine";
import type { LatticeState } from "@slowroll/core/engine/latticeJob";
import type { SlowrollError } from "@slowroll/core/errors";
import type { Checkpointing } from "@slowroll/core/field/lattice";
import type { SweepHooks } from "@slowroll/core/field/sweep";
import type { SweepPoint } from "@slowroll/core/field/sweepPoint";
import type { TrajectoryFile } from "@slowroll/core/files/trajectories";

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

/** Each is loaded when it is made. */
export const studies: { readonly [C in ConfigCommand]: Study<C> } = {
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
