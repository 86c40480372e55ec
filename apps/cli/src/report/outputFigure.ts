/** The ensemble's outputs over the steps of training, with their spread, beside the infinitely wide ensemble's. */
import type { NetworkDocument } from "../document.ts";
import { component, outputsOf } from "../outputs.ts";
import { fitOneScale, linear, reachOf, steps as stepAxis, within } from "./axes.ts";
import { counted, earlyThenThinned, type Figure, HEIGHT, PALETTE, say, thinned, WIDTH } from "./figure.ts";

/** Standard errors within which a largest difference over the data is noise. */
const NOISE = 5;
/** Outputs that are drawn at most, each in a column. */
export const COLUMNS = 3;

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

export function outputFigure(document: NetworkDocument): Figure {
  const { times = [], mean = [], std = [], theory, config } = document;
  const D = mean[0]?.length ?? 0;
  const steps = earlyThenThinned(times.length, 40, 60);
  const data = thinned(D, 4);
  const named = outputsOf(document);
  const outputs = thinned(named.length, COLUMNS).map((at) => named[at]!);
  const rows = steps.flatMap((t) =>
    data.flatMap((a) =>
      outputs.map(({ c, name }) => {
        const at = (values: readonly (readonly (number | readonly number[])[])[]): number =>
          component([values[t]![a]!], c)[0]!;
        return {
          output: c,
          step: times[t],
          datum: name === "" ? `datum ${a}` : `${name} at datum ${a}`,
          mean: at(mean),
          low: at(mean) - at(std),
          high: at(mean) + at(std),
          theory: theory ? at(theory.mean) : null,
          ...(theory?.std
            ? { theoryLow: at(theory.mean) - at(theory.std), theoryHigh: at(theory.mean) + at(theory.std) }
            : {}),
        };
      }),
    ),
  );
  const last = mean.length - 1;
  const size = config.ensemble.size;
  const [shift, distance] = theory
    ? furthest(
        mean[last]!.flat(),
        std[last]!.flat(),
        theory.mean[last]!.flat(),
        (theory.meanError?.[last] ?? []).flat(),
        size,
      )
    : [0, 0];
  const expectedOf = (some: typeof rows) =>
    some.flatMap(({ theory: at, theoryLow, theoryHigh }) => [at, theoryLow, theoryHigh]);
  const measuredOf = (some: typeof rows) => some.flatMap(({ low, high }) => [low, high]);
  // At the start theory's band is of the size that networks have, if one alone or of targets that are zero has not.
  const start = rows.filter(({ step }) => step === times[0]);
  const reach = reachOf(expectedOf(rows), [...measuredOf(rows), ...expectedOf(start)]);
  const isCut = Number.isFinite(reach);
  const valuesOf = (some: typeof rows) => [...measuredOf(some), ...(isCut ? [] : expectedOf(some))];
  const parts = outputs.map(({ c }) => rows.filter(({ output }) => output === c));
  const columns = Math.max(2, outputs.length);
  // Of one step alone lines and areas would show nothing.
  const lone = times.length === 1;
  const line = (style: { strokeWidth: number; strokeDash?: number[] }) => {
    const { strokeWidth: thickness } = style;
    const color = PALETTE[1];
    return lone
      ? { type: "tick" as const, orient: "horizontal" as const, thickness, color }
      : { type: "line" as const, clip: true, ...style, color };
  };
  const band = lone
    ? { type: "rule" as const, strokeWidth: 8, opacity: 0.18, color: PALETTE[0] }
    : { type: "area" as const, opacity: 0.18 };
  /** Panels of these rows on one scale. */
  const panels = (of: typeof rows, across: number) => {
    const y = { type: "quantitative" as const, ...linear(valuesOf(of)) };
    return {
      data: { values: of },
      facet: {
        field: "datum",
        type: "nominal" as const,
        title: null,
        sort: [...new Set(of.map(({ datum }) => datum))],
      },
      columns: across,
      spacing: 18,
      spec: {
        width: (WIDTH - 30 * (columns - 1)) / columns,
        height: HEIGHT / 2,
        encoding: { x: stepAxis(times.at(-1) ?? 1) },
        layer: [
          {
            mark: band,
            encoding: { y: { ...y, field: "low", title: "f" }, y2: { field: "high" } },
          },
          ...(theory
            ? [
                {
                  transform: within("theory", reach),
                  mark: line({ strokeWidth: 1.5 }),
                  encoding: { y: { ...y, field: "theory" } },
                },
                ...(theory.std ? ["theoryLow", "theoryHigh"] : []).map((field) => ({
                  transform: within(field, reach),
                  mark: line({ strokeWidth: 1, strokeDash: [2, 3] }),
                  encoding: { y: { ...y, field } },
                })),
              ]
            : []),
          {
            mark: { type: "point" as const, tooltip: true, size: 16 },
            encoding: { y: { ...y, field: "mean" } },
          },
        ],
      },
    };
  };
  const several =
    named.length > 1
      ? ` of ${outputs.length < named.length ? `${outputs.length} of ` : ""}${named.length} outputs`
      : "";
  return {
    id: "trajectories",
    title: "The ensemble's outputs",
    shows: `Mean of f over ${counted(size, "network")} of width ${config.network.width} at ${data.length} of ${D} data${several} (dots), one standard deviation (bands)${theory ? `, and the infinite-width mean (lines)${theory.std ? " and standard deviation (dashed)" : ""}${theory.samples ? ` of ${theory.samples} samples` : ""}` : ""}.`,
    agrees: !theory
      ? "Samples of the infinitely wide ensemble diverge, so that it has no mean."
      : isCut
        ? "Theory leaves the picture: at infinite width outputs grow without end at this learning rate, which these networks do not."
        : size === 1
          ? `At the last step the one network is at most ${say(shift)} from theory's mean: without more networks nothing tells noise from a shift.`
          : `At the last step the mean is at most ${say(shift)}, or ${say(distance, 2)} standard errors, from theory: ${distance <= NOISE ? "they agree" : "more than noise, and finite width's only if it falls as 1/n"}.`,
    spec: fitOneScale(parts.map(valuesOf))
      ? panels(rows, columns)
      : { hconcat: parts.map((own) => panels(own, 1)), spacing: 30 },
  };
}
