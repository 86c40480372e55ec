/**
 * The config's sections as zod schemas: types, ranges, defaults and one line of meaning each. What a command takes is a selection of
 * sections. The JSON Schemas that editors use are made from the same objects, so that neither can say what the other does not.
 */
import { z } from "zod";
import { MAX_DATA } from "../network/study.ts";

/** Philox counters have 32 bits: more networks or units could not be told apart. */
const MAX_COUNT = 2 ** 32 - 1;
const MAX_UNITS = 2 ** 24;
const MAX_DIMENSION = 4096;

const finite = z.number();
const positive = z.number().positive();
const wholePositive = z.number().int().min(1);

const parameters = z.record(z.string(), finite).describe("values of the potential's parameters by name");

/** One potential, wherever a config or a file names one. */
export const potential = z
  .union(
    [
      z.string(),
      z.strictObject({ name: z.string(), parameters: parameters.exactOptional() }),
      z.strictObject({ expression: z.string(), parameters: parameters.exactOptional() }),
    ],
    { error: "must be a built-in name, { name, parameters } or { expression, parameters }" },
  )
  .describe("V(phi): a built-in name, { name, parameters } or { expression, parameters }");

const depth = wholePositive.max(1000);
const width = wholePositive.max(MAX_UNITS);
const deviation = z.number().min(0).max(1e6);

const network = z
  .strictObject({
    depth: depth.default(1).describe("number of hidden layers"),
    width: width.default(1024).describe("units in each hidden layer"),
    activation: z.string().default("erf").describe("erf, relu, tanh, gelu, sin or linear"),
    weightStd: deviation.default(1.5).describe("standard deviation of the weights, NTK parametrisation"),
    biasStd: deviation.default(0.1).describe("standard deviation of the biases"),
  })
  .prefault({})
  .describe("the multilayer perceptron");

const row = z.array(finite).min(1);
const randomPoints = z.strictObject({
  points: wholePositive.max(MAX_DATA).describe("number of points"),
  dimension: wholePositive.max(MAX_DIMENSION).describe("number of coordinates"),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(1).describe("key of the random numbers"),
});
const inputs = z.union(
  [
    z.strictObject({ circle: z.strictObject({ points: wholePositive.max(MAX_DATA).default(8) }) }),
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
const trainedOn = {
  inputs: inputs
    .default({ circle: { points: 8 } })
    .describe(
      "points on the circle of radius sqrt(2), a sphere or a grid, Gaussian ones, a file's, or rows of coordinates",
    ),
  targets: z
    .union([z.string(), z.array(finite).min(1), z.strictObject({ column: z.string().min(1) })], {
      error: "must be an expression, a list of numbers or { column: name }",
    })
    .default("sin(theta) + 0.5*cos(2*theta)")
    .describe(
      "an expression in theta (circle) or x0, x1, ..., one number per input, or { column } of the inputs' file",
    ),
  standardise: z
    .boolean()
    .default(false)
    .describe("networks see each coordinate shifted and scaled to mean 0 and variance 1 over the inputs"),
};
const data = z.strictObject(trainedOn).prefault({}).describe("what the networks are trained on");
const testedData = z
  .strictObject({
    ...trainedOn,
    test: z
      .strictObject({ inputs: inputs.describe("as data.inputs, in as many coordinates") })
      .exactOptional()
      .describe("where the trained networks are evaluated beside the data"),
  })
  .prefault({})
  .describe("what the networks are trained on, and tested at");

const learningRate = z.union([positive, z.strictObject({ relative: positive })], {
  error: "must be a positive number or { relative: x }",
});
const momentum = z.number().min(0).lt(1);

const descent = {
  learningRate: learningRate
    .default({ relative: 0.5 })
    .describe("eta, or { relative: x } for eta = x / lambda_max of the infinite-width kernel"),
  momentum: momentum.default(0).describe("beta of the heavy ball; 0 is gradient descent"),
  steps: z.number().int().min(0).max(1e9).default(200).describe("number of steps"),
  potential: potential.default("quadratic"),
  recordEvery: wholePositive.default(1).describe("steps between records; the first and last are always recorded"),
};
const training = z
  .strictObject(descent)
  .prefault({})
  .describe("full-batch gradient descent with the potential as loss");
const batchedTraining = z
  .strictObject({
    ...descent,
    batch: z
      .strictObject({
        size: wholePositive.max(MAX_DATA).describe("data of a step"),
        seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(1).describe("key of the data's orders"),
      })
      .exactOptional()
      .describe("mini-batches: each step takes so many data of a random order; unless given, all"),
  })
  .prefault({})
  .describe("gradient descent with the potential as loss");

const ensemble = z
  .strictObject({
    size: wholePositive.max(MAX_COUNT).default(512).describe("number of networks"),
    seed: z.number().int().min(0).default(1).describe("key of the random numbers"),
  })
  .prefault({})
  .describe("independently initialised networks");

const observeNetworks = z
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

const background = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("static") }),
    z.strictObject({ kind: z.literal("deSitter"), hubble: positive.default(1) }),
    z.strictObject({ kind: z.literal("powerLaw"), exponent: positive, hubble: positive.default(1) }),
    z.strictObject({ kind: z.literal("fluid"), omega: z.number().min(-1), hubble: positive.default(1) }),
    z.strictObject({
      kind: z.literal("table"),
      file: z.string().min(1).describe("CSV rows of cosmic time t and a(t)"),
    }),
    z.strictObject({
      kind: z.literal("selfConsistent"),
      planckMass: positive.describe("the reduced Planck mass in the fields' units"),
    }),
  ])
  .default({ kind: "deSitter", hubble: 1 })
  .describe(
    "the expansion, with a(0) = 1; powerLaw is a = (1 + hubble t/exponent)^exponent in cosmic time, fluid one of pressure omega times density",
  );

