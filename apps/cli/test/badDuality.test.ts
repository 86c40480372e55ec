/** Every way of writing a duality study's config wrongly: exit 2, one clear line that names the place, nothing written. */
import { describe, it } from "vitest";
import { refused } from "./refused.ts";

const SMALL = "network: { width: 8 }\nensemble: { size: 4 }";
/** Config, what the line must begin with after "slowroll: ", and a word that must stand in it. */
const configs: [config: string, place: string, word: string][] = [
  ["training: { batch: { size: 4 } }", "training.batch", "unknown key"],
  ["duality: { spectrum: { mode: 0 } }", "duality.spectrum", "known: background"],
  ["duality: { perturbations: { mod: 0 } }", "duality.perturbations.mod", "mode"],
  ["duality: { perturbations: { mode: -1 } }", "duality.perturbations.mode", "at least 0"],
  ["duality: { perturbations: true }", "duality.perturbations", "a section"],
  ["duality: { perturbations: {} }\ntraining: { steps: 9 }", "training.steps", "at least 10 steps"],
  [
    "duality: { perturbations: {} }\ntraining: { momentum: 0.001 }",
    "training.momentum",
    "2.30 e-folds a step at momentum 0.001",
  ],
  ["duality: { perturbations: {} }\nensemble: { size: 2 }", "ensemble.size", "use at least 3"],
  [
    `duality: { perturbations: {} }\n${SMALL}\ntraining: { potential: doubleWell }`,
    "training.potential",
    "a quadratic potential only",
  ],
  [
    `duality: { perturbations: {} }\n${SMALL}\ntraining: { learningRate: { relative: 1.5 } }`,
    "training.learningRate",
    "is not below 1; use a smaller one",
  ],
  [
    `duality: { checks: [{ path: perturbations.exponent, expected: -2, tolerance: 0.1 }] }\n${SMALL}`,
    "duality.checks[0].path",
    "add duality.perturbations",
  ],
  ["duality: { hyperparameters: {} }", "duality.hyperparameters", "names no hyperparameter"],
  ["duality: { background: false }", "duality", "names nothing to compare"],
  ["duality: { regression: { bootstraps: 5 } }", "duality.regression.bootstraps", "bootstrap"],
  ["duality: { background: maybe }", "duality.background", "true or false"],
  ["duality: { widths: 64 }", "duality.widths", "list"],
  ["duality: { widths: [64] }", "duality.widths", "at least 2"],
  ["duality: { widths: [64, 32] }", "duality.widths[1]", "ascend"],
  ["duality: { widths: [64, 0] }", "duality.widths[1]", "at least 1"],
  ["duality: { regression: { bootstrap: 1 } }", "duality.regression.bootstrap", "at least 10"],
  ["training: { steps: 2 }\nduality: { regression: {} }", "training.steps", "4 steps"],
  [
    "data: { targets: [x0, x1] }\nduality: { checks: [{ path: background.theory.0.0, expected: 0, tolerance: 1 }] }",
    "duality.checks[0].path",
    "no number",
  ],
  [`${SMALL}\ntraining: { potential: { name: hilltop, parameters: { p: 2.5 } } }`, "training.potential", "not finite"],
  ["duality: { checks: [{ path: foo, expected: 1, tolerance: 1 }] }", "duality.checks[0].path", "known: eta"],
  [
    "duality: { checks: [{ path: regression.a.value, expected: 1, tolerance: 1 }] }",
    "duality.checks[0].path",
    "duality.regression",
  ],
];

describe("bad configs of a duality study", () => {
  it.each(configs)("%s", (config, place, word) => refused(["duality", "-", "--adapter", "auto"], config, place, word));
});
