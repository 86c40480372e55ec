/**
 * A field study's result as an HDF5 file for analysis: each array of the result under its own key, with units, description and named
 * indices. Lists become groups whose datasets count the list first: spectra[s].power[bin] is spectra/power[s][bin].
 */
import type { SweepEntry } from "../field/sweep.ts";
import { type Attribute, type Dataset, type Group, type Numbers, writeHdf5 } from "./hdf5.ts";

/** What one of the result's arrays is. */
interface Meaning {
  readonly units: string;
  readonly description: string;
  /** What each index counts; `field?` is there where the study has named fields. */
  readonly dimensions: readonly string[];
  /** The same in every item of its list, and so written once. */
  readonly shared?: true;
}

const OVER_TIME = ["time", "field?"];
const DENSITY = "program energy density";

/** Every array that a result may have, by its path: a new key of the result is a new line. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  times: { units: "program time", description: "cosmic time t", dimensions: ["time"] },
  alphaTimes: { units: "program time", description: "alpha-time eta, dt = a^alpha d eta", dimensions: ["time"] },
  efolds: { units: "1", description: "N = ln a", dimensions: ["time"] },
  scaleFactor: { units: "1", description: "a, 1 at the start", dimensions: ["time"] },
  hubble: { units: "1/program time", description: "H = (da/dt)/a", dimensions: ["time"] },
  mean: { units: "program field", description: "<phi>", dimensions: OVER_TIME },
  velocity: { units: "program field/program time", description: "d<phi>/dt", dimensions: OVER_TIME },
  variance: { units: "program field^2", description: "<(phi - <phi>)^2>", dimensions: OVER_TIME },
  skewness: { units: "1", description: "third central moment over rms^3", dimensions: OVER_TIME },
  kurtosis: { units: "1", description: "fourth central moment over rms^4, less 3", dimensions: OVER_TIME },
  equationOfState: { units: "1", description: "pressure over density, NaN where that is 0", dimensions: ["time"] },
  realisations: {
    units: "1",
    description: "independent draws that all but histograms and slices is the average of",
    dimensions: [],
  },
  "energy/kinetic": { units: DENSITY, description: "<(dphi/dt)^2>/2", dimensions: OVER_TIME },
  "energy/gradient": { units: DENSITY, description: "-<phi Laplacian phi>/(2 a^2)", dimensions: OVER_TIME },
  "energy/potential": { units: DENSITY, description: "<V>", dimensions: OVER_TIME },
  constraint: { units: "1", description: "|H^2 - rho/(3 mp^2)|/(H^2 + rho/(3 mp^2))", dimensions: ["time"] },
  "spectra/time": { units: "program time", description: "cosmic time t of each spectrum", dimensions: ["spectrum"] },
  "spectra/k": {
    units: "1/program length",
    description: "mean comoving |k| in the bin",
    dimensions: ["bin"],
    shared: true,
  },
  "spectra/count": { units: "1", description: "lattice modes in the bin", dimensions: ["bin"], shared: true },
  "spectra/power": {
    units: "program field^2",
    description:
      "power per logarithmic interval of k: mean over the bin of k^3 |dphi_k|^2/(2 pi^2) in three dimensions",
    dimensions: ["spectrum", "field?", "bin"],
  },
  "spectra/error": {
    units: "program field^2",
    description: "standard error of power over the realisations",
    dimensions: ["spectrum", "field?", "bin"],
  },
  "spectra/velocityPower": {
    units: "(program field/program time)^2",
    description: "as power, of dphi/dt in cosmic time",
    dimensions: ["spectrum", "field?", "bin"],
  },
  "spectra/velocityError": {
    units: "(program field/program time)^2",
    description: "standard error of velocityPower over the realisations",
    dimensions: ["spectrum", "field?", "bin"],
  },
  "spectra/occupation": {
    units: "(program field program time)^2",
    description:
      "mean over the bin of n_k = (omega_k |chi_k|^2 + |dchi_k/dtau|^2/omega_k)/2, chi = a phi of each mass eigenstate, dtau = dt/a, omega_k^2 = k_eff^2 + a^2 massSquared; NaN where a mode has omega_k^2 <= 0",
    dimensions: ["spectrum", "field?", "bin"],
  },
  "spectra/occupationError": {
    units: "(program field program time)^2",
    description: "standard error of occupation over the realisations",
    dimensions: ["spectrum", "field?", "bin"],
  },
  "spectra/massSquared": {
    units: "1/program time^2",
    description: "<d^2V/dphi^2>, or the eigenvalues of <d^2V/dphi_f dphi_g>",
    dimensions: ["spectrum", "field?"],
  },
  "spectra/mixing": {
    units: "1",
    description: "mass eigenstates' parts of the fields, of length 1",
    dimensions: ["spectrum", "state", "field"],
  },
  "histograms/time": {
    units: "program time",
    description: "cosmic time t of each histogram",
    dimensions: ["histogram"],
  },
  "histograms/low": {
    units: "program field",
    description: "where the first bin begins",
    dimensions: ["histogram", "field?"],
  },
  "histograms/high": {
    units: "program field",
    description: "where the last bin ends",
    dimensions: ["histogram", "field?"],
  },
  "histograms/counts": {
    units: "1",
    description: "sites of the first realisation in each of the bins of equal width",
    dimensions: ["histogram", "field?", "bin"],
  },
  "slices/time": { units: "program time", description: "cosmic time t of each slice", dimensions: ["slice"] },
  "slices/values": {
    units: "program field",
    description: "phi in a plane of the first realisation",
    dimensions: ["slice", "field?", "row", "column"],
  },
  "modes/mode": { units: "1", description: "whole numbers n, k = 2 pi n/length", dimensions: ["mode", "axis"] },
  "modes/k": { units: "1/program length", description: "comoving |k|", dimensions: ["mode"] },
  "modes/kEff": { units: "1/program length", description: "|k| that the stencil sees", dimensions: ["mode"] },
  "modes/amplitude": {
    units: "program field",
    description: "amplitude of the mode's fluctuation",
    dimensions: ["mode", "time", "field?"],
  },
  "modes/correlation": {
    units: "1",
    description: "Re <dphi_f dphi_g^*> over the product of the amplitudes",
    dimensions: ["mode", "time", "field", "otherField"],
  },
};

/** What describes the run and is no result of it; config and version become attributes. */
const ABOUT: ReadonlySet<string> = new Set([
  "command",
  "version",
  "config",
  "engine",
  "timings",
  "memory",
  "units",
  "warnings",
  "incomplete",
  "values",
  "engineSeconds",
  "error",
  "sweep",
]);

