/** Initial lattice states: the homogeneous parts with no fluctuations, one plane wave, Gaussian fluctuations, or stored arrays. */
import { cooperate } from "../cooperate.ts";
import { type CoupledSchedule, type LatticeState, STENCILS } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { compileFunction } from "../potential/expression.ts";
import { readArray } from "./arrays.ts";
import {
  type Draw,
  distinctWaves,
  drawFluctuations,
  longestWave,
  type ModeFunction,
  type Share,
} from "./fluctuations.ts";
import { hubbleOf } from "./friedmann.ts";
import { normalModes } from "./normalModes.ts";
import type { Setup } from "./setup.ts";
import type { FluctuationSpec, LatticeSpec, SpectrumSpec } from "./study.ts";
import { powerLaws, readTable } from "./table.ts";
import { vacuumState } from "./vacuum.ts";

/** R of a study. */
export function realisationsOf({ study: { fluctuations } }: Setup): number {
  return "realisations" in fluctuations ? fluctuations.realisations : 1;
}

/** The homogeneous part of every field everywhere. */
function uniform({ fields, mean, velocity }: Setup, realisations: number, sites: number): LatticeState {
  const fill = (values: readonly number[]): Float64Array => {
    const array = new Float64Array(realisations * fields * sites);
    for (let rf = 0; rf < realisations * fields; rf++) array.fill(values[rf % fields]!, rf * sites, (rf + 1) * sites);
    return array;
  };
  // a = 1 at the start: the conjugate momentum is the cosmic-time derivative.
  return { field: fill(mean), momentum: fill(velocity) };
}

function planeWave(
  setup: Setup,
  { dimensions, points }: LatticeSpec,
  { mode, amplitude, velocity }: Extract<FluctuationSpec, { kind: "planeWave" }>,
): LatticeState {
  const sites = points ** dimensions;
  const { field, momentum } = uniform(setup, 1, sites);
  for (let site = 0; site < sites; site++) {
    let phase = 0;
    for (let axis = dimensions - 1, rest = site; axis >= 0; axis--) {
      phase += mode[axis]! * (rest % points);
      rest = Math.floor(rest / points);
    }
    // Whole turns are dropped before the cosine, so that every site of a wave front has the very same value.
    const cosine = Math.cos((2 * Math.PI * (((phase % points) + points) % points)) / points);
    field[site]! += amplitude * cosine;
    momentum[site]! += velocity * cosine;
  }
  return { field, momentum };
}

function assertModeFits(mode: readonly number[], { dimensions, points }: LatticeSpec): void {
  const refuse = (message: string): never => {
    throw new InputError(message, { path: "fluctuations.mode" });
  };
  if (mode.length !== dimensions) refuse(`${mode.length} components are given for ${dimensions} dimensions`);
  if (mode.every((n) => n === 0)) refuse("the mode is zero: that is the mean; set field.mean");
  const largest = Math.max(...mode.map(Math.abs));
  if (largest > points / 2) {
    refuse(`${largest} is beyond what ${points} points resolve, ${Math.floor(points / 2)}`);
  }
}

/** sqrt(<|dphi_k|^2>) at k. Throws InputError, ExpressionError. */
async function spectrumOf(spec: SpectrumSpec): Promise<(k: number) => number> {
  const path = "fluctuations.spectrum";
  const power =
    typeof spec === "string"
      ? await compileFunction(spec, ["k"], { path })
      : powerLaws(await readTable(spec.file, path));
  return (k) => {
    const value = power(k);
    if (!(value >= 0 && Number.isFinite(value)))
      throw new InputError(`is ${value} at k = ${k}; a power is finite and not negative`, { path });
    return Math.sqrt(value);
  };
}

/** Each field's shares by k_eff of `waves`: amplitude U diag(u_i) U^T of the normal modes i, the columns of U. */
function vacuumShares(
  setup: Setup,
  { initial = "fitting", amplitude }: Extract<FluctuationSpec, { kind: "vacuum" }>,
  waves: readonly number[],
): Map<number, readonly Share[]>[] {
  const normal = normalModes(setup).map((mode) => ({
    mode,
    functions: waves.map(vacuumState(setup, mode, initial, "fluctuations.initial")),
  }));
  return normal.map((_, f) => {
    const streams = Array.from(normal.keys(), (stream) => ({
      stream,
      factors: normal.map(({ mode: { direction } }) => amplitude * direction[f]! * direction[stream]!),
    })).filter(({ factors }) => factors.some((factor) => factor !== 0));
    return new Map(
      waves.map((kEff, w) => {
        const sum = (factors: readonly number[], part: keyof ModeFunction, of: 0 | 1): number =>
          factors.reduce((total, factor, i) => total + factor * normal[i]!.functions[w]![part][of], 0);
        const shares = streams.map(
          ({ stream, factors }): Share => ({
            stream,
            u: [sum(factors, "u", 0), sum(factors, "u", 1)],
            velocity: [sum(factors, "velocity", 0), sum(factors, "velocity", 1)],
          }),
        );
        return [kEff, shares];
      }),
    );
  });
}

