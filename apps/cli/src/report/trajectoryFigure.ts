/** The figure of the background: the ensemble's mean against the dual field, and what is left between them. */
import type { ResultDocument } from "../document.ts";
import { linear, steps as stepAxis } from "./axes.ts";
import type { DualStudy } from "./duals.ts";
import { earlyThenThinned, type Figure, HEIGHT, say, thinned, WIDTH } from "./figure.ts";

type Duality = Extract<ResultDocument, { command: "duality" }>;
type Background = NonNullable<Duality["background"]>;

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
  const bound = (FINITE_WIDTH * Math.max(...(theory[0] ?? [0]).map(Math.abs))) / width;
  const reach = `the ${say(bound, 2)} that finite width gives${momentum > 0 ? " without momentum" : ""} (${FINITE_WIDTH} max|y|/n)`;
  return value <= bound
    ? `${found}: more than noise, but within ${reach}. They agree up to finite width.`
    : `${found}, and more than ${reach}. They do not agree at this width.`;
}

export function trajectoryFigure(document: Duality, study: DualStudy | string): Figure[] {
  const { background, config } = document;
  if (!background) return [];
  const { times, network } = background;
  const fromMean = typeof study === "string" ? null : study.fromMean;
  const dual = fromMean?.phi ?? background.dual.secondOrder;
  const order = (fromMean?.order ?? "secondOrder") === "exact" ? "exact" : "second-order";
  const start = fromMean ? "the ensemble's own mean at step 0" : "f = 0";
  const D = network[0]?.length ?? 0;
  const rows = earlyThenThinned(times.length, 40, 60).flatMap((t) =>
    thinned(D, 4).map((a) => {
      const [measured, field] = [network[t]![a]!, dual?.[t]?.[a] ?? null];
      return {
        step: times[t],
        datum: String(a),
        measured,
        field,
        difference: field === null ? null : measured - field,
      };
    }),
  );
  const x = stepAxis(times.at(-1)!);
  const colour = { field: "datum", type: "nominal" as const, title: "datum", legend: { titleOrient: "left" as const } };
  const across = linear(rows.flatMap(({ measured, field }) => [measured, field]));
  const difference = linear([0, ...rows.map((row) => row.difference)]);
  return [
    {
      id: "trajectories",
      title: "Trajectories and their dual",
      shows: `Deviation φ = f − y of ${thinned(D, 4).length} of ${D} data from their targets: mean of ${config.ensemble.size} networks of width ${config.network.width} (points)${dual ? ` and the ${order} dual field from ${start} (lines); below, points minus lines${fromMean ? "" : ", which is no error: f(0) has a variance of order 1, and for a V beyond quadratic the mean does not follow the single trajectory"}` : "; a dual field of second order does not exist here"}.`,
      agrees: verdict(background, config.network.width, config.training.momentum),
      spec: {
        data: { values: rows },
        vconcat: [
          {
            width: WIDTH,
            height: HEIGHT - 20,
            encoding: { x: { ...x, title: null }, color: colour },
            layer: [
              {
                mark: { type: "line", strokeWidth: 1.5 },
                encoding: { y: { field: "field", type: "quantitative", title: "φ", ...across } },
              },
              {
                params: [{ name: "pick", select: { type: "point", fields: ["datum"] }, bind: "legend" }],
                mark: { type: "point", tooltip: true, size: 28 },
                encoding: {
                  y: { field: "measured", type: "quantitative" },
                  opacity: { condition: { param: "pick", value: 1 }, value: 0.1 },
                },
              },
            ],
          },
          {
            width: WIDTH,
            height: 110,
            layer: [
              {
                data: { values: [{ difference: 0 }] },
                mark: { type: "rule", color: "#999", strokeDash: [4, 4] },
                encoding: { y: { field: "difference", type: "quantitative" } },
              },
              {
                mark: { type: "line", strokeWidth: 1.5 },
                encoding: {
                  x,
                  color: colour,
                  y: {
                    field: "difference",
                    type: "quantitative",
                    title: "difference",
                    axis: { tickCount: 4, format: "~g" },
                    ...difference,
                  },
                },
              },
            ],
          },
        ],
      },
    },
  ];
}
