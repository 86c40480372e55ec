/** What every run of a field study needs first: the potential compiled, one mean and one velocity a field, and the background. */
import { InputError } from "../errors.ts";
import { compilePotential } from "../potential/compile.ts";
import type { Potential } from "../potential/potential.ts";
import { type Background, exponentOf, loadBackground } from "./background.ts";
import { hubbleOf } from "./friedmann.ts";
import { normalModes } from "./normalModes.ts";
import type { FieldStudy } from "./study.ts";
import { unitsWarnings } from "./units.ts";

/** Where the scale factor comes from. */
export type Expansion =
  | { readonly kind: "prescribed"; readonly background: Background }
  | { readonly kind: "selfConsistent"; readonly planckMass: number };

export interface Setup {
  readonly study: FieldStudy;
  readonly potential: Potential;
  /** F, the number of fields. */
  readonly fields: number;
  /** Whether results have an axis of fields: where the study names them. */
  readonly named: boolean;
  /** [F] homogeneous parts at the start, and their cosmic-time derivatives. */
  readonly mean: readonly number[];
  readonly velocity: readonly number[];
  readonly expansion: Expansion;
}

/** One number a field. Throws InputError for a list of another length. */
function perField(given: number | readonly number[] | undefined, fields: number, path: string): readonly number[] {
  if (typeof given === "object") {
    if (given.length !== fields) {
      throw new InputError(`${given.length} numbers are given for ${fields} field${fields > 1 ? "s" : ""}`, { path });
    }
    return given;
  }
  return new Array<number>(fields).fill(given ?? 0);
}

/** Whether the fluctuations are a stored state, which brings its own means and velocities. */
export const storesState = ({ kind }: FieldStudy["fluctuations"]): boolean =>
  kind === "file" || kind === "cosmoLattice";

export function outsideDomain(where: string, path: string, float32 = false): InputError {
  const [what, mend] = float32
    ? [
        "V, V' or a square",
        ", or where numbers pass 3e38, beyond float32, use precision: float64 or another unit of fields",
      ]
    : ["V or V'", ""];
  return new InputError(
    `${what} is not finite at ${where}, where the field starts; start elsewhere or change the potential${mend}`,
    { path },
  );
}

/**
 * The velocities of the slow-roll attractor, -V' over the larger root f of f^2 - (3 + epsilon) H f + V'' = 0 with epsilon = -(dH/dt)/H^2, a
 * matrix where masses mix: exact where epsilon, V''/H^2 and the direction of V' are constant (a quadratic potential in de Sitter space, an
 * exponential one that drives its own expansion, V' alone in a power law), and of second order in slow roll else.
 * @throws InputError where a field, or a combination of fields, is on a slope and too heavy to roll slowly, or nothing slows it.
 */
function attractor(
  fields: Pick<Setup, "potential" | "fields" | "mean">,
  hubble: number,
  epsilon: number,
): readonly number[] {
  const { potential, mean } = fields;
  const friction = (3 + epsilon) * hubble;
  if (friction === 0)
    throw new InputError("there is no slow-roll attractor without friction: H is 0 here; give a number", {
      path: "field.velocity",
    });
  const slope = mean.map((_, f) => potential.gradient(f, ...mean));
  const velocity = mean.map(() => 0);
  for (const { massSquared, direction, name } of normalModes(fields)) {
    const along = direction.reduce((sum, part, f) => sum + part * slope[f]!, 0);
    // However heavy, it rests where it is.
    if (along === 0) continue;
    const discriminant = friction ** 2 - 4 * massSquared;
    if (!(discriminant >= 0)) {
      throw new InputError(
        `${name} has no slow-roll attractor: V'' = ${massSquared} exceeds ${(friction / 2) ** 2}, a quarter of the square of its friction, ${3 + epsilon} H; give a number`,
        { path: "field.velocity" },
      );
    }
    const rate = (-2 * along) / (friction + Math.sqrt(discriminant));
    for (const [f, part] of direction.entries()) velocity[f]! += part * rate;
  }
  return velocity;
}

const kineticOf = (velocity: readonly number[]): number => velocity.reduce((sum, v) => sum + v ** 2 / 2, 0);

