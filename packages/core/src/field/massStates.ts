/**
 * Mass eigenstates: the combinations of fields in which <d^2V/dphi_f dphi_g> is diagonal, each with a name that it keeps from one snapshot to
 * the next. Eigenvectors have neither an order nor a sign, and of equal eigenvalues no direction: those of one mass are the fields'
 * projections on what they span, so that fields without mixing masses are their own eigenstates whatever their masses are; and states are named
 * by what they overlap with most, fields first, later the states before.
 */
import { eigen, eigenvalueRounding } from "../linalg/eigen.ts";

export interface MassStates {
  /** [F] eigenvalues. */
  readonly massSquared: Float64Array;
  /** [F][F]: row i is the i-th state's parts of the fields, of length 1. */
  readonly rotation: Float64Array;
  /** Whether a state is not a field by itself. */
  readonly mixed: boolean;
}

/** Eigenvalues nearer than this part of themselves are one: averages over a lattice in float32 are no better. */
const ONE_MASS = 1e-6;
/** Overlaps nearer than this are equal: which is the larger would be a matter of rounding. */
const ONE_OVERLAP = 1e-6;

/** What is largest of the numbers 0 .. count - 1 by a value, the first of those as large but for rounding. */
function largest(count: number, value: (i: number) => number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (value(i) > value(best) + ONE_OVERLAP) best = i;
  return best;
}

/** The orthonormal basis [states][F] of what eigenvectors `first` .. `end` - 1, columns of [F][F], span: the fields' projections, the longest first. */
function projectedFields(vectors: Float64Array, F: number, first: number, end: number): Float64Array[] {
  const projector = Float64Array.from({ length: F * F }, (_, fg) => {
    let sum = 0;
    for (let i = first; i < end; i++) sum += vectors[Math.floor(fg / F) * F + i]! * vectors[(fg % F) * F + i]!;
    return sum;
  });
  return Array.from({ length: end - first }, () => {
    const f = largest(F, (g) => projector[g * F + g]!);
    const length = Math.sqrt(projector[f * F + f]!);
    const state = Float64Array.from({ length: F }, (_, g) => projector[f * F + g]! / length);
    for (let gh = 0; gh < F * F; gh++) projector[gh]! -= state[Math.floor(gh / F)]! * state[gh % F]!;
    return state;
  });
}

/**
 * The state for each of some references, the pairs that overlap most first, with the sign in which they overlap: [F] indices and signs.
 * Both are [F][F], a row each.
 */
export function namedBy(
  states: Float64Array,
  references: Float64Array,
  F: number,
): { readonly index: number; readonly sign: number }[] {
  const overlap = (reference: number, state: number): number => {
    let sum = 0;
    for (let f = 0; f < F; f++) sum += references[reference * F + f]! * states[state * F + f]!;
    return sum;
  };
  const overlaps = Float64Array.from({ length: F * F }, (_, rs) => overlap(Math.floor(rs / F), rs % F));
  const named = new Map<number, number>();
  const taken = new Set<number>();
  while (named.size < F) {
    const free = Array.from(overlaps.keys()).filter((rs) => !named.has(Math.floor(rs / F)) && !taken.has(rs % F));
    const best = free[largest(free.length, (i) => Math.abs(overlaps[free[i]!]!))]!;
    named.set(Math.floor(best / F), best % F);
    taken.add(best % F);
  }
  return Array.from({ length: F }, (_, reference) => {
    const index = named.get(reference)!;
    return { index, sign: overlaps[reference * F + index]! < 0 ? -1 : 1 };
  });
}

const identity = (F: number): Float64Array =>
  Float64Array.from({ length: F * F }, (_, fg) => Number(Math.floor(fg / F) === fg % F));

/** The eigenstates of a symmetric matrix [F][F], named after the fields: the fields themselves where none mix, or where it is not finite. */
export function massStates(matrix: Float64Array, F: number): MassStates {
  const isOwn = (fg: number): boolean => Math.floor(fg / F) === fg % F;
  if (matrix.every((value, fg) => isOwn(fg) || value === 0) || !matrix.every(Number.isFinite))
    return { massSquared: matrix.filter((_, fg) => isOwn(fg)), rotation: identity(F), mixed: false };
  const { values, vectors } = eigen(matrix, F);
  const rounding = eigenvalueRounding(values);
  const isOne = (i: number): boolean => {
    const [above, here] = [values[i - 1]!, values[i]!];
    return above - here <= ONE_MASS * Math.max(Math.abs(above), Math.abs(here)) + rounding;
  };
  const states: Float64Array[] = [];
  for (let first = 0, end = 1; first < F; first = end++) {
    while (end < F && isOne(end)) end++;
    states.push(...projectedFields(vectors, F, first, end));
  }
  const rows = Float64Array.from(states.flatMap((state) => [...state]));
  return arranged({ massSquared: values, rotation: rows, mixed: true }, namedBy(rows, identity(F), F));
}

/** The states in the order of their names. */
export function arranged({ massSquared, rotation, mixed }: MassStates, names: ReturnType<typeof namedBy>): MassStates {
  const F = massSquared.length;
  return {
    massSquared: Float64Array.from(names, ({ index }) => massSquared[index]!),
    rotation: Float64Array.from(
      names.flatMap(({ index, sign }) =>
        Array.from(rotation.subarray(index * F, (index + 1) * F), (part) => sign * part),
      ),
    ),
    mixed,
  };
}
