/** The figure of the background: the ensemble's mean against the dual field, and what is left between them, each output in a column. */
import type { DualityDocument } from "../document.ts";
import { component, type Output, outputsOf } from "../outputs.ts";
import { fitOneScale, labels, linear, steps as stepAxis } from "./axes.ts";
import type { DualStudy } from "./duals.ts";
import { counted, DATUM_COLOUR, earlyThenThinned, type Figure, HEIGHT, say, thinned, WIDTH } from "./figure.ts";
import { COLUMNS } from "./outputFigure.ts";

type Background = NonNullable<DualityDocument["background"]>;

/** Standard errors within which a largest difference over many steps and data is noise. */
const NOISE = 5;
/** Largest shift of the mean by finite width, in max|y|/n: 1.5 to 5 were measured in float64. */
const FINITE_WIDTH = 7;

/** Whether the ensemble's mean keeps to the infinite-width networks that started where its own did. */
function verdict({ deviation, theory }: Background, width: number, momentum: number): string {
  const { value, standardErrors } = deviation;
  if (standardErrors === null) {
    return `The one network differs from its own infinite-width trajectory by at most ${say(value)}: without more networks nothing tells noise from a shift.`;
  }
  const found = `The mean over networks differs from the average of their own infinite-width trajectories by at most ${say(value)}, or ${say(standardErrors, 2)} standard errors`;
  if (standardErrors <= NOISE) return `${found}: they agree.`;
  const bound = (FINITE_WIDTH * Math.max(...(theory[0] ?? [0]).flat().map(Math.abs))) / width;
  const reach = `the ${say(bound, 2)} that finite width gives${momentum > 0 ? " without momentum" : ""} (${FINITE_WIDTH} max|y|/n) and ${NOISE} standard errors`;
  // What is measured is shift and noise together.
  return value * (1 - NOISE / standardErrors) <= bound
    ? `${found}: more than noise, but within ${reach}. They agree up to finite width.`
    : `${found}, and more than ${reach}. They do not agree at this width.`;
}

interface Row {
  readonly step: number | undefined;
  readonly datum: string;
  readonly measured: number;
  readonly field: number | null;
  readonly difference: number | null;
}

/** Trajectories of one output above, and below them what is left; `first` of its row has the axes' titles and the legend's selection. */
function panels(rows: readonly Row[], all: readonly Row[], lastStep: number, width: number, first: boolean) {
  const x = stepAxis(lastStep);
  const across = linear(all.flatMap(({ measured, field }) => [measured, field]));
  const differences = [0, ...all.map((row) => row.difference)];
  const pick = { name: "pick", select: { type: "point" as const, fields: ["datum"] }, bind: "legend" as const };
  return {
    data: { values: [...rows] },
    vconcat: [
      {
        width,
        height: HEIGHT - 20,
        encoding: { x: { ...x, title: null }, color: DATUM_COLOUR },
        layer: [
          {
            mark: { type: "line" as const, strokeWidth: 1.5 },
            encoding: {
              y: { field: "field", type: "quantitative" as const, title: first ? "φ" : null, ...across },
            },
          },
          {
            ...(first ? { params: [pick] } : {}),
            mark: { type: "point" as const, tooltip: true, size: 28 },
            encoding: {
              y: { field: "measured", type: "quantitative" as const },
              opacity: { condition: { param: "pick", value: 1 }, value: 0.1 },
            },
          },
        ],
      },
      {
        width,
        height: 110,
        layer: [
          {
            data: { values: [{ difference: 0 }] },
            mark: { type: "rule" as const, color: "#999", strokeDash: [4, 4] },
            encoding: { y: { field: "difference", type: "quantitative" as const } },
          },
          {
            mark: { type: "line" as const, strokeWidth: 1.5 },
            encoding: {
              x,
              color: DATUM_COLOUR,
              y: {
                field: "difference",
                type: "quantitative" as const,
                title: first ? "difference" : null,
                ...linear(differences),
                axis: { tickCount: 4, ...labels(differences) },
              },
            },
          },
        ],
      },
    ],
  };
}

export function trajectoryFigure(document: DualityDocument, study: DualStudy | string): Figure[] {
  const { background, config } = document;
  if (!background) return [];
  const { times, network } = background;
  const fromMean = typeof study === "string" ? null : study.fromMean;
  const dual = fromMean?.phi ?? background.dual.secondOrder;
  const order = (fromMean?.order ?? "secondOrder") === "exact" ? "exact" : "second-order";
  const start = fromMean ? "the ensemble's own mean at step 0" : "f = 0";
  const D = network[0]?.length ?? 0;
  const data = thinned(D, 4);
  const named = outputsOf(document);
  const outputs = thinned(named.length, COLUMNS).map((at) => named[at]!);
  const rowsOf = ({ c }: Output): Row[] =>
    earlyThenThinned(times.length, 40, 60).flatMap((t) => {
      const [measured, field] = [component(network[t]!, c), dual?.[t] && component(dual[t], c)];
      return data.map((a) => ({
        step: times[t],
        datum: String(a),
        measured: measured[a]!,
        field: field?.[a] ?? null,
        difference: field ? measured[a]! - field[a]! : null,
      }));
    });
  const rows = outputs.map(rowsOf);
  const gap = 60;
  const width = (WIDTH - gap * (outputs.length - 1)) / outputs.length;
  const together = fitOneScale(rows.map((own) => own.flatMap(({ measured, field }) => [measured, field])));
  const charts = rows.map((own, i) => panels(own, together ? rows.flat() : own, times.at(-1)!, width, i === 0));
  const several =
    named.length > 1
      ? `, of ${outputs.length < named.length ? `${outputs.length} of ` : ""}${named.length} outputs,`
      : "";
  return [
    {
      id: "trajectories",
      title: "Trajectories and their dual",
      shows: `Deviation φ = f − y of ${data.length} of ${D} data${several} from their targets: mean of ${counted(config.ensemble.size, "network")} of width ${config.network.width} (points)${dual ? ` and the ${order} dual field from ${start} (lines); below, points minus lines${fromMean ? "" : ", which is no error: f(0) has a variance of order 1, and for a V beyond quadratic the mean does not follow the single trajectory"}` : "; a dual field of second order does not exist here"}.`,
      agrees: verdict(background, config.network.width, config.training.momentum),
      spec:
        named.length === 1
          ? charts[0]!
          : { hconcat: charts.map((chart, i) => ({ title: outputs[i]!.name, ...chart })), spacing: 18 },
    },
  ];
}
