/** A run's observations and snapshots as HDF5 groups and back: one dataset for each quantity, its first index counting the records. */
import type { Observation, Snapshot } from "../engine/latticeJob.ts";
import type { Dataset, Group, Hdf5Content } from "./hdf5.ts";

/** No unit of length or mass is fixed: V's parameters do that. */
export const UNITS = "program units";

/** The quantities of an observation that are one array each, with what the indices after the first count. */
const OBSERVED = {
  fieldMean: ["<phi>", ["realisation", "field"]],
  fieldVariance: ["<(phi - <phi>)^2>", ["realisation", "field"]],
  fieldThird: ["<(phi - <phi>)^3>", ["realisation", "field"]],
  fieldFourth: ["<(phi - <phi>)^4>", ["realisation", "field"]],
  momentumMean: ["<pi>", ["realisation", "field"]],
  momentumSquare: ["<pi^2>", ["realisation", "field"]],
  gradient: ["-<phi Laplacian phi>", ["realisation", "field"]],
  potential: ["<V>", ["realisation"]],
  global: ["q, q' and the clock", ["realisation", "quantity"]],
} as const satisfies Partial<Record<keyof Observation, readonly [string, readonly string[]]>>;

type Observed = keyof typeof OBSERVED;

/** Those of a snapshot. */
const PICTURED = {
  spectra: ["sum over the modes n of a bin of |n|^d |DFT phi|^2", ["realisation", "field", "bin"]],
  momentumSpectra: ["sum over the modes n of a bin of |n|^d |DFT dphi/dt|^2", ["realisation", "field", "bin"]],
  oscillators: [
    "sum over the modes n of a bin of omega |DFT chi|^2 + |DFT dchi/dtau|^2/omega, chi = a phi of each mass eigenstate",
    ["realisation", "field", "bin"],
  ],
  curvature: ["<d^2V/dphi dchi>", ["realisation", "field", "otherField"]],
  histogramLow: ["phi where the histogram begins", ["realisation", "field"]],
  histogramHigh: ["phi where the histogram ends", ["realisation", "field"]],
  histogramCounts: ["sites in each bin of phi", ["realisation", "field", "bin"]],
  slices: ["phi on one plane of the lattice", ["realisation", "field", "row", "column"]],
} as const satisfies Record<Exclude<keyof Snapshot, "afterOperation">, readonly [string, readonly string[]]>;

type Pictured = keyof typeof PICTURED;

/** One dataset of what every record has, or undefined where none has it; `shape` without the index of the record. */
function stack(
  records: readonly (Float64Array | undefined)[],
  shape: readonly number[],
  description: string,
  dimensions: readonly string[],
): Dataset | undefined {
  const present = records.filter((values) => values !== undefined);
  if (present.length === 0) return undefined;
  if (present.length < records.length) throw new Error(`${description} is missing in some of the records`);
  const size = present[0]!.length;
  const data = new Float64Array(records.length * size);
  for (const [r, values] of present.entries()) data.set(values, r * size);
  return { data, shape: [records.length, ...shape], units: UNITS, description, dimensions: ["record", ...dimensions] };
}

const presentOnly = (members: Record<string, Dataset | undefined>): Group => ({
  members: Object.fromEntries(Object.entries(members).filter((entry): entry is [string, Dataset] => !!entry[1])),
});

function afterOperation(records: readonly { readonly afterOperation: number }[]): Dataset {
  return {
    data: BigInt64Array.from(records, (record) => BigInt(record.afterOperation)),
    shape: [records.length],
    units: "1",
    description: "operations of the schedule done before the record",
    dimensions: ["record"],
  };
}

export function observationGroup(observations: readonly Observation[], R: number, F: number): Group {
  const quantities = Object.entries(OBSERVED).map(([name, [description, dimensions]]) => {
    const shape = dimensions.map((label) => ({ realisation: R, field: F, quantity: 3 })[label]);
    return [
      name,
      stack(
        observations.map((o) => o[name as Observed]),
        shape,
        description,
        dimensions,
      ),
    ] as const;
  });
  const waves = observations[0]?.cosine?.length;
  const cosines = observations.map((o) => {
    if (o.cosine?.length !== waves) throw new Error("observations of different numbers of waves");
    return o.cosine && Float64Array.from(o.cosine.flatMap((amplitudes) => [...amplitudes]));
  });
  return presentOnly({
    afterOperation: afterOperation(observations),
    ...Object.fromEntries(quantities),
    cosine: stack(cosines, [waves ?? 0, R, F], "2 <phi cos(k.x)>", ["mode", "realisation", "field"]),
  });
}

export function snapshotGroup(snapshots: readonly Snapshot[], R: number, F: number, points: number): Group {
  const quantities = Object.entries(PICTURED).map(([name, [description, dimensions]]) => {
    const records = snapshots.map((snapshot) => snapshot[name as Pictured]);
    const bin = (records[0]?.length ?? 0) / (R * F);
    const sizes = { realisation: R, field: F, otherField: F, bin, row: points, column: points };
    const shape = dimensions.map((label) => sizes[label]);
    return [name, stack(records, shape, description, dimensions)] as const;
  });
  return presentOnly({ afterOperation: afterOperation(snapshots), ...Object.fromEntries(quantities) });
}

/** The records of a dataset that `stack` made; undefined for each where there is none. */
function unstack(
  content: Hdf5Content,
  name: string,
  count: number,
  shape?: readonly number[],
): (Float64Array | undefined)[] {
  if (!content.has(name)) return new Array(count).fill(undefined);
  const values = content.numbers(name, shape ? { shape: [count, ...shape] } : {});
  const size = values.length / count;
  return Array.from({ length: count }, (_, r) => values.slice(r * size, (r + 1) * size));
}

const pieces = (values: Float64Array, size: number): Float64Array[] =>
  Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));

/** Those that stand in a group. */
export function readObservations(content: Hdf5Content, group: string, R: number, F: number): Observation[] {
  const operations = content.numbers(`${group}/observations/afterOperation`);
  const quantities = Object.entries(OBSERVED).map(([name, [, dimensions]]) => {
    const shape = dimensions.map((label) => ({ realisation: R, field: F, quantity: 3 })[label]);
    return [name, unstack(content, `${group}/observations/${name}`, operations.length, shape)] as const;
  });
  const cosines = unstack(content, `${group}/observations/cosine`, operations.length);
  return Array.from(operations, (afterOperation, r) => {
    const present = quantities.flatMap(([name, records]) => (records[r] ? [[name, records[r]]] : []));
    const cosine = cosines[r] && { cosine: pieces(cosines[r], R * F) };
    return { afterOperation, ...Object.fromEntries(present), ...cosine };
  });
}

export function readSnapshots(content: Hdf5Content, group: string, R: number, F: number, points: number): Snapshot[] {
  const operations = content.numbers(`${group}/snapshots/afterOperation`);
  const quantities = Object.entries(PICTURED).map(([name, [, dimensions]]) => {
    // How many bins there are, the file tells.
    const bin = Number.NaN;
    const sizes = { realisation: R, field: F, otherField: F, bin, row: points, column: points };
    const shape = dimensions.map((label) => sizes[label]);
    const known = shape.includes(bin) ? undefined : shape;
    return [name, unstack(content, `${group}/snapshots/${name}`, operations.length, known)] as const;
  });
  return Array.from(operations, (afterOperation, r) => {
    const present = quantities.flatMap(([name, records]) => (records[r] ? [[name, records[r]]] : []));
    return { afterOperation, ...Object.fromEntries(present) };
  });
}
