/** Figures of the hyperparameter study: friction and masses of the dual universe against each, with the dictionary's lines through them. */

import { eigenvalueRounding } from "@slowroll/core/linalg/eigen";
import type { DualityDocument } from "../document.ts";
import { settingOf } from "../dualitySummary.ts";
import { labels, linear, logarithmic } from "./axes.ts";
import { counted, type Figure, HEIGHT, PALETTE, say, thinned, WIDTH } from "./figure.ts";

type Point = NonNullable<DualityDocument["hyperparameters"]>[number];

const NAMES: Readonly<Record<string, string>> = {
  learningRate: "learning rate",
  momentum: "momentum β",
  width: "width n",
  depth: "hidden layers",
  weightStd: "standard deviation of the weights",
  biasStd: "standard deviation of the biases",
  activation: "activation",
  points: "data D",
};

/** Modes that are drawn. */
const FAMILY = 8;

/** How far measurements are from their predictions, and what finite width leaves to chance. */
function verdict(points: readonly Point[]): string {
  const known = points.filter(({ measured }) => measured.friction.value !== null);
  const lost = points.length - known.length;
  const missing = lost > 0 ? ` ${lost} of ${points.length} frictions cannot be told from the data.` : "";
  if (known.length === 0) return `The data tell no friction.${missing}`;
  const friction = Math.max(
    ...known.map(({ measured, predicted }) => Math.abs(measured.friction.value! / predicted.friction - 1)),
  );
  const masses = Math.max(
    ...points.map(({ measured, predicted }) =>
      Math.abs(measured.massSquared.values[0]! / predicted.massSquared[0]! - 1),
    ),
  );
  const ofMasses = points.every(({ predicted }) => predicted.massSquared[0] === 0)
    ? "all masses are zero, since V″(0) is"
    : `the largest mass squared within ${say(100 * masses, 2)}%`;
  const fluctuations = points.flatMap(({ measured }) => measured.kernelFluctuation.value ?? []);
  return `3H is within ${say(100 * friction, 2)}% of the prediction and ${ofMasses}; of one network's kernel ${say(100 * Math.min(...fluctuations), 2)} to ${say(100 * Math.max(...fluctuations), 2)}% of its norm is chance, which finite width leaves.${missing}`;
}

/** The hyperparameter's axis. */
function across(name: string, points: readonly Point[]) {
  const values = points.map((point) => settingOf(point).value);
  const numbers = values.filter((value) => typeof value === "number");
  return {
    field: "at",
    title: NAMES[name] ?? name,
    ...(numbers.length === values.length
      ? {
          type: "quantitative" as const,
          ...linear(numbers),
          axis: { ...labels(numbers), tickMinStep: ["depth", "points"].includes(name) ? 1 : 0 },
        }
      : { type: "ordinal" as const, sort: values, axis: { labelAngle: 0 } }),
  };
}

function frictionPanel(points: readonly Point[], x: ReturnType<typeof across>) {
  const rows = points.map((point) => {
    const { value, error } = point.measured.friction;
    return {
      at: settingOf(point).value,
      measured: value,
      low: value === null ? null : value - error!,
      high: value === null ? null : value + error!,
      predicted: point.predicted.friction,
    };
  });
  const y = {
    type: "quantitative" as const,
    title: "friction 3H",
    ...linear(rows.flatMap(({ low, high, predicted }) => [low, high, predicted])),
  };
  return {
    width: WIDTH,
    height: HEIGHT - 150,
    data: { values: rows },
    encoding: { x: { ...x, title: null } },
    layer: [
      {
        mark: { type: "line" as const, strokeWidth: 1.5, color: "#999" },
        encoding: { y: { ...y, field: "predicted" } },
      },
      {
        mark: { type: "rule" as const, strokeWidth: 2, color: PALETTE[0] },
        encoding: { y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      { mark: { type: "point" as const, tooltip: true }, encoding: { y: { ...y, field: "measured" } } },
    ],
  };
}

/** All of a point have the sign of V″(0): on top of a hill they are negative, and of a quartic V all are 0. */
const massesArePositive = (points: readonly Point[]): boolean =>
  points.every(({ predicted }) => predicted.massSquared[0]! > 0);

/** Whether a mode is drawn: on the logarithmic axis of positive masses those that are zero to rounding, of either sign, have no place. */
const moves = (masses: readonly number[], mode: number, positive: boolean): boolean =>
  !positive || masses[mode]! > eigenvalueRounding(masses);

function massPanel(points: readonly Point[], modes: readonly number[], x: ReturnType<typeof across>) {
  const positive = massesArePositive(points);
  const rows = points.flatMap((point) => {
    const { measured, predicted } = point;
    const masses = predicted.massSquared;
    return modes
      .filter((mode) => mode < masses.length && moves(masses, mode, positive))
      .map((mode) => ({
        at: settingOf(point).value,
        mode: String(mode),
        measured: measured.massSquared.values[mode]!,
        predicted: masses[mode]!,
      }));
  });
  const sizes = rows.flatMap(({ measured, predicted }) => [measured, predicted]);
  const y = {
    type: "quantitative" as const,
    title: "mass squared",
    ...(positive ? logarithmic(sizes) : linear(sizes)),
  };
  const color = {
    field: "mode",
    type: "ordinal" as const,
    title: "mode",
    sort: modes.map(String),
    scale: { scheme: "viridis" as const, reverse: true },
    legend: { titleOrient: "left" as const },
  };
  return {
    width: WIDTH,
    height: HEIGHT - 60,
    data: { values: rows },
    encoding: { x, color },
    layer: [
      { mark: { type: "line" as const, strokeWidth: 1.5 }, encoding: { y: { ...y, field: "predicted" } } },
      { mark: { type: "point" as const, tooltip: true }, encoding: { y: { ...y, field: "measured" } } },
    ],
  };
}

function figureOf(name: string, points: readonly Point[], { outputs, config }: DualityDocument): Figure {
  // Where the number of data varies, a mode is there from as many data on.
  const D = Math.max(...points.map(({ predicted }) => predicted.massSquared.length));
  const modes = thinned(D, FAMILY);
  const positive = massesArePositive(points);
  const resting = points.some(({ predicted: { massSquared } }) =>
    massSquared.some((_, mode) => !moves(massSquared, mode, positive)),
  );
  const x = across(name, points);
  return {
    id: `hyperparameter-${name}`,
    title: `The dual universe against ${NAMES[name] ?? name}`,
    shows: `Measured on ${counted(config.ensemble.size, "network")} each (points; above with bootstrap standard errors): Hubble friction from the training curves, and squared masses of ${modes.length} of ${D} modes from the networks' kernels at the start${outputs ? `, mean over the ${outputs.length} outputs` : ""}. Lines are the dictionary's and the infinite-width kernel's, nothing fitted.${resting ? " Masses that are zero to rounding are left out." : ""}`,
    agrees: verdict(points),
    spec: {
      vconcat: [frictionPanel(points, x), massPanel(points, modes, x)],
      resolve: { scale: { color: "independent" } },
    },
  };
}

/** One figure for each hyperparameter that takes several values. */
export function hyperparameterFigures(document: DualityDocument): Figure[] {
  const { hyperparameters = [] } = document;
  const names = [...new Set(hyperparameters.map((point) => settingOf(point).name))];
  return names.flatMap((name) => {
    const points = hyperparameters.filter((point) => settingOf(point).name === name);
    return points.length > 1 ? [figureOf(name, points, document)] : [];
  });
}
