/** One at a time of a network's outputs, or of several fields: results have one number where there is one, else a list of one for each. */

/** Number `c` of what there is of each datum, or at each record. */
export const component = <T extends number | null>(values: readonly (T | readonly T[])[], c: number): T[] =>
  values.map((value) => (Array.isArray(value) ? (value as readonly T[])[c]! : (value as T)));

export interface Output {
  readonly c: number;
  /** For readers; the only output has none. */
  readonly name: string;
}

/** A result's outputs. What the config gives no name is called by its number. */
export const outputsOf = ({ outputs }: { readonly outputs?: readonly string[] | undefined }): Output[] =>
  outputs ? outputs.map((name, c) => ({ c, name: name === String(c) ? `output ${c}` : name })) : [{ c: 0, name: "" }];
