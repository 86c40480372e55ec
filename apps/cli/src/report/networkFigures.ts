/** Figures of an ensemble and of kernels. */
import type { ResultDocument } from "../document.ts";
import { earlyThenThinned, type Figure, HEIGHT, say, thinned, WIDTH } from "./figure.ts";

function heatMap(
  id: string,
  title: string,
  matrices: Readonly<Record<string, readonly (readonly number[])[]>>,
  shows: string,
  agrees: string,
): Figure {
  const values = Object.entries(matrices).flatMap(([name, matrix]) =>
    matrix.flatMap((row, a) => row.map((value, b) => ({ name, a, b, value }))),
  );
  const side = Math.min(220, WIDTH / Object.keys(matrices).length);
  return {
    id,
    title,
    shows,
    agrees,
    spec: {
      data: { values },
      facet: { column: { field: "name", type: "nominal", title: null, sort: null } },
      spec: {
        width: side,
        height: side,
        mark: { type: "rect", tooltip: true },
        encoding: {
          x: { field: "b", type: "ordinal", title: "datum", axis: { labelAngle: 0 } },
          y: { field: "a", type: "ordinal", title: "datum" },
          color: { field: "value", type: "quantitative", title: null, scale: { scheme: "blueorange", domainMid: 0 } },
        },
      },
    },
  };
}

export function kernelFigures(document: Extract<ResultDocument, { command: "kernel" }>): Figure[] {
  const { nngp, ntk, eigenvalues } = document;
  if (!nngp || !ntk || !eigenvalues) return [];
  return [
    heatMap(
      "kernels",
      "Kernels of the infinitely wide network",
      { "NNGP: covariance of f": nngp, "NTK: Θ": ntk },
      "Covariance of the outputs at initialisation and the neural tangent kernel between all data.",
      "Both are theory: closed forms, or quadrature converged to 1e-12.",
    ),
    {
      id: "eigenvalues",
      title: "Eigenvalues of the tangent kernel",
      shows: "The squared mass of each mode of the dual field is its eigenvalue times V″.",
      agrees: `The largest, ${say(eigenvalues[0])}, is ${say(eigenvalues[0]! / Math.max(eigenvalues[eigenvalues.length - 1]!, 1e-300))} times the smallest: the slowest mode needs that many times more steps.`,
      spec: {
        width: WIDTH,
        height: 220,
        data: { values: eigenvalues.map((value, mode) => ({ mode, value })) },
        mark: { type: "point", tooltip: true },
        encoding: {
          x: { field: "mode", type: "ordinal", title: "mode", axis: { labelAngle: 0 } },
          y: { field: "value", type: "quantitative", scale: { type: "log" }, title: "eigenvalue" },
        },
      },
    },
  ];
}

export function networkFigures(document: Extract<ResultDocument, { command: "network" }>): Figure[] {
  const {
    times = [],
    mean = [],
    std = [],
    loss = [],
    theory,
    kernelInitial,
    kernelFinal,
    kernelFluctuation,
    kernelDrift,
    config,
  } = document;
  const D = mean[0]?.length ?? 0;
  const steps = earlyThenThinned(times.length, 40, 60);
  const data = thinned(D, 4);
  const rows = steps.flatMap((t) =>
    data.map((a) => ({
      step: times[t],
      datum: String(a),
      mean: mean[t]![a]!,
      low: mean[t]![a]! - std[t]![a]!,
      high: mean[t]![a]! + std[t]![a]!,
      theory: theory?.mean[t]?.[a] ?? null,
    })),
  );
  const last = mean.length - 1;
  const size = config.ensemble.size;
  const distance = theory
    ? Math.max(
        ...theory.mean[last]!.map(
          (value, a) => Math.abs(mean[last]![a]! - value) / Math.max(std[last]![a]! / Math.sqrt(size), 1e-12),
        ),
      )
    : undefined;
  const x = { field: "step", type: "quantitative" as const, title: "step t", scale: { type: "sqrt" as const } };
  const colour = { field: "datum", type: "nominal" as const, title: "datum" };
  const figures: Figure[] = [
    {
      id: "trajectories",
      title: "The ensemble's outputs",
      shows: `Mean of f over ${size} networks of width ${config.network.width} at ${data.length} of ${D} data (dots), one standard deviation (bands)${theory ? ", and the infinite-width mean (lines)" : ""}.`,
      agrees: theory
        ? `At the last step the mean is at most ${say(distance, 2)} standard errors from theory; finite width alone shifts it by a few max|y|/n.`
        : "Theory has no closed form for the mean of this potential; see the duality command.",
      spec: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: rows },
        encoding: { x, color: colour },
        layer: [
          {
            mark: { type: "area", opacity: 0.15 },
            encoding: { y: { field: "low", type: "quantitative", title: "f" }, y2: { field: "high" } },
          },
          ...(theory
            ? [
                {
                  mark: { type: "line" as const, strokeWidth: 1.5 },
                  encoding: { y: { field: "theory", type: "quantitative" as const } },
                },
              ]
            : []),
          {
            mark: { type: "point", tooltip: true, size: 20 },
            encoding: { y: { field: "mean", type: "quantitative" } },
          },
        ],
      },
    },
    {
      id: "loss",
      title: "Loss",
      shows: "The ensemble's mean of the loss, the sum of V(φ) over the data.",
      agrees: `It goes from ${say(loss[0])} to ${say(loss[loss.length - 1])}.`,
      spec: {
        width: WIDTH,
        height: 220,
        data: { values: steps.map((t) => ({ step: times[t], loss: loss[t] })) },
        mark: { type: "line", tooltip: true },
        encoding: {
          x,
          y: {
            field: "loss",
            type: "quantitative",
            title: "loss",
            scale: { type: loss.every((value) => value > 0) ? "log" : "linear" },
          },
        },
      },
    },
  ];
  if (kernelInitial) {
    figures.push(
      heatMap(
        "kernels",
        "Empirical tangent kernel",
        { "at the start": kernelInitial, ...(kernelFinal ? { "at the end": kernelFinal } : {}) },
        "Mean over the ensemble of each network's own tangent kernel, between all data.",
        `Its networks scatter about the infinite-width kernel by ${say(kernelFluctuation)} of its norm and drift by ${say(kernelDrift)} of it in training.`,
      ),
    );
  }
  return figures;
}
