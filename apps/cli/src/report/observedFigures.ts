/** Figures of what a network study observes on the way: kernels and parameters step by step, kernels by layer, linearised twins. */
import { eigenvalueRounding } from "@slowroll/core/linalg/eigen";
import type { NetworkDocument } from "../document.ts";
import { component, outputsOf } from "../outputs.ts";
import { linear, logarithmic, reachOf, steps as stepAxis, within } from "./axes.ts";
import {
  DATUM_COLOUR,
  earlyThenThinned,
  type Figure,
  HEIGHT,
  largest,
  PALETTE,
  say,
  thinned,
  WIDTH,
} from "./figure.ts";
import { heatMap } from "./heatMap.ts";
import { stepFigure } from "./stepFigure.ts";

type Observed<Key extends keyof NetworkDocument> = NonNullable<NetworkDocument[Key]>;

/** Lines of a family that can still be told apart. */
const FAMILY = 12;
/** Outputs whose networks are drawn beside their linearisations. */
const OUTPUTS = 3;
/** Layers that are drawn whole. */
const MAPS = 4;

function seriesFigures(
  { times, drift, alignment, eigenvalues = [] }: Observed<"kernelSeries">,
  infinite: readonly number[],
): Figure[] {
  const aligned = alignment.some((value) => value !== null);
  const modes = thinned(eigenvalues[0]?.length ?? 0, FAMILY);
  const [before = [], after = []] = [eigenvalues[0], eigenvalues.at(-1)];
  const change = (mode: number): string => `${say(100 * (after[mode]! / before[mode]! - 1), 2)}%`;
  const smallest =
    before.at(-1)! > eigenvalueRounding(before)
      ? `and the smallest by ${change(before.length - 1)}`
      : "beside a smallest that is zero to rounding at the start";
  return [
    stepFigure(
      times,
      [
        { y: "drift of Θ", lines: [{ name: "drift", values: drift }] },
        ...(aligned ? [{ y: "alignment with y", lines: [{ name: "alignment", values: alignment }] }] : []),
      ],
      {
        id: "kernelSeries",
        title: "The tangent kernel in training",
        shows: `Above, how far the networks' kernels are from where they started, of the infinite-width kernel's norm${aligned ? "; below, how much of them points along the targets" : ""}.`,
        agrees: `The drift ends at ${say(drift.at(-1))}${aligned ? `; the alignment goes from ${say(alignment[0])} to ${say(alignment.at(-1))}` : ""}.`,
      },
    ),
    ...(modes.length > 0
      ? [
          stepFigure(
            times,
            [
              {
                y: "eigenvalue λ",
                log: true,
                lines: modes.map((mode) => ({
                  name: String(mode),
                  values: eigenvalues.map((values) => values[mode]!),
                })),
                references: modes.flatMap((mode) => infinite[mode] ?? []).filter((value) => value > 0),
              },
            ],
            {
              id: "eigenvalueSeries",
              title: "Eigenvalues of the mean kernel in training",
              family: "mode",
              shows: `${modes.length} of the ${eigenvalues[0]!.length} eigenvalues of the ensemble's mean kernel, the squared masses of the dual field's modes over V″${infinite.length > 0 ? ", and those of infinite width (dashed)" : ""}.`,
              agrees: `Training changes the largest by ${change(0)} ${smallest}; in the infinitely wide network none changes.`,
            },
          ),
        ]
      : []),
  ];
}

const layerName = (l: number, parts: number): string => (l === parts - 1 ? "the output" : `layer ${l + 1}`);

function layersFigure({ initial, final, theory }: Observed<"kernelLayers">): Figure {
  const parts = initial.length;
  const trace = (matrix: readonly (readonly number[])[]): number => matrix.reduce((sum, row, a) => sum + row[a]!, 0);
  const whole = initial.reduce((sum, part) => sum + trace(part), 0);
  const norm = (matrix: readonly (readonly number[])[]): number =>
    Math.hypot(...matrix.map((row) => Math.hypot(...row)));
  const less = (left: readonly (readonly number[])[], right: readonly (readonly number[])[]): number[][] =>
    left.map((row, a) => row.map((value, b) => value - right[a]![b]!));
  const apart = Math.max(...theory.map((part, l) => norm(less(initial[l]!, part)) / norm(part)));
  return heatMap(
    {
      id: "kernelLayers",
      title: "The tangent kernel by layer",
      shows: `The part that the weights and biases into each layer have in the ensemble's mean kernel${parts > MAPS ? `, ${MAPS} of ${parts} layers` : ""}: at the start, and what training adds to it.`,
      agrees: `Of the kernel's trace ${initial.map((part, l) => `${layerName(l, parts)} has ${say((100 * trace(part)) / whole, 2)}%`).join(", ")}; each part starts within ${say(apart, 2)} of its infinite-width norm.`,
    },
    ...thinned(parts, MAPS).map((l) => ({
      [`${layerName(l, parts)}, at the start`]: initial[l]!,
      "change in training": less(final[l]!, initial[l]!),
    })),
  );
}

