/** Figures of an ensemble and of kernels. */
import type { ResultDocument } from "../document.ts";
import { linear, logarithmic, steps as stepAxis } from "./axes.ts";
import { earlyThenThinned, evenTicks, type Figure, HEIGHT, PALETTE, say, thinned, WIDTH } from "./figure.ts";
import { heatMap } from "./heatMap.ts";
import { observedFigures } from "./observedFigures.ts";
import { testFigures } from "./testFigure.ts";

export function kernelFigures(document: Extract<ResultDocument, { command: "kernel" }>): Figure[] {
  const { nngp, ntk, eigenvalues } = document;
  if (!nngp || !ntk || !eigenvalues) return [];
  return [
    heatMap(
      {
        id: "kernels",
        title: "Kernels of the infinitely wide network",
        shows: "Covariance of the outputs at initialisation and the neural tangent kernel between all data.",
        agrees: "Both are theory: closed forms, or quadrature converged to 10⁻¹².",
      },
      { "NNGP: covariance of f": nngp, "NTK: Θ": ntk },
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
          x: {
            field: "mode",
            type: "ordinal",
            title: "mode",
            axis: { labelAngle: 0, values: evenTicks(eigenvalues.length, 24) },
          },
          y: { field: "value", type: "quantitative", title: "eigenvalue λ", ...logarithmic(eigenvalues) },
        },
      },
    },
  ];
}

type NetworkDocument = Extract<ResultDocument, { command: "network" }>;

/** Variances of the outputs along the kernel's eigenvectors: training empties the first modes first. */
function modesFigure(
  { eigenvalues, varianceInitial, varianceFinal }: NonNullable<NetworkDocument["modes"]>,
  alignment: NetworkDocument["kernelAlignment"],
): Figure {
  const values = eigenvalues.flatMap((_, mode) => [
    { mode, when: "at the start", variance: varianceInitial[mode]! },
    { mode, when: "at the end", variance: varianceFinal[mode]! },
  ]);
  return {
    id: "modes",
    title: "Fluctuations by mode of the tangent kernel",
    shows:
      "Variance over the ensemble of the outputs along each eigenvector of the infinite-width kernel, largest eigenvalue first.",
    agrees:
      typeof alignment?.initial === "number" && typeof alignment.final === "number"
        ? `The kernel's alignment with the targets goes from ${say(alignment.initial)} to ${say(alignment.final)} in training.`
        : "The targets are all zero: the kernel has nothing to align with.",
    spec: {
      width: WIDTH,
      height: 220,
      data: { values },
      mark: { type: "point", tooltip: true },
      encoding: {
        x: {
          field: "mode",
          type: "ordinal",
          title: "mode",
          axis: { labelAngle: 0, values: evenTicks(eigenvalues.length, 24) },
        },
        y: {
          field: "variance",
          type: "quantitative",
          title: "variance",
          ...logarithmic(values.map(({ variance }) => variance)),
        },
        color: { field: "when", type: "nominal", title: null, sort: null, scale: { range: PALETTE.slice(0, 2) } },
      },
    },
  };
}

/** Standard errors within which a largest difference over the data is noise. */
const NOISE = 5;

/** Largest difference between an ensemble's mean and theory over the data, and the largest in standard errors, theory's own included. */
function furthest(
  mean: readonly number[],
  std: readonly number[],
  theory: readonly number[],
  theoryErrors: readonly number[],
  size: number,
): [shift: number, distance: number] {
  const shifts = theory.map((value, a) => Math.abs(mean[a]! - value));
  const distances = shifts.map(
    (shift, a) => shift / Math.max(Math.hypot(std[a]! / Math.sqrt(size), theoryErrors[a] ?? 0), 1e-12),
  );
  return [Math.max(...shifts), Math.max(...distances)];
}