/**
 * Sizes and numbers of nested arrays; null, which stands for a number that there is none of, is NaN. Numbers are copied as they are asked
 * for: a lattice's slices may be most of what there is memory for.
 */
function flatten(value: unknown, name: string): { shape: number[]; data: Numbers } {
  const shape: number[] = [];
  for (let part = value; Array.isArray(part); part = part[0]) shape.push(part.length);
  /** Numbers in a part that stands at each depth. */
  const sizes = [...shape.keys(), shape.length].map((depth) => shape.slice(depth).reduce((all, size) => all * size, 1));
  const subarray = (from: number, to: number): Float64Array => {
    const data = new Float64Array(to - from);
    const fill = (part: unknown, depth: number, at: number): void => {
      if (Array.isArray(part)) {
        if (part.length !== shape[depth]) throw new Error(`${name} is ragged`);
        const size = sizes[depth + 1]!;
        const last = Math.min(part.length, Math.ceil((to - at) / size));
        for (let i = Math.max(0, Math.floor((from - at) / size)); i < last; i++)
          fill(part[i], depth + 1, at + i * size);
      } else {
        if (depth !== shape.length) throw new Error(`${name} is ragged`);
        if (part !== null && typeof part !== "number") throw new Error(`${name} holds ${typeof part}, not numbers`);
        data[at - from] = part ?? Number.NaN;
      }
    };
    fill(value, 0, 0);
    return data;
  };
  return { shape, data: { length: sizes[0]!, subarray } };
}

