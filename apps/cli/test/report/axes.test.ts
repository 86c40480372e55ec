/** What a figure's axes say. */
import { expect, it } from "vitest";
import { toSvg } from "../../src/report/render.ts";

async function labelsOf(values: readonly number[]): Promise<string[]> {
  const svg = await toSvg({
    ...{ id: "axis", title: "", shows: "", agrees: "" },
    spec: {
      data: { values: values.map((x) => ({ x })) },
      mark: "point",
      encoding: { x: { field: "x", type: "quantitative", scale: { zero: false }, axis: { tickCount: 4 } } },
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
