/** The sections of the field's config: background, fields and their fluctuations, time, and what is recorded. */
import { z } from "#zod";
import { expression, fieldNames, finite, positive, potential, seed, wholePositive } from "./values.ts";

const MAX_POINTS = 2 ** 24;

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
    fields: fieldNames
      .exactOptional()
      .describe("names of the fields, as the potential's expression has them; phi alone unless given"),
    potential: potential.prefault("quadratic"),
    mean: z
      .union([finite, z.array(finite).min(1)], { error: "must be a number, or one a field" })
      .exactOptional()
      .describe("the homogeneous part at the start, 0 unless given: a list by field, or one number for all fields"),
    velocity: z
      .union([finite, z.array(finite).min(1), z.literal("attractor")], {
        error: "must be a number, one a field, or attractor",
      })
      .exactOptional()
      .describe("its derivative in cosmic time, 0 unless given: likewise; attractor: that of slow roll"),
  })
  .prefault({})
  .describe("the scalar fields");

const lattice = z
  .strictObject({
    dimensions: z.literal([1, 2, 3]).default(3),
    points: z.number().int().min(2).max(MAX_POINTS).default(64).describe("points along each side"),
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
    "the vacuum at a = 1: bunchDavies, exact, in static and de Sitter space, and without mass in power laws; adiabatic, of order 2 (of a table, 0); fitting: the first where it is exact, else the second; minkowski, omega^2 = k^2 + V'', or k^2 where V'' is negative, as CosmoLattice's",
  );
const realisations = wholePositive.max(2 ** 20 - 1).default(1);
const random = {
  seed: seed.describe("key of the random numbers"),
  amplitude: finite.default(1).describe("multiplies the fluctuations; omega_*/f_* in program units"),
  cutoff: positive.exactOptional().describe("|k| above it is left empty"),
  realisations: realisations.describe("independent draws, evolved together"),
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
        .union([...expression, z.strictObject({ file: z.string().min(1) })], {
          error: "must be an expression in k or { file }",
        })
        .describe("<|dphi_k|^2>, without a factor of k^3: an expression in k, or a CSV file of rows k, <|dphi_k|^2>"),
    }),
    z.strictObject({
      kind: z.literal("cosmoLattice"),
      file: z.string().min(1).describe("HDF5 state file of CosmoLattice, in its program units"),
    }),
    z.strictObject({
      kind: z.literal("file"),
      field: files.describe("raw little-endian float64 or .npy, last index fastest; a list for several fields"),
      momentum: files.describe("the conjugate momentum a^(3-alpha) dphi/d eta, stored likewise"),
      realisations: realisations.describe(
        "how many the files hold, one after another (of .npy the first index), evolved together",
      ),
      scaleFactor: positive
        .default(1)
        .describe(
          "a of that momentum, which becomes 1: lattice.length is then a times the side of the box that it is from",
        ),
    }),
  ])
  .prefault({ kind: "none" })
  .describe("what is added to the homogeneous part");

const time = z
  .strictObject({
    alpha: finite.default(0).describe("dt = a^alpha d eta: 0 cosmic time, 1 conformal time"),
    step: positive.describe("step in alpha-time eta; without a lattice the recording grid"),
    end: positive.describe("last alpha-time"),
    integrator: z
      .enum(["verlet2", "verlet4", "verlet6", "verlet8"])
      .exactOptional()
      .describe("verlet2 unless given; without a lattice and without this key: adaptive"),
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
    velocitySpectra: z
      .boolean()
      .exactOptional()
      .describe("whether spectra are also of the fields' derivatives in cosmic time"),
    occupationNumbers: z
      .boolean()
      .exactOptional()
      .describe(
        "whether spectra also have occupation numbers, of a phi in conformal time: of the mass eigenstates where masses mix fields",
      ),
    histogramEvery: wholePositive.exactOptional().describe("steps between histograms of the field"),
    slicesEvery: wholePositive.exactOptional().describe("steps between two-dimensional slices"),
  })
  .exactOptional()
  .describe("pictures of the lattice, at the start, every so many steps, and at the end");

/** Seconds: more often, and a run does little but write its state, at 0 after each operation of the integrator. */
const SOONEST = 0.05;

const checkpoint = z
  .strictObject({
    everySeconds: z.number().min(SOONEST).default(600).describe("seconds between checkpoints of a lattice"),
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

/** In the order in which a run's config is written. */
export const fieldSections = {
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
};