function datasetOf(value: unknown, name: string): Dataset<Numbers> {
  const meaning = MEANINGS[name];
  if (!meaning) throw new Error(`result.${name} has no units: give it a line in fieldFile.ts`);
  const { shape, data } = flatten(value, name);
  const needed = meaning.dimensions.filter((label) => !label.endsWith("?"));
  const dimensions =
    shape.length === needed.length ? needed : meaning.dimensions.map((label) => label.replace("?", ""));
  return { ...meaning, data, shape, dimensions };
}

const isItem = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A list's items as one: each key with the values of all, or with that of the first where they share it. */
function gather(items: readonly Record<string, unknown>[], name: string): Record<string, unknown> {
  const keys = [...new Set(items.flatMap(Object.keys))];
  return Object.fromEntries(
    keys.map((key) => {
      const values = items.map((item) => item[key]);
      if (!MEANINGS[`${name}/${key}`]?.shared) return [key, values];
      if (values.some((value) => value !== values[0] && JSON.stringify(value) !== JSON.stringify(values[0])))
        throw new Error(`${name}/${key} is not the same in all`);
      return [key, values[0]];
    }),
  );
}

function members(result: Readonly<Record<string, unknown>>, prefix: string): Group["members"] {
  const entries = Object.entries(result).flatMap(([key, value]): [string, Dataset<Numbers> | Group][] => {
    if (value === undefined) return [];
    const name = prefix + key;
    if (isItem(value)) return [[key, { members: members(value, `${name}/`) }]];
    if (Array.isArray(value) && value.length > 0 && value.every(isItem))
      return [[key, { members: members(gather(value, name), `${name}/`) }]];
    return [[key, datasetOf(value, name)]];
  });
  return Object.fromEntries(entries);
}

const measuredIn = (result: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(result).filter(([key, value]) => !ABOUT.has(key) && !(Array.isArray(value) && value.length === 0)),
  );

/** The group of a sweep's point, counted from 0; their names sort as they do. */
export const sweepGroupName = (point: number, points: number): string =>
  `sweep/${String(point + 1).padStart(String(points).length, "0")}`;

/** The points of a sweep, each a group with its values as attributes. */
function sweepGroup(sweep: readonly SweepEntry[]): Group {
  return {
    members: Object.fromEntries(
      sweep.map(({ values, error, ...entry }, p) => [
        sweepGroupName(p, sweep.length).replace("sweep/", ""),
        {
          attributes: { ...values, ...(error ? { error: error.message } : {}) },
          members: members(measuredIn(entry), ""),
        },
      ]),
    ),
  };
}

/**
 * Writes the arrays of a `field` result, whole or not at all; of a sweep those of each point in a group.
 * @param result the contract's keys; config and version, where given, become attributes
 * @throws UnwritableError where the file cannot be written; Error for an array that has no line in this file's table
 */
export async function writeFieldFile(file: string, result: Readonly<Record<string, unknown>>): Promise<void> {
  const config = result.config as { readonly field?: { readonly fields?: readonly string[] } } | undefined;
  const attributes: Record<string, Attribute> = { format: "slowroll field" };
  if (config) attributes.config = JSON.stringify(config);
  if (typeof result.version === "string") attributes.version = result.version;
  if (config?.field?.fields) attributes.fields = config.field.fields;
  const { sweep } = result as { readonly sweep?: readonly SweepEntry[] };
  const swept = sweep ? { sweep: sweepGroup(sweep) } : {};
  await writeHdf5(file, { attributes, members: { ...members(measuredIn(result), ""), ...swept } });
}
