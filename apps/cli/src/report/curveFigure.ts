/** Two outputs against each other: the curve in their plane that a trained ensemble draws as its one coordinate runs. */
import { component, type Output } from "../outputs.ts";
import { linear } from "./axes.ts";
import { type Figure, HEIGHT, PALETTE, say, thinned, WIDTH } from "./figure.ts";
import type { Test } from "./testFigure.ts";

/** Standard deviations that bands and ellipses reach. */
export const REACH = 2;
/** Ellipses along the curve, and corners of each. */
const ELLIPSES = 60;
const CORNERS = 48;
/** How much longer one axis may be than the other. */
const MOST_ASPECT = 3;

const distance = ([x, y]: [number, number], [u, v]: [number, number]): number => Math.hypot(x - u, y - v);

/** The one coordinate of test inputs. */
export interface Along {
  readonly title: string;
  /** Whether its last value is next to its first, as of an angle. */
  readonly isClosed: boolean;
}

/** `at`: the coordinate `along` of each test input. */
export function curveFigure(
  test: Test,
  outputs: readonly Output[],
  at: readonly number[],
  { title, isClosed }: Along,
): Figure {
  const { mean, std, theory, data } = test;
  const order = [...at.keys()].sort((p, q) => at[p]! - at[q]!);
  const path = isClosed ? [...order, order[0]!] : order;
  const pair = (values: Test["mean"], p: number): [number, number] => [
    component([values[p]!], 0)[0]!,
    component([values[p]!], 1)[0]!,
  ];
  const curve = (values: Test["mean"]) =>
    path.map((p, step) => {
      const [first, second] = pair(values, p);
      return { step, first, second };
    });
  const ellipses = thinned(order.length, ELLIPSES).flatMap((i, ellipse) => {
    const [[x, y], [across, up]] = [pair(mean, order[i]!), pair(std, order[i]!)];
    return Array.from({ length: CORNERS + 1 }, (_, corner) => {
      const angle = (2 * Math.PI * corner) / CORNERS;
      return {
        ellipse,
        step: corner,
        first: x + REACH * across * Math.cos(angle),
        second: y + REACH * up * Math.sin(angle),
      };
    });
  });
  const targets = data.targets.map((_, a) => {
    const [first, second] = pair(data.targets, a);
    return { first, second };
  });
  const shown = [...ellipses, ...curve(mean), ...(theory ? curve(theory.mean) : []), ...targets];
  const axis = (field: "first" | "second", name: string) => ({
    field,
    type: "quantitative" as const,
    title: name,
    ...linear(shown.map((of) => of[field])),
  });
  const encoding = { x: axis("first", outputs[0]!.name), y: axis("second", outputs[1]!.name) };
  // Equal lengths on both axes, unless that makes a strip: outputs may be of different units.
  const [xs, ys] = [encoding.x.scale.domain, encoding.y.scale.domain] as [number[], number[]];
  const aspect = (ys[1]! - ys[0]!) / (xs[1]! - xs[0]!);
  const isStrip = Math.max(aspect, 1 / aspect) > MOST_ASPECT;
  const width = isStrip ? WIDTH : Math.min(WIDTH, WIDTH / aspect);
  const apart = theory ? Math.max(...order.map((p) => distance(pair(mean, p), pair(theory.mean, p)))) : 0;
  const line = (values: object[], color: string, dash: number[]) => ({
    data: { values },
    mark: { type: "line" as const, color, strokeDash: dash, strokeWidth: 1.5 },
    encoding: { order: { field: "step", type: "quantitative" as const } },
  });
  return {
    id: "curve",
    title: "The curve in the plane of both outputs",
    shows: `Mean of f over the trained networks (line) as ${title} runs over the test inputs, ${REACH} standard deviations of each output about it (ellipses)${theory ? ", the infinite-width mean (dashed)" : ""}, and the data (dots).`,
    agrees: theory
      ? `The mean is at most ${say(apart)} from theory's.`
      : "Samples of the infinitely wide ensemble diverge, so that it has no curve.",
    spec: {
      width,
      height: isStrip ? HEIGHT : width * aspect,
      encoding,
      layer: [
        {
          data: { values: ellipses },
          mark: { type: "line" as const, strokeWidth: 0, fill: PALETTE[0], fillOpacity: 0.05 },
          encoding: {
            order: { field: "step", type: "quantitative" as const },
            detail: { field: "ellipse", type: "nominal" as const },
          },
        },
        line(curve(mean), PALETTE[0]!, []),
        ...(theory ? [line(curve(theory.mean), PALETTE[1]!, [5, 4])] : []),
        {
          data: { values: targets },
          mark: { type: "point" as const, filled: true, color: "black", tooltip: true, size: 40 },
        },
      ],
    },
  };
}