export function networkFigures(document: NetworkDocument): Figure[] {
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
    kernelAlignment,
    modes,
    test,
    config,
  } = document;
  const D = mean[0]?.length ?? 0;
  const steps = earlyThenThinned(times.length, 40, 60);
  const data = thinned(D, 4);
  const rows = steps.flatMap((t) =>
    data.map((a) => ({
      step: times[t],
      datum: `datum ${a}`,
      mean: mean[t]![a]!,
      low: mean[t]![a]! - std[t]![a]!,
      high: mean[t]![a]! + std[t]![a]!,
      theory: theory?.mean[t]?.[a] ?? null,
      ...(theory?.std
        ? {
            theoryLow: theory.mean[t]![a]! - theory.std[t]![a]!,
            theoryHigh: theory.mean[t]![a]! + theory.std[t]![a]!,
          }
        : {}),
    })),
  );
  const last = mean.length - 1;
  const size = config.ensemble.size;
  const [shift, distance] = theory
    ? furthest(mean[last]!, std[last]!, theory.mean[last]!, theory.meanError?.[last] ?? [], size)
    : [0, 0];
  const x = stepAxis(times.at(-1) ?? 1);
  const y = {
    type: "quantitative" as const,
    ...linear(
      rows.flatMap(({ low, high, theory: at, theoryLow, theoryHigh }) => [low, high, at, theoryLow, theoryHigh]),
    ),
  };
  const figures: Figure[] = [
    {
      id: "trajectories",
      title: "The ensemble's outputs",
      shows: `Mean of f over ${size} networks of width ${config.network.width} at ${data.length} of ${D} data (dots), one standard deviation (bands)${theory ? `, and the infinite-width mean (lines)${theory.std ? " and standard deviation (dashed)" : ""}${theory.samples ? ` of ${theory.samples} samples` : ""}` : ""}.`,
      agrees: theory
        ? `At the last step the mean is at most ${say(shift)}, or ${say(distance, 2)} standard errors, from theory: ${distance <= NOISE ? "they agree" : "more than noise, and finite width's only if it falls as 1/n"}.`
        : "Samples of the infinitely wide ensemble diverge, so that it has no mean.",
      spec: {
        data: { values: rows },
        facet: {
          field: "datum",
          type: "nominal",
          title: null,
          sort: null,
        },
        columns: 2,
        spacing: 18,
        spec: {
          width: (WIDTH - 30) / 2,
          height: HEIGHT / 2,
          encoding: { x },
          layer: [
            {
              mark: { type: "area", opacity: 0.18 },
              encoding: { y: { ...y, field: "low", title: "f" }, y2: { field: "high" } },
            },
            ...(theory
              ? [
                  {
                    mark: { type: "line" as const, strokeWidth: 1.5, color: PALETTE[1] },
                    encoding: { y: { ...y, field: "theory" } },
                  },
                  ...(theory.std ? ["theoryLow", "theoryHigh"] : []).map((field) => ({
                    mark: { type: "line" as const, strokeWidth: 1, strokeDash: [2, 3], color: PALETTE[1] },
                    encoding: { y: { ...y, field } },
                  })),
                ]
              : []),
            {
              mark: { type: "point", tooltip: true, size: 16 },
              encoding: { y: { ...y, field: "mean" } },
            },
          ],
        },
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
            ...(loss.every((value) => value > 0) ? logarithmic(loss) : linear(loss)),
          },
        },
      },
    },
  ];
  if (test) figures.push(...testFigures(test, size));
  if (modes) figures.push(modesFigure(modes, kernelAlignment));
  if (kernelInitial) {
    figures.push(
      heatMap(
        {
          id: "kernels",
          title: "Empirical tangent kernel",
          shows: "Mean over the ensemble of each network's own tangent kernel, between all data.",
          agrees: `Its networks scatter about the infinite-width kernel by ${say(kernelFluctuation)} of its norm and drift by ${say(kernelDrift)} of it in training.`,
        },
        { "at the start": kernelInitial, ...(kernelFinal ? { "at the end": kernelFinal } : {}) },
      ),
    );
  }
  return [...figures, ...observedFigures(document)];
}
