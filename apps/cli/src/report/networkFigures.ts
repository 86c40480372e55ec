/** Figures of an ensemble and of kernels. */
import { eigenvalueRounding } from "@slowroll/core/linalg/eigen";
import type { KernelDocument, NetworkDocument } from "../document.ts";
import { outputsOf } from "../outputs.ts";
import { linear, logarithmic, steps as stepAxis } from "./axes.ts";
import { earlyThenThinned, evenTicks, type Figure, PALETTE, say, WIDTH } from "./figure.ts";
import { heatMap } from "./heatMap.ts";
import { observedFigures } from "./observedFigures.ts";
import { outputFigure } from "./outputFigure.ts";
import { testFigures } from "./testFigure.ts";

export function kernelFigures(document: KernelDocument): Figure[] {
  const { nngp, ntk, eigenvalues } = document;
  if (!nngp || !ntk) return [];
  const matrices = heatMap(
    {
      id: "kernels",
      title: "Kernels of the infinitely wide network",
      shows: "Covariance of the outputs at initialisation and the neural tangent kernel between all data.",
      agrees: "Both are theory: closed forms, or quadrature converged to 10⁻¹².",
    },
    { "NNGP: covariance of f": nngp, "NTK: Θ": ntk },
  );
  return eigenvalues ? [matrices, eigenvaluesFigure(eigenvalues)] : [matrices];
}

/** The kernel's modes across, some of which are numbered; those without a mark too. */
const modeAxis = (modes: number) => ({
  field: "mode",
  type: "ordinal" as const,
  title: "mode",
  scale: { domain: Array.from({ length: modes }, (_, mode) => mode) },
  axis: { labelAngle: 0, values: evenTicks(modes, 24) },
});

/** Modes that move: the eigenvalues of the others are zero to rounding, of either sign, and have no place on a logarithmic axis. */
function moving(eigenvalues: readonly number[]): number[] {
  const rounding = eigenvalueRounding(eigenvalues);
  return [...eigenvalues.keys()].filter((mode) => eigenvalues[mode]! > rounding);
}

function spread(eigenvalues: readonly number[], resting: number): string {
  const [largest, smallest] = [eigenvalues[0]!, eigenvalues.at(-1)!];
  if (resting === 0)
    return `The largest, ${say(largest)}, is ${say(largest / smallest)} times the smallest: the slowest mode needs that many times more steps.`;
  const [are, modes] =
    resting === 1 ? ["is", "its mode does not move and is"] : ["are", "their modes do not move and are"];
  return `The largest is ${say(largest)}; ${resting} of ${eigenvalues.length} ${are} zero to rounding: ${modes} left out.`;
}

function eigenvaluesFigure(eigenvalues: readonly number[]): Figure {
  const modes = moving(eigenvalues);
  return {
    id: "eigenvalues",
    title: "Eigenvalues of the tangent kernel",
    shows: "The squared mass of each mode of the dual field is its eigenvalue times V″.",
    agrees: spread(eigenvalues, eigenvalues.length - modes.length),
    spec: {
      width: WIDTH,
      height: 220,
      data: { values: modes.map((mode) => ({ mode, value: eigenvalues[mode]! })) },
      mark: { type: "point", tooltip: true },
      encoding: {
        x: modeAxis(eigenvalues.length),
        y: {
          field: "value",
          type: "quantitative",
          title: "eigenvalue λ",
          ...logarithmic(modes.map((mode) => eigenvalues[mode]!)),
        },
      },
    },
  };
}

/** Variances of the outputs along the kernel's eigenvectors: training empties the first modes first. None where no mode has any. */
function modesFigure(
  { eigenvalues, varianceInitial, varianceFinal }: NonNullable<NetworkDocument["modes"]>,
  outputs: number,
  alignment: NetworkDocument["kernelAlignment"],
): Figure[] {
  const mean = (of: number | readonly number[]): number =>
    typeof of === "number" ? of : of.reduce((sum, value) => sum + value / outputs, 0);
  const values = moving(eigenvalues)
    .flatMap((mode) => [
      { mode, when: "at the start", variance: mean(varianceInitial[mode]!) },
      { mode, when: "at the end", variance: mean(varianceFinal[mode]!) },
    ])
    .filter(({ variance }) => variance > 0);
  if (values.length === 0) return [];
  const figure: Figure = {
    id: "modes",
    title: "Fluctuations by mode of the tangent kernel",
    shows: `Variance over the ensemble of the outputs along each eigenvector of the infinite-width kernel, largest eigenvalue first${outputs > 1 ? ", mean over the outputs" : ""}.`,
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
        x: modeAxis(eigenvalues.length),
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
  return [figure];
}

export function networkFigures(document: NetworkDocument): Figure[] {
  const {
    times = [],
    loss = [],
    outputs,
    kernelInitial,
    kernelFinal,
    kernelFluctuation,
    kernelDrift,
    kernelAlignment,
    modes,
    test,
    config,
  } = document;
  const steps = earlyThenThinned(times.length, 40, 60);
  const figures = [outputFigure(document)];
  // One step is no curve.
  if (times.length > 1) {
    figures.push({
      id: "loss",
      title: "Loss",
      shows: `The ensemble's mean of the loss, the sum of V(φ) over the data${outputs ? " and outputs" : ""}.`,
      agrees: `It goes from ${say(loss[0])} to ${say(loss[loss.length - 1])}.`,
      spec: {
        width: WIDTH,
        height: 220,
        data: { values: steps.map((t) => ({ step: times[t], loss: loss[t] })) },
        mark: { type: "line", tooltip: true },
        encoding: {
          x: stepAxis(times.at(-1) ?? 1),
          y: {
            field: "loss",
            type: "quantitative",
            title: "loss",
            ...(loss.every((value) => value > 0) ? logarithmic(loss) : linear(loss)),
          },
        },
      },
    });
  }
  if (test) figures.push(...testFigures(test, outputsOf(document), config));
  if (modes) figures.push(...modesFigure(modes, outputsOf(document).length, kernelAlignment));
  if (kernelInitial) {
    figures.push(
      heatMap(
        {
          id: "kernels",
          title: "Empirical tangent kernel",
          shows: `Mean over the ensemble${outputs ? " and the outputs" : ""} of each network's own tangent kernel, between all data.`,
          agrees: `Its networks scatter about the infinite-width kernel by ${say(kernelFluctuation)} of its norm and drift by ${say(kernelDrift)} of it in training.`,
        },
        { "at the start": kernelInitial, ...(kernelFinal ? { "at the end": kernelFinal } : {}) },
      ),
    );
  }
  return [...figures, ...observedFigures(document)];
}
