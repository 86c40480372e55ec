/** The ensemble's outputs over the steps of training, with their spread, beside the infinitely wide ensemble's. */
import type { NetworkDocument } from "../document.ts";
import { component, type Output, outputsOf } from "../outputs.ts";
import { fitOneScale, linear, reachOf, steps as stepAxis, within } from "./axes.ts";
import { counted, earlyThenThinned, type Figure, HEIGHT, PALETTE, say, thinned, WIDTH } from "./figure.ts";

/** Standard errors within which a largest difference over the data is noise. */
const NOISE = 5;
/** Outputs that are drawn at most, each in a column. */
export const COLUMNS = 3;

/** One output at one step and datum: what networks do, and theory, null where there is none. */
interface Row {
  readonly output: number;
  readonly step: number | undefined;
  readonly datum: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly theory: number | null;
  readonly theoryLow?: number;
  readonly theoryHigh?: number;
}

function rowsOf(
  { times = [], mean = [], std = [], theory }: NetworkDocument,
  outputs: readonly Output[],
  data: readonly number[],
): Row[] {
  return earlyThenThinned(times.length, 40, 60).flatMap((t) =>
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
}

const measuredOf = (rows: readonly Row[]) => rows.flatMap(({ low, high }) => [low, high]);
const expectedOf = (rows: readonly Row[]) =>
  rows.flatMap(({ theory, theoryLow, theoryHigh }) => [theory, theoryLow, theoryHigh]);

/** How far from zero theory is drawn: finite where it leaves the picture. */
function reachFor(rows: readonly Row[]): number {
  // At the start theory's band is of the size that networks have, if one alone or of targets that are zero has not.
  const start = rows.filter(({ step }) => step === rows[0]?.step);
  return reachOf(expectedOf(rows), [...measuredOf(rows), ...expectedOf(start)]);
}

/** What the scale of these rows spans: theory too, unless it leaves the picture. */
const spanned = (rows: readonly Row[], reach: number) => [
  ...measuredOf(rows),
  ...(Number.isFinite(reach) ? [] : expectedOf(rows)),
];

/** The networks' band, theory's lines and the networks' dots. */
function layers(axis: ReturnType<typeof linear>, { times = [], theory }: NetworkDocument, reach: number) {
  const y = { type: "quantitative" as const, ...axis };
  // Of one step alone lines and areas would show nothing.
  const lone = times.length === 1;
  const band = lone
    ? { type: "rule" as const, strokeWidth: 8, opacity: 0.18, color: PALETTE[0] }
    : { type: "area" as const, opacity: 0.18 };
  const color = PALETTE[1];
  const line = (field: string, style: { strokeWidth: number; strokeDash?: number[] }) => ({
    transform: within(field, reach),
    mark: lone
      ? { type: "tick" as const, orient: "horizontal" as const, thickness: style.strokeWidth, color }
      : { type: "line" as const, clip: true, ...style, color },
    encoding: { y: { ...y, field } },
  });
  return [
    { mark: band, encoding: { y: { ...y, field: "low", title: "f" }, y2: { field: "high" } } },
    ...(theory ? [line("theory", { strokeWidth: 1.5 })] : []),
    ...(theory?.std
      ? ["theoryLow", "theoryHigh"].map((field) => line(field, { strokeWidth: 1, strokeDash: [2, 3] }))
      : []),
    {
      mark: { type: "point" as const, tooltip: true, size: 16 },
      encoding: { y: { ...y, field: "mean" } },
    },
  ];
}

/** A panel for each datum of the rows, all on one scale. */
function panels(
  rows: readonly Row[],
  { columns, width }: { readonly columns: number; readonly width: number },
  document: NetworkDocument,
  reach: number,
) {
  return {
    data: { values: [...rows] },
    facet: {
      field: "datum",
      type: "nominal" as const,
      title: null,
      sort: [...new Set(rows.map(({ datum }) => datum))],
    },
    columns,
    spacing: 18,
    spec: {
      width,
      height: HEIGHT / 2,
      encoding: { x: stepAxis(document.times?.at(-1) ?? 1) },
      layer: layers(linear(spanned(rows, reach)), document, reach),
    },
  };
}

/** How far the mean is from theory over the data at the last step, and whether that is noise. */
function verdict({ mean = [], std = [], theory, config }: NetworkDocument, isCut: boolean): string {
  if (!theory) return "Samples of the infinitely wide ensemble diverge, so that it has no mean.";
  if (isCut)
    return "Theory leaves the picture: at infinite width outputs grow without end at this learning rate, which these networks do not.";
  const { size } = config.ensemble;
  const last = mean.length - 1;
  const [means, deviations] = [mean[last]!.flat(), std[last]!.flat()];
  const theoryErrors = (theory.meanError?.[last] ?? []).flat();
  const shifts = theory.mean[last]!.flat().map((value, a) => Math.abs(means[a]! - value));
  const shift = Math.max(...shifts);
  if (size === 1)
    return `At the last step the one network is at most ${say(shift)} from theory's mean: without more networks nothing tells noise from a shift.`;
  // In standard errors, theory's own included.
  const distance = Math.max(
    ...shifts.map(
      (each, a) => each / Math.max(Math.hypot(deviations[a]! / Math.sqrt(size), theoryErrors[a] ?? 0), 1e-12),
    ),
  );
  return `At the last step the mean is at most ${say(shift)}, or ${say(distance, 2)} standard errors, from theory: ${distance <= NOISE ? "they agree" : "more than noise, and finite width's only if it falls as 1/n"}.`;
}

/** What is drawn beside the networks, in words. */
function theoryInWords({ theory }: NetworkDocument): string {
  if (!theory) return "";
  const deviation = theory.std ? " and standard deviation (dashed)" : "";
  const samples = theory.samples ? ` of ${theory.samples} samples` : "";
  return `, and the infinite-width mean (lines)${deviation}${samples}`;
}

export function outputFigure(document: NetworkDocument): Figure {
  const { mean = [], config } = document;
  const D = mean[0]?.length ?? 0;
  const data = thinned(D, 4);
  const named = outputsOf(document);
  const outputs = thinned(named.length, COLUMNS).map((at) => named[at]!);
  const rows = rowsOf(document, outputs, data);
  const reach = reachFor(rows);
  const columns = Math.max(2, outputs.length);
  const width = (WIDTH - 30 * (columns - 1)) / columns;
  const parts = outputs.map(({ c }) => rows.filter(({ output }) => output === c));
  const several =
    named.length > 1
      ? ` of ${outputs.length < named.length ? `${outputs.length} of ` : ""}${named.length} outputs`
      : "";
  return {
    id: "trajectories",
    title: "The ensemble's outputs",
    shows: `Mean of f over ${counted(config.ensemble.size, "network")} of width ${config.network.width} at ${data.length} of ${D} data${several} (dots), one standard deviation (bands)${theoryInWords(document)}.`,
    agrees: verdict(document, Number.isFinite(reach)),
    spec: fitOneScale(parts.map((own) => spanned(own, reach)))
      ? panels(rows, { columns, width }, document, reach)
      : { hconcat: parts.map((own) => panels(own, { columns: 1, width }, document, reach)), spacing: 30 },
  };
}
