/** What a figure's axes say. */
import { expect, it } from "vitest";
import { linear } from "../../src/report/axes.ts";
import { toSvg } from "../../src/report/render.ts";

async function labelsOf(values: readonly number[], own: object = { scale: { zero: false } }): Promise<string[]> {
  const svg = await toSvg({
    ...{ id: "axis", title: "", shows: "", agrees: "" },
    spec: {
      data: { values: values.map((x) => ({ x })) },
      mark: "point",
      encoding: { x: { field: "x", type: "quantitative", axis: { tickCount: 4 }, ...own } },
    },
  });
  return [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, label]) => label!);
}

it.each([
  [[1980, 2020], "1980"],
  [[-2000, 2000], "−2000"],
  [[10_000, 40_000], "10,000"],
  [[0.5, 2], "0.5"],
])("an axis over %j has the label %s", async (values, label) => {
  expect(await labelsOf(values)).toContain(label);
});

it.each([
  [[-5e-14, 2.5e-13], "2e-13"],
  [[1e19, 4e19], "2e+19"],
  [[0, 2e6], "2,000,000"],
  [[0.1, 0.2], "0.15"],
])("a linear scale around %j is labelled by its size, as %s", async (values, label) => {
  const labels = await labelsOf(values, linear(values));
  expect(labels).toContain(label);
  expect(labels.every((text) => text.length <= 9)).toBe(true);
});
