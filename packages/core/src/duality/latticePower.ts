/**
 * The power of one wave of a free field in de Sitter space, from its vacuum inside the horizon until far outside, on a lattice that an engine
 * evolves. Waves of a free field do not know of each other: those of one |n| = 1 are drawn, on the smallest lattice that has them whole, in
 * many realisations. Their wave number is the stencil's k_eff, so that the grid leaves no error.
 */
import type { Engine, JobControl } from "../engine/engine.ts";
import { type Grid, spectrumBins } from "../engine/latticeJob.ts";
import { DivergenceError } from "../errors.ts";
import { createBackground } from "../field/background.ts";
import { initialBytes, planInitialState } from "../field/initial.ts";
import { buildSchedule } from "../field/schedule.ts";
import { prepare } from "../field/setup.ts";
import type { FieldStudy, LatticeSpec } from "../field/study.ts";
import { waveNumbers } from "../field/waves.ts";
import type { FreeField } from "./dual.ts";
import type { Timetable } from "./efolds.ts";

/** Four points are the fewest on which a wave has a sine and a cosine. */
const POINTS = 4;
const REALISATIONS = 256;
/** Of an e-fold, by a scheme of sixth order: its error is below 1e-6 of the power at horizon exit, and falls. */
const SUBSTEPS = 50;
/** And of a radian of a heavy field's own turning, where that asks for more. */
const SUBSTEPS_OF_MASS = 4;

/** The cube whose longest waves have this k_eff. */
function latticeOf(wavenumber: number): LatticeSpec {
  const unit = { dimensions: 3, points: POINTS, length: 1, stencil: 2 } as const;
  return { ...unit, length: waveNumbers([1, 0, 0], unit).kEff / wavenumber };
}

/** k_eff of the wave that leaves the horizon when the timetable says, a being 1 at its start. */
export const wavenumberOf = ({ friction }: FreeField, { efolds }: Timetable): number =>
  (friction / 3) * Math.exp(-efolds[0]!);

/**
 * The power at each record of each realisation, [realisations][T], in the field's own units. Time is in steps of training.
 * @throws DivergenceError where it leaves the precision's numbers; what the engine throws.
 */
export async function latticePower(
  field: FreeField,
  table: Timetable,
  seed: number,
  engine: Engine,
  control: JobControl,
): Promise<{ power: Float64Array[]; engineSeconds: number }> {
  const { steps } = table;
  const hubble = field.friction / 3;
  const stride = steps[1]!;
  const mass = Math.sqrt(Math.max(0, field.massSquared));
  const substeps = Math.ceil(stride * Math.max(hubble * SUBSTEPS, mass * SUBSTEPS_OF_MASS));
  const lattice = latticeOf(wavenumberOf(field, table));
  const study: FieldStudy = {
    background: { kind: "deSitter", hubble },
    field: { potential: { name: "quadratic", parameters: { massSquared: field.massSquared } } },
    lattice,
    fluctuations: {
      kind: "vacuum",
      initial: "bunchDavies",
      seed,
      amplitude: 1,
      cutoff: (2 * Math.PI) / lattice.length,
      realisations: REALISATIONS,
    },
    time: {
      alpha: 0,
      step: stride / substeps,
      end: steps[steps.length - 1]!,
      integrator: "verlet6",
      recordEvery: substeps,
    },
  };
  const setup = await prepare(study);
  const draw = planInitialState(setup, lattice, control.signal);
  const stops = steps.map((_, r) => r * substeps);
  const { coefficients, after } = buildSchedule(study.time, createBackground({ kind: "deSitter", hubble }, 0), stops);
  const grid: Grid = { ...lattice, spacing: lattice.length / lattice.points };
  const threads = (): number | undefined => engine.info.threads || undefined;
  const { snapshots, engineSeconds } = await engine.evolveLattice(
    {
      grid,
      realisations: REALISATIONS,
      fields: 1,
      potential: setup.potential,
      initial: () => draw(threads()),
      initialBytes: () => initialBytes(setup, lattice, threads()),
      schedule: { kind: "prescribed", coefficients },
      observeAfter: [],
      reductions: [],
      snapshots: { after: stops.map(after), pictures: [{ kind: "spectrum" }] },
    },
    control,
  );
  const bins = spectrumBins(grid);
  const power = Array.from({ length: REALISATIONS }, (_, r) =>
    Float64Array.from(snapshots, ({ spectra }) => spectra![r * bins + 1]!),
  );
  const lost = steps.findIndex((_, t) => power.some((own) => !Number.isFinite(own[t])));
  if (lost >= 0) {
    throw new DivergenceError(
      `the dual field of the perturbations leaves the numbers of ${engine.info.precision} at step ${steps[lost]}; use a smaller training.learningRate`,
      steps[lost]!,
      { path: "duality.perturbations" },
    );
  }
  return { power, engineSeconds };
}
