/** Rules that hold between a config's keys, once each key alone is right. */
import { timetable } from "../duality/efolds.ts";
import { InputError } from "../errors.ts";
import { fractionsOf } from "../field/schedule.ts";
import { storesState } from "../field/setup.ts";
import { isWithin } from "../field/waves.ts";
import type { Config, ConfigCommand } from "./schema.ts";

/** Records beyond which a result fits neither memory nor a file that anyone reads. */
const MAX_RECORDS = 1e6;
/** A splitting's coefficients are kept for every step. */
const MAX_LATTICE_STEPS = 1e7;
/** The regression's central differences need steps on both sides of several. */
const MIN_REGRESSION_STEPS = 4;

function demand(holds: boolean, path: string, message: string): void {
  if (!holds) throw new InputError(message, { path });
}

function checkField({ field, fluctuations, lattice, modes, observe, time }: Config<"field">): void {
  if (storesState(fluctuations)) {
    for (const key of ["mean", "velocity"] as const) {
      demand(
        field[key] === undefined,
        `field.${key}`,
        "may not be given with stored arrays, which hold the whole field",
      );
    }
  }
  demand(
    lattice !== undefined || fluctuations.kind === "none",
    "fluctuations",
    "need a lattice: add a lattice section",
  );
  const longest = lattice && (2 * Math.PI) / lattice.length;
  if (longest !== undefined && "cutoff" in fluctuations && fluctuations.cutoff !== undefined) {
    demand(
      isWithin(longest, fluctuations.cutoff),
      "fluctuations.cutoff",
      `is below 2 pi/length = ${longest}, the lattice's smallest wave number, so that no wave would be drawn: use a larger one, or kind: none`,
    );
  }
  demand(
    modes === undefined || lattice === undefined,
    "modes",
    "are for runs without a lattice: leave out lattice or modes",
  );
  demand(observe === undefined || lattice !== undefined, "observe", "needs a lattice: add a lattice section");
  for (const key of ["velocitySpectra", "occupationNumbers"] as const)
    demand(
      !observe?.[key] || observe.spectraEvery !== undefined,
      `observe.${key}`,
      "comes with the spectra: give observe.spectraEvery too",
    );
  const steps = time.end / time.step;
  demand(
    steps / time.recordEvery <= MAX_RECORDS,
    "time.recordEvery",
    `gives ${Math.ceil(steps / time.recordEvery)} records, at most ${MAX_RECORDS} are kept: record less often`,
  );
  const stages = fractionsOf(time).length;
  demand(
    (lattice === undefined && time.integrator === undefined) || steps * stages <= MAX_LATTICE_STEPS,
    "time.step",
    `gives ${Math.ceil(steps * stages)} substeps to time.end, at most ${MAX_LATTICE_STEPS} are taken: use a larger step`,
  );
}

/** Throws InputError where the points of a sweep together have more records than a result holds. */
export function checkSweptRecords(points: readonly Config<"field">[]): void {
  const records = points.reduce((sum, { time }) => sum + time.end / time.step / time.recordEvery, 0);
  demand(
    records <= MAX_RECORDS,
    "sweep",
    `gives ${Math.ceil(records)} records in all, at most ${MAX_RECORDS} are kept: record less often`,
  );
}

function checkDuality({ duality, training, ensemble }: Config<"duality">): void {
  const { background, widths, regression, perturbations, hyperparameters } = duality;
  demand(
    background || [widths, regression, perturbations, hyperparameters].some((section) => section !== undefined),
    "duality",
    "names nothing to compare: give background: true, regression, widths, perturbations or hyperparameters",
  );
  for (const [w, width] of (widths ?? []).entries()) {
    const before = widths![w - 1];
    demand(
      before === undefined || width > before,
      `duality.widths[${w}]`,
      `widths must ascend, each once: ${width} follows ${before}`,
    );
  }
  demand(
    hyperparameters === undefined || Object.keys(hyperparameters).length > 0,
    "duality.hyperparameters",
    "names no hyperparameter: give a list of values to one, as depth: [1, 2]",
  );
  demand(
    regression === undefined || training.steps >= MIN_REGRESSION_STEPS,
    "training.steps",
    `the regression needs at least ${MIN_REGRESSION_STEPS} steps, not ${training.steps}`,
  );
  demand(
    training.steps <= MAX_RECORDS,
    "training.steps",
    `a duality study records every step, at most ${MAX_RECORDS}, not ${training.steps}`,
  );
  demand(
    // Of two, each resample has the same variance over its last: every error would be 0.
    perturbations === undefined || ensemble.size > 2,
    "ensemble.size",
    "the perturbations are a variance over networks, whose error two do not tell: use at least 3",
  );
  if (perturbations) timetable(training);
}

/** Throws InputError at the first rule that does not hold. */
export function checkRules(config: Config<ConfigCommand>): void {
  if ("field" in config) checkField(config);
  else {
    const { training, data } = config;
    const records = training.steps / training.recordEvery;
    demand(
      "duality" in config || records <= MAX_RECORDS,
      "training.recordEvery",
      `gives ${Math.ceil(records)} records, at most ${MAX_RECORDS} are kept: record less often`,
    );
    if ("observe" in config && config.observe && "kernelsEvery" in config.observe) {
      const kernels = training.steps / (config.observe.kernelsEvery ?? Number.POSITIVE_INFINITY);
      demand(
        kernels <= MAX_RECORDS,
        "observe.kernelsEvery",
        `gives kernels at ${Math.ceil(kernels)} steps, at most ${MAX_RECORDS} are kept: record them less often`,
      );
    }
    const { inputs, targets } = data;
    if (Array.isArray(inputs)) {
      const ragged = inputs.findIndex((row) => row.length !== inputs[0]!.length);
      demand(
        ragged < 0,
        `data.inputs[${ragged}]`,
        `has ${inputs[ragged]?.length} coordinates, the first row has ${inputs[0]!.length}`,
      );
    }
    demand(
      typeof targets === "string" || !("expressions" in targets) || Object.keys(targets.expressions).length > 0,
      "data.targets.expressions",
      "names no output: give an expression to one, as { y: sin(theta) }",
    );
    if ("duality" in config) checkDuality(config);
  }
}
