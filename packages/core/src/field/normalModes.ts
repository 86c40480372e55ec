/**
 * Fields whose masses mix: the combinations that move each on its own are the eigenvectors of V''_fg at the mean, with the eigenvalues as
 * their masses squared. Each has a vacuum of its own, which is exact while V''_fg is constant; where the fields' motion turns the
 * eigenvectors, the vacuum leaves that out: of the rate at which they turn over the frequencies, its error is of first order in the
 * covariance of a field and another's momentum, of second order in all else.
 */
import { InputError } from "../errors.ts";
import { eigen, eigenvalueRounding } from "../linalg/eigen.ts";
import type { Setup } from "./setup.ts";

export interface NormalMode {
  /** V'' along it at the mean, negative too. */
  readonly massSquared: number;
  /** [F], of length 1. */
  readonly direction: readonly number[];
  /** For messages. */
  readonly name: string;
}

/** sum_fg direction_f direction_g matrix(f, g), reading nothing where a factor is zero. */
export function along(direction: readonly number[], matrix: (f: number, g: number) => number): number {
  let sum = 0;
  for (const [f, p] of direction.entries()) {
    for (const [g, q] of direction.entries()) if (p !== 0 && q !== 0) sum += p * q * matrix(f, g);
  }
  return sum;
}

/**
 * The normal modes at the mean: the fields themselves, in their order, where no masses mix.
 * @throws InputError (field.mean) where V'' is not finite.
 */
export function normalModes({ potential, fields, mean }: Pick<Setup, "potential" | "fields" | "mean">): NormalMode[] {
  const names = potential.fields;
  const matrix = names.map((_, f) => names.map((_, g) => potential.hessian(Math.min(f, g), Math.max(f, g), ...mean)));
  const strange = matrix.flat().find((value) => !Number.isFinite(value));
  if (strange !== undefined) {
    throw new InputError(`V'' is ${strange} where the field starts; start elsewhere or change the potential`, {
      path: "field.mean",
    });
  }
  if (matrix.every((row, f) => row.every((value, g) => f === g || value === 0))) {
    return names.map((name, f) => ({
      massSquared: matrix[f]![f]!,
      direction: names.map((_, g) => (g === f ? 1 : 0)),
      name,
    }));
  }
  const { values, vectors } = eigen(matrix.flat(), fields);
  const rounding = eigenvalueRounding(values);
  return Array.from(values, (value, i) => {
    const direction = names.map((_, f) => vectors[f * fields + i]!);
    return {
      // A field without mass must be known as such.
      massSquared: Math.abs(value) <= rounding ? 0 : value,
      direction,
      name: direction.map((part, f) => `${part < 0 ? "-" : "+"}${Math.abs(part).toPrecision(3)} ${names[f]}`).join(" "),
    };
  });
}