/** Mean and velocity have no default here: a stored state brings its own, so that giving them beside it can be told. */
const field = z
  .strictObject({
    fields: z
      .array(z.string().regex(/^[A-Za-z_]\w*$/, { error: "must have letters, digits and _ only" }))
      .min(1)
      .max(16)
      .exactOptional()
      .describe("names of the fields, as the potential's expression has them; phi alone unless given"),
    potential: potential.default("quadratic"),
    mean: z
      .union([finite, z.array(finite).min(1)], { error: "must be a number, or one a field" })
      .exactOptional()
      .describe("the homogeneous part at the start, 0 unless given; a list for several fields"),
    velocity: z
      .union([finite, z.array(finite).min(1), z.literal("attractor")], {
        error: "must be a number, one a field, or attractor",
      })
      .exactOptional()
      .describe("its derivative in cosmic time, 0 unless given; attractor: that of slow roll"),
  })
  .prefault({})
  .describe("the scalar fields");

const lattice = z
  .strictObject({
    dimensions: z.literal([1, 2, 3]).default(3),
    points: z.number().int().min(2).max(MAX_UNITS).default(64).describe("points along each side"),
    length: positive.default(2 * Math.PI).describe("comoving side of the periodic box"),
    stencil: z.literal([2, 4, 6]).default(2).describe("order of the Laplacian"),
  })
  .exactOptional()
  .describe("the periodic grid; without it the field is homogeneous");

const files = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
  error: "must be a file name, or one a field",
});
const vacuum = z
  .enum(["fitting", "bunchDavies", "adiabatic", "minkowski"])
  .default("fitting")
  .describe(
    "the vacuum at a = 1: bunchDavies, exact, in static and de Sitter space, and without mass in power laws; adiabatic, of order 2 (of a table, 0); fitting: the first where it is exact, else the second; minkowski, omega^2 = k^2 + V'' as CosmoLattice's",
  );
const random = {
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(1).describe("key of the random numbers"),
  amplitude: finite.default(1).describe("multiplies the fluctuations; omega_*/f_* in program units"),
  cutoff: positive.exactOptional().describe("|k| above it is left empty"),
  realisations: wholePositive
    .max(2 ** 20 - 1)
    .default(1)
    .describe("independent draws, evolved together"),
};
const fluctuations = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none") }),
    z.strictObject({
      kind: z.literal("planeWave"),
      mode: z.array(z.number().int()).min(1).max(3).describe("whole wave numbers, one a dimension"),
      amplitude: finite.default(1e-3),
      velocity: finite.default(0).describe("derivative of the amplitude in cosmic time"),
    }),
    z.strictObject({ kind: z.literal("vacuum"), initial: vacuum, ...random }),
    z.strictObject({
      kind: z.literal("gaussian"),
      ...random,
      spectrum: z
        .union([z.string(), z.strictObject({ file: z.string().min(1) })], {
          error: "must be an expression in k or { file }",
        })
        .describe("<|dphi_k|^2>: an expression in k, or a CSV file of k and power"),
    }),
    z.strictObject({
      kind: z.literal("cosmoLattice"),
      file: z.string().min(1).describe("HDF5 state file of CosmoLattice, in its program units"),
    }),
    z.strictObject({
      kind: z.literal("file"),
      field: files.describe("raw little-endian float64 or .npy, last index fastest; a list for several fields"),
      momentum: files.describe("the conjugate momentum a^(3-alpha) dphi/d eta, stored likewise"),
    }),
  ])
  .default({ kind: "none" })
  .describe("what is added to the homogeneous part");

const time = z
  .strictObject({
    alpha: finite.default(0).describe("dt = a^alpha d eta: 0 cosmic time, 1 conformal time"),
    step: positive.describe("step in alpha-time eta; without a lattice the recording grid"),
    end: positive.describe("last alpha-time"),
    integrator: z
      .enum(["verlet2", "verlet4", "verlet6", "verlet8"])
      .exactOptional()
      .describe("without a lattice and without this key: adaptive"),
    recordEvery: wholePositive.default(1).describe("steps between records"),
  })
  .describe("steps and records");