async function gaussian(
  setup: Setup,
  lattice: LatticeSpec,
  spec: Extract<FluctuationSpec, { kind: "vacuum" | "gaussian" }>,
  signal: AbortSignal | undefined,
): Promise<LatticeState> {
  const { seed, realisations, amplitude, cutoff = Number.POSITIVE_INFINITY } = spec;
  const { fields } = setup;
  let shares: Draw["shares"];
  if (spec.kind === "vacuum") {
    const vacuums = vacuumShares(setup, spec, distinctWaves(lattice, cutoff));
    shares = (f, _k, kEff) => vacuums[f]!.get(kEff)!;
  } else {
    const root = await spectrumOf(spec.spectrum);
    shares = (f, k) => [{ stream: f, u: [amplitude * root(k), 0], velocity: [0, 0] }];
  }
  const drawn = await cooperate(drawFluctuations({ lattice, seed, realisations, fields, cutoff, shares }), signal);
  const sites = lattice.points ** lattice.dimensions;
  for (const [array, values] of [
    [drawn.field, setup.mean],
    [drawn.momentum, setup.velocity],
  ] as const) {
    for (let i = 0; i < array.length; i++) array[i]! += values[Math.floor(i / sites) % fields]!;
  }
  return drawn;
}

/**
 * Throws InputError, ExpressionError where a study asks for a vacuum that there is not, as its longest wave is the first to tell, or for a
 * spectrum that is none there.
 */
export async function assertDrawable(setup: Setup): Promise<void> {
  const { fluctuations, lattice, modes } = setup.study;
  if (lattice && (fluctuations.kind === "vacuum" || fluctuations.kind === "gaussian")) {
    const { cutoff = Number.POSITIVE_INFINITY } = fluctuations;
    const root = fluctuations.kind === "gaussian" ? await spectrumOf(fluctuations.spectrum) : undefined;
    const longest = longestWave(lattice, cutoff);
    if (longest !== undefined && fluctuations.kind === "vacuum") vacuumShares(setup, fluctuations, [longest]);
    if (longest !== undefined) root?.((2 * Math.PI) / lattice.length);
  }
  if (modes) {
    for (const mode of normalModes(setup))
      vacuumState(setup, mode, modes.initial ?? "fitting", "modes.initial")(Math.min(...modes.wavenumbers));
  }
}

/** One file a field. Throws InputError for another number of them. */
async function stored(files: string | readonly string[], fields: number, sites: number, path: string) {
  const list = typeof files === "string" ? [files] : files;
  if (list.length !== fields)
    throw new InputError(`${list.length} file${list.length > 1 ? "s are" : " is"} given for ${fields} fields`, {
      path,
    });
  const array = new Float64Array(fields * sites);
  for (const [f, file] of list.entries()) array.set(await readArray(file, sites, path), f * sites);
  return array;
}

/**
 * Checks that a study's fluctuations fit its lattice, and gives what makes the initial state: fields and conjugate momenta
 * pi = a^(3 - alpha) dphi/d eta = a^3 dphi/dt, at a = 1 the cosmic-time derivative.
 * @throws InputError for a wave that does not fit; what is returned throws it for files that cannot be read.
 */
export function planInitialState(
  setup: Setup,
  lattice: LatticeSpec,
  signal: AbortSignal | undefined,
): () => Promise<LatticeState> {
  const { fluctuations } = setup.study;
  const sites = lattice.points ** lattice.dimensions;
  switch (fluctuations.kind) {
    case "none":
      return async () => uniform(setup, 1, sites);
    case "planeWave":
      assertModeFits(fluctuations.mode, lattice);
      return async () => planeWave(setup, lattice, fluctuations);
    case "vacuum":
    case "gaussian":
      return () => gaussian(setup, lattice, fluctuations, signal);
    case "cosmoLattice":
      return async () => {
        const { readCosmoLattice } = await import("../files/cosmolattice.ts");
        const saved = { ...lattice, fields: setup.fields };
        const { field, momentum, scaleFactor } = await readCosmoLattice(fluctuations.file, saved, "fluctuations.file");
        // pi = a^3 dphi/dt.
        return { field, momentum: momentum.map((pi) => pi / scaleFactor ** 3) };
      };
    case "file":
      return async () => ({
        field: await stored(fluctuations.field, setup.fields, sites, "fluctuations.field"),
        momentum: await stored(fluctuations.momentum, setup.fields, sites, "fluctuations.momentum"),
      });
  }
}

/** a' at the start from the first Friedmann equation with each realisation's own mean energies, into a coupled schedule's `initial`. */
export function startExpansion(
  { potential, fields }: Setup,
  lattice: LatticeSpec,
  planckMass: number,
  { field, momentum }: LatticeState,
  initial: CoupledSchedule["initial"],
): void {
  const { dimensions, points, length, stencil } = lattice;
  const sites = points ** dimensions;
  const curvature = (points / length) ** 2;
  const phi = new Array<number>(fields);
  for (let r = 0; 3 * r < initial.length; r++) {
    let kinetic = 0;
    let gradient = 0;
    let value = 0;
    for (let site = 0; site < sites; site++) {
      for (let f = 0; f < fields; f++) {
        const at = (r * fields + f) * sites + site;
        phi[f] = field[at]!;
        kinetic += momentum[at]! ** 2 / 2;
        for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points) {
          const x = Math.floor(site / stride) % points;
          for (const [j, weight] of STENCILS[stencil].entries()) {
            const ahead = at + (((x + j + 1) % points) - x) * stride;
            gradient += (weight * curvature * (field[ahead]! - field[at]!) ** 2) / 2;
          }
        }
      }
      value += potential.value(...phi);
    }
    const densities = { kinetic: kinetic / sites, gradient: gradient / sites, potential: value / sites };
    initial.set([1, hubbleOf(densities, planckMass), 0], 3 * r);
  }
}
