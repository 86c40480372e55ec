/** Initial lattice states: the homogeneous parts with no fluctuations, one plane wave, Gaussian fluctuations, or stored arrays. */
import { meanEnergies } from "../engine/cpu/energies.ts";
import { fillFields, stateArray } from "../engine/hostState.ts";
import type { CoupledSchedule, LatticeState } from "../engine/latticeJob.ts";
import { InputError } from "../errors.ts";
import { drawingBytes } from "../fourier/gaussianFields.ts";
import { compileFunction } from "../potential/expression.ts";
import { readArray } from "./arrays.ts";
import { drawFluctuations, longestWave, type Normal } from "./fluctuations.ts";
import { hubbleOf } from "./friedmann.ts";
import { normalModes } from "./normalModes.ts";
import type { Setup } from "./setup.ts";
import type { FluctuationSpec, LatticeSpec, SpectrumSpec, VacuumKind } from "./study.ts";
import { readPowerLaws } from "./table.ts";
import { vacuumState } from "./vacuum.ts";
import { isWithin } from "./waves.ts";

/** Parts by which a length written with a few digits may be off a box's side and still mean it. */
const LEEWAY = 1e-3;

/** R of a study. */
export function realisationsOf({ study: { fluctuations } }: Setup): number {
  return "realisations" in fluctuations ? (fluctuations.realisations ?? 1) : 1;
}

/** The homogeneous part of every field everywhere. */
function uniform({ fields, mean, velocity }: Setup, sites: number): LatticeState {
  const state = { field: stateArray(fields * sites), momentum: stateArray(fields * sites) };
  // a = 1 at the start: the conjugate momentum is the cosmic-time derivative.
  fillFields(state.field, mean, sites);
  fillFields(state.momentum, velocity, sites);
  return state;
}

