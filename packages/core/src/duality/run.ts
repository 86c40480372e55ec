/** The `duality` command: the sections that the config names, from as few ensembles as they need. */
import { cooperate } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import { DivergenceError } from "../errors.ts";
import type { PerDatum } from "../network/outputs.ts";
import { setupNetwork } from "../network/setup.ts";
import type { Standardisation } from "../network/standardise.ts";
import type { BackgroundResult } from "./background.ts";
import { assertCheckable, type CheckOutcome, evaluateChecks } from "./checks.ts";
import { assertHyperparameters, type HyperparameterResult, measureHyperparameters } from "./hyperparameters.ts";
import type { PerturbationsResult } from "./perturbations.ts";
import { type RegressionResult, regress } from "./regression.ts";
import { assertWidthsFit, measureScaling, type ScalingResult } from "./scaling.ts";
import { sharedEnsemble } from "./sharedEnsemble.ts";
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

/** What of a config has no effect, or leaves nothing to tell errors by. */
function configWarnings({ training: { recordEvery }, ensemble }: DualityStudy): string[] {
  const everyStep = `training.recordEvery: has no effect here: a duality study records every step, not every ${recordEvery}`;
  const alone = "ensemble.size: one network has no spread: no standard error is known";
  return [...(recordEvery === 1 ? [] : [everyStep]), ...(ensemble.size < 2 ? [alone] : [])];
}

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
  const { widths, regression: regressionSpec, hyperparameters: values, checks = [] } = study.duality;
  const shared = sharedEnsemble(study);
  const setup = await setupNetwork(study, control, async (before) => {
    assertCheckable(study, before.data.points, before.data.outputs);
    await shared?.assertFits(before, engine);
    await assertWidthsFit(before, study, widths ?? [], engine);
    if (values) await assertHyperparameters(study, values, engine, control);
  });
  const { points, outputs, outputNames, standardisation } = setup.data;
  const bootstrap = regressionSpec?.bootstrap ?? BOOTSTRAP;
  let sections: Omit<DualityResult<PerDatum>, "passed"> = {
    ...(outputs > 1 ? { outputs: outputNames } : {}),
    eta: setup.eta,
    ...(standardisation ? { standardisation } : {}),
    warnings: [...setup.warnings, ...configWarnings(study)],
  };
  const finish = (more: Partial<DualityResult<PerDatum>>): void => {
    sections = { ...sections, ...more };
    onSection?.(sections);
  };
  let engineSeconds = 0;
  try {
    if (shared) {
      const collected = await shared.train(setup, engine, control);
      engineSeconds += collected.engineSeconds;
      if (collected.regression) {
        control.onStage?.(`${bootstrap} resamples of ${study.ensemble.size} networks`);
        const regression = regress(collected.regression, bootstrap, setup.eta, study.training.momentum);
        finish({ regression: await cooperate(regression, control.signal) });
      }
      if (collected.background) {
        control.onStage?.(`dual fields of ${points} data`);
        const { background, warnings } = await cooperate(collected.background.result(), control.signal);
        finish({ background, warnings: [...sections.warnings, ...warnings] });
      }
      if (collected.perturbations) {
        const {
          perturbations,
          engineSeconds: seconds,
          warnings,
        } = await collected.perturbations.result(engine, study.ensemble.seed, bootstrap, control);
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