function normsFigure({ times, distance, layerDistance, meanSquare }: Observed<"parameterNorms">): Figure {
  const parts = meanSquare[0]!.length;
  const drawn = thinned(parts, FAMILY);
  const apart = largest(meanSquare.flat().map((value) => value - 1));
  return stepFigure(
    times,
    [
      {
        y: "|θ(t) − θ(0)|/|θ(0)|",
        log: true,
        lines: drawn.map((l) => ({
          name: layerName(l, parts),
          values: layerDistance.map((of) => of[l]!),
        })),
      },
    ],
    {
      id: "parameterNorms",
      title: "How far the parameters move",
      family: "into",
      shows:
        "Distance of each layer's weights and biases from where they started, mean over the ensemble, of their own length.",
      agrees: `All together end ${say(distance.at(-1))} of their length from the start; their mean square stays within ${say(apart, 2)} of 1.`,
    },
  );
}

function linearisedFigure(
  { mean: twin, error }: Observed<"linearised">,
  { times = [], mean = [], ...document }: NetworkDocument,
): Figure {
  const D = mean[0]!.length;
  const drawn = earlyThenThinned(times.length, 40, 60);
  const data = thinned(D, 4);
  const all = outputsOf(document);
  const outputs = thinned(all.length, OUTPUTS).map((i) => all[i]!);
  const errors = drawn.map((t) => ({ step: times[t]!, error: error[t]! > 0 ? error[t]! : null }));
  const x = stepAxis(times.at(-1)!);
  const reach = reachOf(twin.flat(2), mean.flat(2));
  const isCut = Number.isFinite(reach);
  const worst = error.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  const panels = outputs.map(({ c, name }, i) => {
    const values = drawn.flatMap((t) => {
      const [network, linearised] = [component(mean[t]!, c), component(twin[t]!, c)];
      return data.map((a) => ({ step: times[t]!, datum: String(a), network: network[a]!, twin: linearised[a]! }));
    });
    const networks = values.map(({ network }) => network);
    const f = linear(isCut ? networks : [...networks, ...values.map(({ twin: linearised }) => linearised)]);
    return {
      width: WIDTH,
      height: name === "" ? HEIGHT - 20 : HEIGHT - 140,
      data: { values },
      encoding: { x: { ...x, title: null }, color: i === 0 ? DATUM_COLOUR : { ...DATUM_COLOUR, legend: null } },
      layer: [
        {
          mark: { type: "line" as const, strokeWidth: 6, opacity: 0.3 },
          encoding: { y: { field: "network", type: "quantitative" as const, title: name === "" ? "f" : name, ...f } },
        },
        {
          transform: within("twin", reach),
          mark: { type: "line" as const, clip: true, strokeWidth: 1.5, strokeDash: [5, 4] },
          encoding: { y: { field: "twin", type: "quantitative" as const } },
        },
      ],
    };
  });
  const several = outputs.length < all.length ? ` of ${outputs.length} of ${all.length} outputs` : "";
  return {
    id: "linearised",
    title: "The networks and their linearisations",
    shows: `Mean of f over the ensemble at ${data.length} of ${D} data${several} (broad) and over its networks' own linearisations (dashed); below, the root mean square over networks and data of their difference.`,
    agrees:
      isCut || error.includes(null)
        ? "The linearisations diverge: this learning rate is past their stable one."
        : `They differ by at most ${say(worst)} at width ${document.config.network.width}, which falls as 1/n in wide networks.`,
    spec: {
      vconcat: [
        ...panels,
        {
          width: WIDTH,
          height: 110,
          data: { values: errors },
          mark: { type: "line", tooltip: true, strokeWidth: 1.5, color: PALETTE[6] },
          encoding: {
            x,
            y: {
              field: "error",
              type: "quantitative",
              title: "rms difference",
              ...logarithmic(errors.map(({ error: at }) => at)),
            },
          },
        },
      ],
    },
  };
}

export function observedFigures(document: NetworkDocument): Figure[] {
  const { kernelSeries, kernelLayers, parameterNorms, linearised, modes } = document;
  const figures: Figure[] = [];
  // The two ends alone are told beside the kernels.
  if (kernelSeries && kernelSeries.times.length > 2)
    figures.push(...seriesFigures(kernelSeries, modes?.eigenvalues ?? []));
  if (kernelLayers) figures.push(layersFigure(kernelLayers));
  if (parameterNorms && parameterNorms.times.length > 1) figures.push(normsFigure(parameterNorms));
  if (linearised && linearised.error.length > 1) figures.push(linearisedFigure(linearised, document));
  return figures;
}
