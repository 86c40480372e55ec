/** Heat maps of few data and of many, of which a picture has no room for each. */
import { describe, expect, it } from "vitest";
import { heatMap } from "../../src/report/heatMap.ts";
import { toSvg } from "../../src/report/render.ts";

interface Drawn {
  readonly hconcat: readonly {
    readonly data: { readonly values: readonly { readonly a: number; readonly b: number; readonly value: number }[] };
    readonly encoding: { readonly x: { readonly axis: { readonly values: readonly number[] } } };
  }[];
}

/** Element (a, b) is 1000 a + b. */
const matrix = (size: number): number[][] =>
  Array.from({ length: size }, (_, a) => Array.from({ length: size }, (_, b) => 1000 * a + b));
const drawn = (size: number) => {
  const figure = heatMap({ id: "kernel", title: "A kernel", shows: "It.", agrees: "It does." }, { Θ: matrix(size) });
  const [{ data, encoding }] = (figure.spec as unknown as Drawn).hconcat as [Drawn["hconcat"][number]];
  return { figure, cells: data.values, ticks: encoding.x.axis.values };
};

describe("a heat map", () => {
  it("has a cell for each element of few data", () => {
    const { figure, cells } = drawn(3);
    expect(cells.map(({ value }) => value)).toEqual([0, 1, 2, 1000, 1001, 1002, 2000, 2001, 2002]);
    expect(figure.shows).toBe("It.");
  });

  it("has means of blocks of many, and says so", () => {
    const { figure, cells, ticks } = drawn(401);
    // 101 blocks of 4, of which the last has one.
    expect(cells).toHaveLength(101 ** 2);
    expect(cells[0]).toEqual({ a: 0, b: 0, value: 1501.5 });
    expect(cells[102]).toEqual({ a: 4, b: 4, value: 5505.5 });
    expect(cells.at(-1)).toEqual({ a: 400, b: 400, value: 400_400 });
    expect(figure.shows).toBe("It. Each cell is the mean of up to 4 × 4 elements.");
    expect(ticks.every((tick) => cells.some(({ b }) => b === tick))).toBe(true);
  });

  it("is drawn of more elements than a function takes arguments", async () => {
    const svg = await toSvg(drawn(1024).figure);
    expect(svg.length).toBeLessThan(4e6);
  });
});