const modes = z
  .strictObject({
    wavenumbers: z.array(positive).min(1).max(1000).describe("comoving k of each mode"),
    initial: vacuum,
  })
  .exactOptional()
  .describe("single modes beside the homogeneous field, without a lattice");

const observe = z
  .strictObject({
    spectraEvery: wholePositive.exactOptional().describe("steps between power spectra"),
    histogramEvery: wholePositive.exactOptional().describe("steps between histograms of the field"),
    slicesEvery: wholePositive.exactOptional().describe("steps between two-dimensional slices"),
  })
  .exactOptional()
  .describe("pictures of the lattice, at the start, every so many steps, and at the end");

const checkpoint = z
  .strictObject({
    everySeconds: z.number().min(0).default(600).describe("seconds between checkpoints of a lattice"),
  })
  .prefault({})
  .describe("what a run that was interrupted goes on from, with --resume");

const units = z
  .strictObject({
    fStar: positive.describe("f_* in GeV: fields are in units of it"),
    omegaStar: positive.describe("omega_* in GeV: times are in units of its inverse"),
  })
  .exactOptional()
  .describe("what program units are in GeV: results are then told in powers of GeV too");

const sweptValue = z.union([finite, z.string()], { error: "must be a number or text" });
const sweep = z
  .union(
    [
      z
        .record(z.string(), z.array(sweptValue).min(1))
        .describe("values by config path: every combination is a point, those of the last path next to each other"),
      z
        .array(z.record(z.string(), sweptValue))
        .min(1)
        .describe("the points themselves, each the values of the same config paths"),
    ],
    { error: "must be { path: [values], ... } for all combinations, or a list of points { path: value, ... }" },
  )
  .exactOptional()
  .describe("runs the study once for each of several values of any numbers or names of the config");

const check = z.strictObject({
  path: z.string().min(1).describe("path into the result, as regression.lambdaEta.value"),
  expected: finite,
  tolerance: z.number().min(0).describe("largest |value - expected| that passes"),
});
const hyperparameters = z
  .strictObject({
    learningRate: z.array(learningRate).min(1).exactOptional(),
    momentum: z.array(momentum).min(1).exactOptional(),
    width: z.array(width).min(1).exactOptional(),
    depth: z.array(depth).min(1).exactOptional(),
    weightStd: z.array(deviation).min(1).exactOptional(),
    biasStd: z.array(deviation).min(1).exactOptional(),
    activation: z.array(z.string()).min(1).exactOptional(),
  })
  .exactOptional()
  .describe("values that each hyperparameter takes in turn, all others as configured");
const duality = z
  .strictObject({
    background: z.boolean().default(true).describe("the trajectory against its dual fields"),
    regression: z
      .strictObject({
        bootstrap: z.number().int().min(10).max(1e5).default(200).describe("resamples behind each error"),
      })
      .exactOptional()
      .describe("friction, cosmological constant and masses from the training curves"),
    widths: z.array(width).min(2).exactOptional().describe("widths to compare, ascending"),
    hyperparameters,
    checks: z.array(check).exactOptional().describe("what must hold; else exit 1"),
  })
  .prefault({})
  .describe("which comparisons are made");

const precision = z
  .enum(["float32", "compensated", "float64"])
  .default("float32")
  .describe("what an engine keeps its state in");

/** What each command takes. */
export const SCHEMAS = {
  kernel: z.strictObject({ precision, network, data, training, ensemble }),
  network: z.strictObject({
    precision,
    network,
    data: testedData,
    training: batchedTraining,
    ensemble,
    observe: observeNetworks,
  }),
  field: z.strictObject({
    precision,
    background,
    field,
    lattice,
    fluctuations,
    modes,
    time,
    observe,
    checkpoint,
    units,
    sweep,
  }),
  duality: z.strictObject({ precision, network, data, training, ensemble, duality }),
} as const;

export type ConfigCommand = keyof typeof SCHEMAS;
/** A command's config with all defaults filled in. */
export type Config<C extends ConfigCommand> = z.output<(typeof SCHEMAS)[C]>;

/** The JSON Schema (draft 2020-12) of a command's config file. */
export function commandSchema(command: ConfigCommand): object {
  return { title: `slowroll ${command}`, ...z.toJSONSchema(SCHEMAS[command], { io: "input" }) };
}

/** The JSON Schema of any config file, for editors: each command's config is one of its alternatives. */
export function jsonSchema(): object {
  const commands = Object.keys(SCHEMAS) as ConfigCommand[];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "slowroll config",
    anyOf: commands.map(commandSchema),
  };
}
