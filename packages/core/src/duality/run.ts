/** The `duality` command: the sections that the config names, from as few ensembles as they need. */
import { cooperate } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import { DivergenceError, InputError } from "../errors.ts";
import { assertFinitePotential, DivergenceWatch, divergenceError } from "../network/divergence.ts";
import { ensembleJob, setupNetwork } from "../network/setup.ts";
import type { Standardisation } from "../network/standardise.ts";
import { BackgroundCollector, type BackgroundResult } from "./background.ts";
import { assertCheckable, type CheckOutcome, evaluateChecks } from "./checks.ts";
import { assertHyperparameters, type HyperparameterResult, measureHyperparameters } from "./hyperparameters.ts";
import { accumulate, REGRESSION_STEPS, type RegressionResult, regress } from "./regression.ts";
import { measureScaling, type ScalingResult } from "./scaling.ts";
import type { DualityStudy } from "./study.ts";

export interface DualityResult {
  readonly eta: number;
  readonly background?: BackgroundResult;
  readonly regression?: RegressionResult;
  readonly scaling?: ScalingResult;
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
export type OnSection = (partial: Omit<DualityResult, "passed">) => void;

/**
 * Runs a duality study.
 * @throws InputError, ExpressionError; DivergenceError whose `partial` holds the finished sections; what the engine throws.
 */
export async function dualityStudy(
  study: DualityStudy,
  engine: Engine,
  control: JobControl = {},
  onSection?: OnSection,
): Promise<{ result: DualityResult; engineSeconds: number }> {
  const {
    background: wantsBackground,
    regression: regressionSpec,
    widths,
    hyperparameters: values,
    checks = [],
  } = study.duality;
  const { steps, momentum } = study.training;
  const setup = await setupNetwork(study, control);
  if (setup.data.outputs > 1)
    throw new InputError("a duality study has one output: give targets of one", { path: "data.targets" });
  assertCheckable(study, setup.data.points);
  if (values) assertHyperparameters(study, values);
  const alone = study.ensemble.size < 2 ? ["ensemble.size: one network has no spread: no standard error is known"] : [];
  const { standardisation } = setup.data;
  let sections: Omit<DualityResult, "passed"> = {
    eta: setup.eta,
    ...(standardisation ? { standardisation } : {}),
    warnings: [...setup.warnings, ...alone],
  };
  const finish = (more: Partial<DualityResult>): void => {
    sections = { ...sections, ...more };
    onSection?.(sections);
  };
  let engineSeconds = 0;
  try {
    if (wantsBackground || regressionSpec) {
      const kernelRecords = regressionSpec ? Math.min(steps, REGRESSION_STEPS + 1) : 0;
      const range = (count: number): number[] => Array.from({ length: count }, (_, t) => t);
      const { points, targets } = setup.data;
      // The infinite-width trajectory starts at f = 0, whatever the networks do.
      if (wantsBackground)
        assertFinitePotential(
          setup.potential,
          targets.map((y) => -y),
        );
      const collector = new BackgroundCollector(setup, momentum, steps);
      const sums: number[] = [];
      const job = ensembleJob(setup, study, { recordOutputs: range(steps + 1), recordKernels: range(kernelRecords) });
      const watch = new DivergenceWatch(job);
      const report = await engine.trainEnsemble(
        job,
        async (batch) => {
          watch.see(batch);
          if (watch.first) return;
          if (wantsBackground) await cooperate(collector.add(batch), control.signal);
          if (regressionSpec) {
            accumulate(batch, { points, targets, potential: setup.potential, records: steps + 1, kernelRecords }, sums);
          }
        },
        control,
      );
      engineSeconds += report.engineSeconds;
      if (watch.first) throw divergenceError(watch.first, "training", undefined);
      if (regressionSpec) finish({ regression: regress(sums, regressionSpec.bootstrap, setup.eta, momentum) });
      if (wantsBackground) {
        const { background, warnings } = await cooperate(collector.result(), control.signal);
        finish({ background, warnings: [...sections.warnings, ...warnings] });
      }
    }
    if (widths) {
      const {
        result: scaling,
        engineSeconds: seconds,
        warnings,
      } = await measureScaling(study, widths, engine, control);
      engineSeconds += seconds;
      finish({ scaling, warnings: [...sections.warnings, ...warnings] });
    }
    if (values) {
      const bootstrap = regressionSpec?.bootstrap ?? BOOTSTRAP;
      const measured = await measureHyperparameters(study, values, bootstrap, engine, control);
      engineSeconds += measured.engineSeconds;
      finish({ hyperparameters: measured.result, warnings: [...sections.warnings, ...measured.warnings] });
    }
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    const { message, step, path } = error;
    throw new DivergenceError(message, step, { partial: sections, cause: error, ...(path ? { path } : {}) });
  }
  const outcomes = evaluateChecks(sections, checks);
  return {
    result: {
      ...sections,
      ...(outcomes.length > 0 ? { checks: outcomes } : {}),
      passed: outcomes.every(({ passed }) => passed),
    },
    engineSeconds,
  };
}
