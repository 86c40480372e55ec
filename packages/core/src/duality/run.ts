/** The `duality` command: the sections that the config names, from as few ensembles as they need. */
import { cooperate } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import type { EnsembleJob } from "../engine/ensembleJob.ts";
import { DivergenceError } from "../errors.ts";
import { assertFinitePotential, DivergenceWatch, divergenceError } from "../network/divergence.ts";
import type { PerDatum } from "../network/outputs.ts";
import { ensembleJob, type JobSetup, setupNetwork } from "../network/setup.ts";
import type { Standardisation } from "../network/standardise.ts";
import { firstSteps } from "../recordedSteps.ts";
import { assertTrajectories, BackgroundCollector, type BackgroundResult } from "./background.ts";
import { assertCheckable, type CheckOutcome, evaluateChecks } from "./checks.ts";
import { timetable } from "./efolds.ts";
import { assertHyperparameters, type HyperparameterResult, measureHyperparameters } from "./hyperparameters.ts";
import { assertPerturbations, PerturbationCollector, type PerturbationsResult } from "./perturbations.ts";
import { accumulate, REGRESSION_STEPS, type RegressionResult, regress } from "./regression.ts";
import { assertWidthsFit, measureScaling, type ScalingResult } from "./scaling.ts";
import type { DualityStudy } from "./study.ts";

/** F is what the background has of each datum: a number, or with several outputs one for each. All else is of all outputs together. */
export interface DualityResult<F extends PerDatum = number> {
  /** Names of several outputs, [C]; one has none. */
  readonly outputs?: readonly string[];
  readonly eta: number;
  readonly background?: BackgroundResult<F>;
  readonly regression?: RegressionResult;
  readonly scaling?: ScalingResult;
  readonly perturbations?: PerturbationsResult;
  readonly hyperparameters?: readonly HyperparameterResult[];
  readonly checks?: readonly CheckOutcome[];
  /** What networks see of an input x: (x - shift) / scale, coordinate by coordinate. */
  readonly standardisation?: Standardisation;
  /** Whether every check held; true where there is none. */
  readonly passed: boolean;
  readonly warnings: readonly string[];
}

/** Resamples behind each error where the regression's section does not say. */
const BOOTSTRAP = 200;

/** What has been finished so far, for a caller that must keep it when the run is interrupted. */
export type OnSection = (partial: Omit<DualityResult<PerDatum>, "passed">) => void;

/**
 * Runs a duality study. What there is of each datum is the caller's to know: number[] where the targets are of several outputs.
 * @throws InputError, ExpressionError; DivergenceError whose `partial` holds the finished sections; what the engine throws.
 */
