/** The `kernel` command's study with and without eigenvalues. */
import { parseConfig } from "@slowroll/core/config/parse";
import { kernelStudy } from "@slowroll/core/duality/kernel";
import { expect, it } from "vitest";

const study = (training: string, eigenvalues?: boolean) =>
  parseConfig(
    "kernel",
    `network: { depth: 2 }\ntraining: ${training}${eigenvalues === undefined ? "" : `\nobserve: { eigenvalues: ${eigenvalues} }`}`,
  );

it("finds eigenvalues unless told not to", async () => {
  const usual = await kernelStudy(await study("{}"));
  expect(await kernelStudy(await study("{}", true))).toEqual(usual);
  const trace = usual.ntk.reduce((sum, row, i) => sum + row[i]!, 0);
  expect(usual.eigenvalues!.reduce((sum, value) => sum + value, 0)).toBeCloseTo(trace, 10);
});

it("without them gives the same kernels, and of the dictionary what the learning rate fixes", async () => {
  const {
    eigenvalues: _,
    dictionary,
    ...rest
  } = await kernelStudy(await study("{ learningRate: 0.02, momentum: 0.5 }"));
  const { massSquared: __, ...known } = dictionary!;
  const { dictionary: without, ...restWithout } = await kernelStudy(
    await study("{ learningRate: 0.02, momentum: 0.5 }", false),
  );
  expect(restWithout).toEqual(rest);
  expect(without).toEqual(known);
});

it("says what a relative learning rate lacks then", async () => {
  const { nngp, ntk, eta, dictionary, eigenvalues, warnings } = await kernelStudy(await study("{}", false));
  const usual = await kernelStudy(await study("{}"));
  expect({ nngp, ntk }).toEqual({ nngp: usual.nngp, ntk: usual.ntk });
  expect([eta, dictionary, eigenvalues]).toEqual([undefined, undefined, undefined]);
  expect(warnings).toEqual([expect.stringContaining("observe.eigenvalues")]);
});

it("needs no targets of inputs that are given, with whatever learning rate", async () => {
  for (const training of ["{}", "{ learningRate: 0.02 }"]) {
    const of = async (data: string) =>
      kernelStudy(
        await parseConfig("kernel", `training: ${training}\ndata: { inputs: [[1, 0], [0, 1], [3, 4]]${data} }`),
      );
    expect(await of("")).toEqual(await of(", targets: [0, 0, 0]"));
  }
});
