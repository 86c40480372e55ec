/**
 * The ensemble from which the background, the regression and the perturbations are all made, as long as the longest of them takes: each of its
 * networks is trained once, and what they need of it is collected batch by batch.
 */
import { cooperate } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import type { EnsembleJob } from "../engine/ensembleJob.ts";
import { assertFinitePotential, DivergenceWatch, divergenceError } from "../network/divergence.ts";
import { ensembleJob, type JobSetup, type NetworkSetup } from "../network/setup.ts";
import { firstSteps } from "../recordedSteps.ts";
import { assertTrajectories, BackgroundCollector } from "./background.ts";
import { timetable } from "./efolds.ts";
import { assertPerturbations, PerturbationCollector } from "./perturbations.ts";
import { accumulate, REGRESSION_STEPS } from "./regression.ts";
import type { DualityStudy } from "./study.ts";

/** What is collected of all networks, of each section that is asked for. */
export interface Collected {
  readonly background: BackgroundCollector | undefined;
  /** The networks' sums, as `accumulate` leaves them. */
  readonly regression: number[] | undefined;
  readonly perturbations: PerturbationCollector | undefined;
  readonly engineSeconds: number;
}

export interface SharedEnsemble {
  /** Throws InputError for what shows before the eigenvalues. */
  assertFits(before: JobSetup, engine: Engine): Promise<void>;
  /** @throws InputError; DivergenceError without `partial`; what the engine throws. */
  train(setup: NetworkSetup, engine: Engine, control: JobControl): Promise<Collected>;
}

/** Nothing where the study asks for none of its sections. Throws InputError where the steps are too few for perturbations, or too long. */
export function sharedEnsemble(study: DualityStudy): SharedEnsemble | undefined {
  const { duality, training } = study;
  const { momentum } = training;
  const { perturbations } = duality;
  const waves = perturbations && { mode: perturbations.mode, table: timetable(training) };
  const curves = duality.background || duality.regression !== undefined;
  if (!curves && !waves) return undefined;
  // Perturbations alone take the steps that a wave is followed for.
  const steps = waves && !curves ? waves.table.steps[waves.table.steps.length - 1]! : training.steps;
  const records = steps + 1;
  const kernelRecords = duality.regression ? Math.min(steps, REGRESSION_STEPS + 1) : 0;
  const jobOf = (setup: JobSetup): EnsembleJob =>
    ensembleJob(
      setup,
      { ...study, training: { ...training, steps } },
      { recordOutputs: firstSteps(records), recordKernels: firstSteps(kernelRecords) },
    );
  return {
    async assertFits(before, engine) {
      if (duality.background) assertTrajectories(before.data, records);
      if (waves) assertPerturbations(before, waves.mode);
      await engine.assertRoom(jobOf(before));
    },
    async train(setup, engine, control) {
      const { data, potential } = setup;
      const { targets } = data;
      const wave = waves && new PerturbationCollector(setup, momentum, waves.mode, waves.table);
      // The infinite-width trajectory starts at f = 0, whatever the networks do.
      if (duality.background)
        assertFinitePotential(
          potential,
          targets.map((y) => -y),
        );
      const background = duality.background ? new BackgroundCollector(setup, momentum, steps) : undefined;
      const sums: number[] | undefined = duality.regression && [];
      const job = jobOf(setup);
      const watch = new DivergenceWatch(job);
      const { engineSeconds } = await engine.trainEnsemble(
        job,
        async (batch) => {
          watch.see(batch);
          if (watch.first) return;
          if (background) await cooperate(background.add(batch), control.signal);
          if (sums) accumulate(batch, { targets, potential, records, kernelRecords }, sums);
          if (wave) await cooperate(wave.add(batch, records), control.signal);
        },
        control,
      );
      if (watch.first) throw divergenceError(watch.first, "training", undefined);
      return { background, regression: sums, perturbations: wave, engineSeconds };
    },
  };
}
