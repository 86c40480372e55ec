/** The figure of the map's orders: errors of the duals against x, measured at five learning rates, and whether they fall as they must. */
import type { DualityDocument } from "../document.ts";
import { logarithmic } from "./axes.ts";
import { type DualStudy, FALLING, type Falling, fitUpTo, judgeOrder } from "./duals.ts";
import { type Figure, HEIGHT, list, notice, say, WIDTH } from "./figure.ts";

type Errors = NonNullable<DualityDocument["background"]>["errors"];

const NAMES: Record<Falling, string> = { slowRoll: "slow roll", secondOrder: "second order" };
/** Above this the exact dual's error is no longer rounding. */
const ROUNDING = 1e-9;

function exactly({ exact }: Errors): string {
  if (exact === null || exact === undefined) return "an exact dual does not exist here";
  return exact <= ROUNDING
    ? `the exact dual is off by ${say(exact, 2)}, which is rounding`
    : `the exact dual is off by ${say(exact)}, which is more than rounding: it does not agree`;
}

export function errorFigure({ background, outputs, config }: DualityDocument, study: DualStudy | string): Figure[] {
  if (!background) return [];
  const { momentum } = config.training;
  const { errors } = background;
  const own = `slow roll is off by ${say(errors.slowRoll)} and second order by ${say(errors.secondOrder)}; ${exactly(errors)}.`;
  const frame = { id: "errors", title: "Error of the map's orders against the learning rate" };
  const symbol = momentum > 0 ? "x = η λₘₐₓ/(1 − β)²" : "x = η λₘₐₓ";
  const quantity = `Largest difference between the infinite-width trajectory from f = 0 and its dual, over the largest |φ(0)|${outputs ? `, of all ${outputs.length} outputs` : ""}`;
  if (typeof study === "string") {
    return [
      {
        ...frame,
        shows: `${quantity}; other learning rates were not tried: ${study}.`,
        agrees: `At this run's learning rate ${own}`,
        spec: notice("not measured against x"),
      },
    ];
  }
  const verdicts = FALLING.map((order) => ({ order, ...judgeOrder(study.errors, order, momentum) }));
  const names = new Map(
    verdicts.map(({ order, slope }) => [order, `${NAMES[order]}${slope === null ? "" : `, slope ${say(slope)}`}`]),
  );
  const points = FALLING.flatMap((order) =>
    study.errors.flatMap(({ x, [order]: error }) => (error ? [{ x, error, order: names.get(order) }] : [])),
  );
  const runs = FALLING.flatMap((order) => {
    const error = errors[order];
    return error ? [{ x: study.x, error, order: names.get(order), tip: "this run" }] : [];
  });
  // A fit is the power law through the mean of the points that it was made from.
  const xs = [...points, ...runs].map(({ x }) => x);
  const lines = verdicts.flatMap(({ order, slope }) => {
    const fitted = study.errors.filter((at) => at.x <= fitUpTo(momentum) && at[order]);
    if (slope === null) return [];
    const mean = (of: (at: (typeof fitted)[number]) => number): number =>
      fitted.reduce((sum, at) => sum + Math.log(of(at)), 0) / fitted.length;
    const [meanX, meanError] = [mean(({ x }) => x), mean((at) => at[order]!)];
    return [Math.min(...xs), 4 * fitUpTo(momentum)].map((x) => ({
      x,
      error: Math.exp(meanError + slope * (Math.log(x) - meanX)),
      order: names.get(order),
    }));
  });
  const sentences = verdicts.map(({ order, slope, expected, holds }) =>
    slope === null
      ? `${NAMES[order]}'s cannot be fitted`
      : `${NAMES[order]}'s error has slope ${say(slope)} (${expected} expected: ${holds ? "holds" : "does not hold"})`,
  );
  const x = {
    field: "x",
    type: "quantitative" as const,
    title: symbol,
    ...logarithmic(xs),
  };
  const y = {
    field: "error",
    type: "quantitative" as const,
    title: "largest |theory − dual| / |φ(0)|",
    ...logarithmic([...points, ...runs, ...lines].map(({ error }) => error)),
  };
  const color = {
    field: "order",
    type: "nominal" as const,
    title: null,
    scale: { domain: [...names.values()] },
  };
  return [
    {
      ...frame,
      shows: `${quantity}, at ${study.errors.length} learning rates for this run's network, data, potential and momentum (points), with power laws fitted over x ≤ ${fitUpTo(momentum)} (lines); ${symbol}. Diamonds on the dashed line are this run, x = ${say(study.x)}.`,
      agrees: `Over x ≤ ${fitUpTo(momentum)} ${list(sentences)}. At this run's x ${own}`,
      spec: {
        width: WIDTH,
        height: HEIGHT,
        layer: [
          {
            data: { values: [{ x: study.x }] },
            mark: { type: "rule", color: "#999", strokeDash: [4, 4] },
            encoding: { x },
          },
          { data: { values: lines }, mark: { type: "line", strokeWidth: 1.2 }, encoding: { x, y, color } },
          { data: { values: points }, mark: { type: "point", tooltip: true, size: 55 }, encoding: { x, y, color } },
          {
            data: { values: runs },
            mark: { type: "point", tooltip: true, shape: "diamond", size: 150 },
            encoding: { x, y, color },
          },
        ],
      },
    },
  ];
}
