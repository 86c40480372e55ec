/** The figure of the map's orders: errors of the duals against x, measured at five learning rates, and whether they fall as they must. */
import type { DualityDocument } from "../document.ts";
import { logarithmic } from "./axes.ts";
import {
  type DualStudy,
  type ErrorsAt,
  FALLING,
  type Falling,
  fitUpTo,
  judgeOrder,
  type OrderVerdict,
} from "./duals.ts";
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

/** An order of the map, its name in the legend, and whether its error falls with x as it must. */
interface Verdict extends OrderVerdict {
  readonly order: Falling;
  readonly label: string;
}

function judge(errors: readonly ErrorsAt[], momentum: number): Verdict[] {
  return FALLING.map((order) => {
    const judged = judgeOrder(errors, order, momentum);
    const label = `${NAMES[order]}${judged.slope === null ? "" : `, slope ${say(judged.slope)}`}`;
    return { order, label, ...judged };
  });
}

const inWords = ({ order, slope, expected, holds }: Verdict): string =>
  slope === null
    ? `${NAMES[order]}'s cannot be fitted`
    : `${NAMES[order]}'s error has slope ${say(slope)} (${expected} expected: ${holds ? "holds" : "does not hold"})`;

/** At the two `ends` the power law that is fitted to errors at x up to `upTo`: it goes through the mean of their logarithms. */
function fitted({ order, slope }: Verdict, errors: readonly ErrorsAt[], upTo: number, ends: readonly number[]) {
  if (slope === null) return [];
  const logs = errors.flatMap(({ x, [order]: error }) =>
    x <= upTo && error ? [[Math.log(x), Math.log(error)] as const] : [],
  );
  const mean = (pick: 0 | 1): number => logs.reduce((sum, pair) => sum + pair[pick], 0) / logs.length;
  return ends.map((x) => ({ x, error: Math.exp(mean(1) + slope * (Math.log(x) - mean(0))) }));
}

export function errorFigure({ background, outputs, config }: DualityDocument, study: DualStudy | string): Figure[] {
  if (!background) return [];
  const { momentum } = config.training;
  const { errors } = background;
  const own = `slow roll is off by ${say(errors.slowRoll)} and second order by ${say(errors.secondOrder)}; ${exactly(errors)}.`;
  const frame = { id: "errors", title: "Error of the map's orders against the learning rate" };
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
  const upTo = fitUpTo(momentum);
  const symbol = momentum > 0 ? "x = η λₘₐₓ/(1 − β)²" : "x = η λₘₐₓ";
  const verdicts = judge(study.errors, momentum);
  const points = verdicts.flatMap(({ order, label }) =>
    study.errors.flatMap(({ x, [order]: error }) => (error ? [{ x, error, order: label }] : [])),
  );
  const runs = verdicts.flatMap(({ order, label }) => {
    const error = errors[order];
    return error ? [{ x: study.x, error, order: label, tip: "this run" }] : [];
  });
  const xs = [...points, ...runs].map(({ x }) => x);
  const lines = verdicts.flatMap((verdict) =>
    fitted(verdict, study.errors, upTo, [Math.min(...xs), 4 * upTo]).map((end) => ({ ...end, order: verdict.label })),
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
    scale: { domain: verdicts.map(({ label }) => label) },
  };
  return [
    {
      ...frame,
      shows: `${quantity}, at ${study.errors.length} learning rates for this run's network, data, potential and momentum (points), with power laws fitted over x ≤ ${upTo} (lines); ${symbol}. Diamonds on the dashed line are this run, x = ${say(study.x)}.`,
      agrees: `Over x ≤ ${upTo} ${list(verdicts.map(inWords))}. At this run's x ${own}`,
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
