/** The sections that say which networks are trained on what, and what is recorded of them. */
import { z } from "#zod";
import { CIRCLE_TARGETS, MAX_DATA } from "../network/study.ts";
import { finite, positive, potential, seed, wholePositive } from "./values.ts";

/** Philox counters have 32 bits: more networks or units could not be told apart. */
const MAX_COUNT = 2 ** 32 - 1;
const MAX_UNITS = 2 ** 24;
const MAX_DIMENSION = 4096;

export const depth = wholePositive.max(1000);
export const width = wholePositive.max(MAX_UNITS);
export const deviation = z.number().min(0).max(1e6);

export const network = z
  .strictObject({
    depth: depth.default(1).describe("number of hidden layers"),
    width: width.default(1024).describe("units in each hidden layer"),
    activation: z.string().default("erf").describe("erf, relu, tanh, gelu, sin or linear"),
    weightStd: deviation.default(1.5).describe("standard deviation of the weights, NTK parametrisation"),
    biasStd: deviation.default(0.1).describe("standard deviation of the biases"),
  })
  .prefault({})
  .describe("the multilayer perceptron");

export const points = wholePositive.max(MAX_DATA);

const row = z.array(finite).min(1);
const randomPoints = z.strictObject({
  points: points.describe("number of points"),
  dimension: wholePositive.max(MAX_DIMENSION).describe("number of coordinates"),
  seed: seed.describe("key of the random numbers"),
});
const inputs = z.union(
  [
    z.strictObject({ circle: z.strictObject({ points: points.default(8) }) }),
    z.strictObject({ sphere: randomPoints.describe("uniform on the sphere of radius sqrt(dimension)") }),
    z.strictObject({ gaussian: randomPoints.describe("standard normal in each coordinate") }),
    z.strictObject({
      grid: z.strictObject({
        points: z
          .array(z.number().int().min(2).max(MAX_DATA))
          .min(1)
          .max(Math.log2(MAX_DATA))
          .describe("points along each dimension, the ends included"),
        low: finite.default(-1).describe("first coordinate in each dimension"),
        high: finite.default(1).describe("last coordinate in each dimension"),
      }),
    }),
    z.strictObject({
      file: z.string().min(1).describe("CSV or .parquet"),
      columns: z
        .array(z.string().min(1))
        .min(1)
        .exactOptional()
        .describe("names of the inputs' columns; unless given, all but the target's"),
    }),
    z.array(row).min(1).max(MAX_DATA),
  ],
  {
    error:
      "must be { circle }, { sphere }, { gaussian }, { grid }, { file: x.csv or x.parquet } or a list of rows of numbers",
  },
);
/** What a list of targets can hold, as a message names it. */
const kindOf = (entry: unknown): string => (Array.isArray(entry) ? "row" : typeof entry);
const targets = z.union(
  [
    z.string(),
    z.array(finite).min(1),
    z.array(z.string()).min(1).max(MAX_DATA),
    z.array(row).min(1),
    z.strictObject({ column: z.string().min(1) }),
    z.strictObject({
      columns: z.array(z.string().min(1)).min(1).describe("names of the targets' columns, one an output"),
    }),
    z.strictObject({
      expressions: z
        .record(
          z
            .string()
            .regex(/^[A-Za-z_]\w*$/, { error: "names must begin with a letter and have letters, digits and _ only" }),
          z.string(),
        )
        .describe("each output's expression by its name"),
    }),
  ],
  {
    error: ({ input }) =>
      Array.isArray(input) && new Set(input.map(kindOf)).size > 1
        ? "must be all numbers, all expressions or all rows of numbers"
        : "must be an expression, a list of numbers, expressions or rows of numbers, { column }, { columns } or { expressions }",
  },
);
const trainedOn = {
  inputs: inputs
    .default({ circle: { points: 8 } })
    .describe(
      "points on the circle of radius sqrt(2), a sphere or a grid, Gaussian ones, a file's, or rows of coordinates",
    ),
  targets: targets
    .default(CIRCLE_TARGETS)
    .describe(
      "to be given unless the inputs are a circle: an expression in theta (circle) or x0, x1, ..., one number per input, or { column } of the inputs' file; of several outputs a list of expressions, one row per input, { columns } or { expressions }",
    ),
  standardise: z
    .boolean()
    .default(false)
    .describe("networks see each coordinate shifted and scaled to mean 0 and variance 1 over the inputs"),
};
export const data = z.strictObject(trainedOn).prefault({}).describe("what the networks are trained on");
export const testedData = z
  .strictObject({
    ...trainedOn,
    test: z
      .strictObject({ inputs: inputs.describe("as data.inputs, in as many coordinates") })
      .exactOptional()
      .describe("where the trained networks are evaluated beside the data"),
  })
  .prefault({})
  .describe("what the networks are trained on, and tested at");

export const learningRate = z.union([positive, z.strictObject({ relative: positive })], {
  error: "must be a positive number or { relative: x }",
});
export const momentum = z.number().min(0).lt(1);

const descent = {
  learningRate: learningRate
    .default({ relative: 0.5 })
    .describe("eta, or { relative: x } for eta = x / lambda_max of the infinite-width kernel"),
  momentum: momentum.default(0).describe("beta of the heavy ball; 0 is gradient descent"),
  steps: z.number().int().min(0).max(1e9).default(200).describe("number of steps"),
  potential: potential.prefault("quadratic"),
  recordEvery: wholePositive.default(1).describe("steps between records; the first and last are always recorded"),
};
export const training = z
  .strictObject(descent)
  .prefault({})
  .describe("full-batch gradient descent with the potential as loss");
export const batchedTraining = z
  .strictObject({
    ...descent,
    batch: z
      .strictObject({
        size: wholePositive.max(MAX_DATA).describe("data of a step"),
        seed: seed.describe("key of the data's orders"),
      })
      .exactOptional()
      .describe("mini-batches: each step takes so many data of a random order; unless given, all"),
  })
  .prefault({})
  .describe("gradient descent with the potential as loss");

export const ensemble = z
  .strictObject({
    size: wholePositive.max(MAX_COUNT).default(512).describe("number of networks"),
    seed: seed.describe("key of the random numbers"),
  })
  .prefault({})
  .describe("independently initialised networks");

export const observeKernel = z
  .strictObject({
    eigenvalues: z
      .boolean()
      .default(true)
      .describe("find the eigenvalues of the tangent kernel, which takes minutes for thousands of data"),
  })
  .exactOptional()
  .describe("what is found beside the kernels");

export const observeNetworks = z
  .strictObject({
    kernelsEvery: wholePositive
      .exactOptional()
      .describe("steps between empirical kernels; the first and last step's are always recorded"),
    kernelMatrices: z.boolean().default(false).describe("keep the mean kernel of each of those steps whole"),
    kernelsByLayer: z
      .boolean()
      .default(false)
      .describe("record the parts that each layer's weights and biases have in the kernel"),
    parameterNorms: z
      .boolean()
      .default(false)
      .describe("record the norms of the weights and biases, and of their way from the start, with the kernels"),
    linearised: z.boolean().default(false).describe("evolve each network's own linearisation beside it"),
  })
  .exactOptional()
  .describe("what is recorded of the networks beside their outputs");