export async function dualityStudy<F extends PerDatum = number>(
  study: DualityStudy,
  engine: Engine,
  control: JobControl = {},
  onSection?: OnSection,
): Promise<{ result: DualityResult<F>; engineSeconds: number }> {
  const {
    background: wantsBackground,
    regression: regressionSpec,
    widths,
    perturbations: perturbationsSpec,
    hyperparameters: values,
    checks = [],
  } = study.duality;
  const { training } = study;
  const { momentum } = training;
  const wantsCurves = wantsBackground || regressionSpec !== undefined;
  const table = perturbationsSpec && timetable(training);
  const wantsEnsemble = wantsCurves || table !== undefined;
  // Perturbations alone take the steps that a wave is followed for.
  const steps = table && !wantsCurves ? table.steps[table.steps.length - 1]! : training.steps;
  const kernelRecords = regressionSpec ? Math.min(steps, REGRESSION_STEPS + 1) : 0;
  const jobOf = (setup: JobSetup): EnsembleJob =>
    ensembleJob(
      setup,
      { ...study, training: { ...training, steps } },
      { recordOutputs: firstSteps(steps + 1), recordKernels: firstSteps(kernelRecords) },
    );
  const setup = await setupNetwork(study, control, async (before) => {
    assertCheckable(study, before.data.points, before.data.outputs);
    if (wantsBackground) assertTrajectories(before.data, steps + 1);
    if (perturbationsSpec) assertPerturbations(before, perturbationsSpec.mode);
    if (wantsEnsemble) await engine.assertRoom(jobOf(before));
    await assertWidthsFit(before, study, widths ?? [], engine);
    if (values) await assertHyperparameters(study, values, engine, control);
  });
  const { outputs, outputNames, targets, standardisation } = setup.data;
  const modes = perturbationsSpec && table && new PerturbationCollector(setup, momentum, perturbationsSpec.mode, table);
  const bootstrap = regressionSpec?.bootstrap ?? BOOTSTRAP;
  const alone = study.ensemble.size < 2 ? ["ensemble.size: one network has no spread: no standard error is known"] : [];
  const { recordEvery } = training;
  const everyStep =
    recordEvery === 1
      ? []
      : [`training.recordEvery: has no effect here: a duality study records every step, not every ${recordEvery}`];
  let sections: Omit<DualityResult<PerDatum>, "passed"> = {
    ...(outputs > 1 ? { outputs: outputNames } : {}),
    eta: setup.eta,
    ...(standardisation ? { standardisation } : {}),
    warnings: [...setup.warnings, ...everyStep, ...alone],
  };
  const finish = (more: Partial<DualityResult<PerDatum>>): void => {
    sections = { ...sections, ...more };
    onSection?.(sections);
  };
  let engineSeconds = 0;
  try {
    if (wantsEnsemble) {
      // The infinite-width trajectory starts at f = 0, whatever the networks do.
      if (wantsBackground)
        assertFinitePotential(
          setup.potential,
          targets.map((y) => -y),
        );
      const collector = new BackgroundCollector(setup, momentum, steps);
      const sums: number[] = [];
      const job = jobOf(setup);
      const watch = new DivergenceWatch(job);
      const report = await engine.trainEnsemble(
        job,
        async (batch) => {
          watch.see(batch);
          if (watch.first) return;
          if (wantsBackground) await cooperate(collector.add(batch), control.signal);
          if (regressionSpec) {
            accumulate(batch, { targets, potential: setup.potential, records: steps + 1, kernelRecords }, sums);
          }
          if (modes) await cooperate(modes.add(batch, steps + 1), control.signal);
        },
        control,
      );
      engineSeconds += report.engineSeconds;
      if (watch.first) throw divergenceError(watch.first, "training", undefined);
      if (regressionSpec) {
        control.onStage?.(`${bootstrap} resamples of ${study.ensemble.size} networks`);
        const regression = regress(sums, bootstrap, setup.eta, momentum);
        finish({ regression: await cooperate(regression, control.signal) });
      }
      if (wantsBackground) {
        control.onStage?.(`dual fields of ${setup.data.points} data`);
        const { background, warnings } = await cooperate(collector.result(), control.signal);
        finish({ background, warnings: [...sections.warnings, ...warnings] });
      }
      if (modes) {
        const {
          perturbations,
          engineSeconds: seconds,
          warnings,
        } = await modes.result(engine, study.ensemble.seed, bootstrap, control);
        engineSeconds += seconds;
        finish({ perturbations, warnings: [...sections.warnings, ...warnings] });
      }
    }
    if (widths) {
      const {
        result: scaling,
        engineSeconds: seconds,
        warnings,
      } = await measureScaling(study, widths, engine, control, setup);
      engineSeconds += seconds;
      finish({ scaling, warnings: [...sections.warnings, ...warnings] });
    }
    if (values) {
      const { warnings: before } = sections;
      engineSeconds += await measureHyperparameters(study, values, bootstrap, engine, control, (result, warnings) =>
        finish({ hyperparameters: result, warnings: [...before, ...warnings] }),
      );
    }
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    const { message, step, path } = error;
    throw new DivergenceError(message, step, { partial: sections, cause: error, ...(path ? { path } : {}) });
  }
  const outcomes = evaluateChecks(sections, checks);
  const result: DualityResult<PerDatum> = {
    ...sections,
    ...(outcomes.length > 0 ? { checks: outcomes } : {}),
    passed: outcomes.every(({ passed }) => passed),
  };
  return { result: result as DualityResult<F>, engineSeconds };
}