function planeWave(
  setup: Setup,
  { dimensions, points }: LatticeSpec,
  { mode, amplitude, velocity }: Extract<FluctuationSpec, { kind: "planeWave" }>,
): LatticeState {
  const sites = points ** dimensions;
  const { field, momentum } = uniform(setup, sites);
  // Whole turns are dropped before the cosine, so that every site of a wave front has the very same value.
  const cosines = Float64Array.from({ length: points }, (_, n) => Math.cos((2 * Math.PI * n) / points));
  const steps = mode.map((n) => ((n % points) + points) % points);
  const last = steps[dimensions - 1]!;
  for (let row = 0; row < sites / points; row++) {
    let phase = 0;
    for (let axis = dimensions - 2, rest = row; axis >= 0; axis--) {
      phase += steps[axis]! * (rest % points);
      rest = Math.floor(rest / points);
    }
    phase %= points;
    for (let site = row * points; site < (row + 1) * points; site++) {
      const cosine = cosines[phase]!;
      field[site]! += amplitude * cosine;
      momentum[site]! += velocity * cosine;
      phase += last;
      if (phase >= points) phase -= points;
    }
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

/** Throws InputError where a table's rows leave out all waves of the lattice, as where its k are in another unit. */
function assertReaches(
  power: (k: number) => number,
  { dimensions, points, length }: LatticeSpec,
  cutoff: number,
  file: string,
): void {
  const unit = (2 * Math.PI) / length;
  const half = Math.floor(points / 2);
  for (let a = 1; a <= half; a++)
    for (let b = 0; b <= (dimensions > 1 ? a : 0); b++)
      for (let c = 0; c <= (dimensions > 2 ? b : 0); c++) {
        const k = unit * Math.hypot(a, b, c);
        if (isWithin(k, cutoff) && power(k) > 0) return;
      }
  const largest = Math.min(cutoff, unit * half * Math.sqrt(dimensions));
  throw new InputError(
    `${file} has no wave of the lattice, of k = ${unit} to ${largest}, between its first and last row, so that none would be drawn`,
    { path: "fluctuations.spectrum" },
  );
}

/** sqrt(<|dphi_k|^2>) at k. Throws InputError, ExpressionError. */
async function spectrumOf(spec: SpectrumSpec, lattice: LatticeSpec, cutoff: number): Promise<(k: number) => number> {
  const path = "fluctuations.spectrum";
  const power =
    typeof spec === "string" ? await compileFunction(spec, ["k"], { path }) : await readPowerLaws(spec.file, path);
  if (typeof spec !== "string") assertReaches(power, lattice, cutoff, spec.file);
  return (k) => {
    const value = power(k);
    if (!(value >= 0 && Number.isFinite(value)))
      throw new InputError(`is ${value} at k = ${k}; a power is finite and not negative`, { path });
    return Math.sqrt(value);
  };
}

/** Each normal mode in its vacuum. */
const vacuumNormals = (setup: Setup, { initial = "fitting" }: { readonly initial?: VacuumKind }): Normal[] =>
  normalModes(setup).map((mode) => {
    const vacuum = vacuumState(setup, mode, initial, "fluctuations.initial");
    return { direction: mode.direction, modeOf: (_k, kEff) => vacuum(kEff) };
  });

async function gaussian(
  setup: Setup,
  lattice: LatticeSpec,
  spec: Extract<FluctuationSpec, { kind: "vacuum" | "gaussian" }>,
  threads: number | undefined,
  signal: AbortSignal | undefined,
): Promise<LatticeState> {
  const { seed, realisations, amplitude, cutoff = Number.POSITIVE_INFINITY } = spec;
  const { mean, velocity } = setup;
  let normals: Normal[];
  if (spec.kind === "vacuum") normals = vacuumNormals(setup, spec);
  else {
    const root = await spectrumOf(spec.spectrum, lattice, cutoff);
    normals = mean.map((_, f) => ({
      direction: mean.map((_, g) => (g === f ? 1 : 0)),
      modeOf: (k) => ({ u: [root(k), 0], velocity: [0, 0] }),
    }));
  }
  const atRest = spec.kind === "gaussian";
  return drawFluctuations(
    { lattice, seed, realisations, cutoff, amplitude, normals, atRest, mean, velocity },
    threads,
    signal,
  );
}

/**
 * Throws InputError, ExpressionError where a study asks for a vacuum that there is not, as its longest wave is the first to tell, or for a
 * spectrum that is none there.
 */
export async function assertDrawable(setup: Setup): Promise<void> {
  const { fluctuations, lattice, modes } = setup.study;
  if (lattice && (fluctuations.kind === "vacuum" || fluctuations.kind === "gaussian")) {
    const { cutoff = Number.POSITIVE_INFINITY } = fluctuations;
    const root =
      fluctuations.kind === "gaussian" ? await spectrumOf(fluctuations.spectrum, lattice, cutoff) : undefined;
    const longest = longestWave(lattice, cutoff);
    if (longest !== undefined && fluctuations.kind === "vacuum")
      for (const { modeOf } of vacuumNormals(setup, fluctuations)) modeOf((2 * Math.PI) / lattice.length, longest);
    if (longest !== undefined) root?.((2 * Math.PI) / lattice.length);
  }
  if (modes) {
    for (const mode of normalModes(setup))
      vacuumState(setup, mode, modes.initial ?? "fitting", "modes.initial")(Math.min(...modes.wavenumbers));
  }
}

/** Momenta pi = a^3 dphi/dt where a is `scaleFactor` as they are where it is 1. */
function rescaled(momentum: Float64Array, scaleFactor: number): Float64Array {
  const volume = scaleFactor ** 3;
  if (volume !== 1) for (let x = 0; x < momentum.length; x++) momentum[x]! /= volume;
  return momentum;
}

/** One file a field, with its realisations one after another. Throws InputError for another number of files, or of realisations. */
async function stored(files: string | readonly string[], setup: Setup, lattice: LatticeSpec, path: string) {
  const { fields } = setup;
  const realisations = realisationsOf(setup);
  const sites = lattice.points ** lattice.dimensions;
  const list = typeof files === "string" ? [files] : files;
  if (list.length !== fields)
    throw new InputError(`${list.length} file${list.length > 1 ? "s are" : " is"} given for ${fields} fields`, {
      path,
    });
  const array = stateArray(realisations * fields * sites);
  for (const [f, file] of list.entries()) {
    const own = Array.from({ length: realisations }, (_, r) =>
      array.subarray((r * fields + f) * sites, (r * fields + f + 1) * sites),
    );
    await readArray(file, { ...lattice, realisations }, path, own);
  }
  return array;
}

/**
 * Checks that a study's fluctuations fit its lattice, and gives what makes the initial state: fields and conjugate momenta
 * pi = a^(3 - alpha) dphi/d eta = a^3 dphi/dt, at a = 1 the cosmic-time derivative; on so many threads of the host at most.
 * @throws InputError for a wave that does not fit; what is returned throws it for files that cannot be read.
 */
export function planInitialState(
  setup: Setup,
  lattice: LatticeSpec,
  signal: AbortSignal | undefined,
): (threads?: number) => Promise<LatticeState> {
  const { fluctuations } = setup.study;
  const sites = lattice.points ** lattice.dimensions;
  switch (fluctuations.kind) {
    case "none":
      return async () => uniform(setup, sites);
    case "planeWave":
      assertModeFits(fluctuations.mode, lattice);
      return async () => planeWave(setup, lattice, fluctuations);
    case "vacuum":
    case "gaussian":
      return (threads) => gaussian(setup, lattice, fluctuations, threads, signal);
    case "cosmoLattice":
      return async () => {
        const { boxSide, readCosmoLattice } = await import("../files/cosmolattice.ts");
        const { file } = fluctuations;
        const saved = await readCosmoLattice(file, { ...lattice, fields: setup.fields }, "fluctuations.file");
        const { field, momentum, scaleFactor } = saved;
        const side = boxSide(saved);
        if (side !== undefined && Math.abs(lattice.length / side - 1) > LEEWAY) {
          throw new InputError(
            `${lattice.length} is not the side of the box in ${file}, a times CosmoLattice's where its a = ${scaleFactor} becomes 1 here: ${side}`,
            { path: "lattice.length" },
          );
        }
        return { field, momentum: rescaled(momentum, scaleFactor) };
      };
    case "file":
      return async () => ({
        field: await stored(fluctuations.field, setup, lattice, "fluctuations.field"),
        momentum: rescaled(
          await stored(fluctuations.momentum, setup, lattice, "fluctuations.momentum"),
          fluctuations.scaleFactor ?? 1,
        ),
      });
  }
}

/** Bytes, about, that making the initial state takes beside it, on so many threads of the host at most. Throws InputError. */
export function initialBytes(setup: Setup, lattice: LatticeSpec, threads?: number): number {
  const { fluctuations } = setup.study;
  if (fluctuations.kind !== "vacuum" && fluctuations.kind !== "gaussian") return 0;
  const { fields } = setup;
  const atRest = fluctuations.kind === "gaussian";
  return drawingBytes({ grid: lattice, realisations: realisationsOf(setup), fields, atRest }, threads);
}

/** a' at the start from the first Friedmann equation with each realisation's own mean energies, into a coupled schedule's `initial`. */
export async function startExpansion(
  job: Parameters<typeof meanEnergies>[0],
  planckMass: number,
  state: LatticeState,
  initial: CoupledSchedule["initial"],
  threads: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const energies = await meanEnergies(job, state, threads, signal);
  for (const [r, { momentumSquare, gradient, potential }] of energies.entries()) {
    const densities = { kinetic: momentumSquare / 2, gradient: gradient / 2, potential };
    initial.set([1, hubbleOf(densities, planckMass), 0], 3 * r);
  }
}