/** The same where the fields drive the expansion, their kinetic energy too: a fixed point, approached by halves so that it is stable. */
function drivingAttractor(fields: Pick<Setup, "potential" | "fields" | "mean">, planckMass: number): readonly number[] {
  const { potential, mean } = fields;
  let velocity: readonly number[] = mean.map(() => 0);
  for (let step = 0; step < 50; step++) {
    const kinetic = kineticOf(velocity);
    const hubble = hubbleOf({ kinetic, gradient: 0, potential: potential.value(...mean) }, planckMass);
    const next = attractor(fields, hubble, hubble && kinetic / (planckMass * hubble) ** 2);
    velocity = velocity.map((v, f) => (v + next[f]!) / 2);
  }
  return velocity;
}

/** Where the attractor's own energy would stop the acceleration that it stands on. */
function attractorWarnings({ study, potential, mean, velocity }: Setup): string[] {
  if (study.field.velocity !== "attractor" || study.background.kind !== "selfConsistent") return [];
  const kinetic = kineticOf(velocity);
  const value = potential.value(...mean);
  if (!(kinetic > value / 2)) return [];
  return [
    `field.velocity: the fields do not roll slowly here: the attractor's kinetic energy would be ${kinetic.toPrecision(3)}, more than half of V = ${value.toPrecision(3)}; start where V is flatter, or give a number`,
  ];
}

/** Where the state asked for leaves a negative V'' out. */
function minkowskiWarnings(setup: Setup): string[] {
  const { fluctuations, modes } = setup.study;
  const [path, initial] = modes
    ? ["modes.initial", modes.initial]
    : ["fluctuations.initial", fluctuations.kind === "vacuum" ? fluctuations.initial : undefined];
  if (initial !== "minkowski") return [];
  return normalModes(setup)
    .filter(({ massSquared }) => massSquared < 0)
    .map(
      ({ massSquared, name }) =>
        `${path}: V'' = ${massSquared} of ${name} is negative: its waves start with omega = k, as CosmoLattice draws them`,
    );
}

/** What a study most likely does not mean, in words: what is computed is what it says all the same. */
export function studyWarnings(setup: Setup): string[] {
  const { study, potential } = setup;
  // What parameters make zero is meant. Digits may stand before a name, as in 2phi.
  const unused = (study.field.fields ?? []).filter(
    (name) => !new RegExp(`(?<![A-Za-z_])${name}(?!\\w)`).test(potential.expression),
  );
  return [
    ...unused.map(
      (name) =>
        `field.potential: V has no ${name}, which is a free field then; write it in or leave it out of field.fields`,
    ),
    ...(study.lattice?.dimensions === 1 && study.observe?.slicesEvery !== undefined
      ? ["observe.slicesEvery: a lattice of one dimension has no slices, so there will be none; leave it out"]
      : []),
    ...(study.modes && study.time.integrator !== undefined
      ? [
          `time.integrator: ${study.time.integrator} evolves the homogeneous fields alone; single modes, and the fields that they see, are followed by the adaptive integrator`,
        ]
      : []),
    ...attractorWarnings(setup),
    ...minkowskiWarnings(setup),
    ...unitsWarnings(study),
  ];
}

/**
 * Prepares a study.
 * @throws InputError, ExpressionError.
 */
export async function prepare(study: FieldStudy): Promise<Setup> {
  const { field, background, time } = study;
  const names = field.fields ?? ["phi"];
  const fields = names.length;
  const potential = await compilePotential(field.potential, { fields: names, path: "field.potential" });
  const mean = perField(field.mean, fields, "field.mean");
  // Stored arrays bring their own start.
  const starts = !storesState(study.fluctuations);
  if (
    starts &&
    ![potential.value(...mean), ...mean.map((_, f) => potential.gradient(f, ...mean))].every(Number.isFinite)
  ) {
    throw outsideDomain(names.map((name, f) => `${name} = ${mean[f]}`).join(", "), "field.mean");
  }
  const expansion: Expansion =
    background.kind === "selfConsistent"
      ? background
      : { kind: "prescribed", background: await loadBackground(background, time.alpha) };
  // Of a table, whose H may bend at its rows, epsilon is taken as 0.
  const velocity =
    field.velocity !== "attractor"
      ? perField(field.velocity, fields, "field.velocity")
      : expansion.kind === "selfConsistent"
        ? drivingAttractor({ potential, fields, mean }, expansion.planckMass)
        : attractor(
            { potential, fields, mean },
            expansion.background.hubble(0),
            1 / (exponentOf(background) ?? Infinity),
          );
  return { study, potential, fields, named: field.fields !== undefined, mean, velocity, expansion };
}
