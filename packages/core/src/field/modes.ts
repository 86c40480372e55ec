/**
 * Single modes beside the homogeneous field in float64: dphi_k'' + 3H dphi_k' + (k^2/a^2 + V''(phi)) dphi_k = 0, real and imaginary part, in
 * the vacuum at a = 1, with the same adaptive integrator and records as the homogeneous field.
 */
import { cooperate, type Work } from "../cooperate.ts";
import { DivergenceError, InputError } from "../errors.ts";
import { equations, recordingGrid } from "./homogeneous.ts";
import { integration, TooStiffError } from "./integrate.ts";
import type { ModeResult } from "./result.ts";
import type { Setup } from "./setup.ts";
import type { ModesSpec } from "./study.ts";
import { fittingVacuum, vacuumModes } from "./vacuum.ts";

/** Relative to each mode's own size: amplitudes may be far below 1. */
const TOLERANCE = { relativeTolerance: 1e-12, absoluteTolerance: 1e-22 };

/** u_k and its cosmic-time derivative of every wave number at every record, [T][K][Re u, Re du/dt, Im u, Im du/dt]. */
export function* followModes(setup: Setup, spec: ModesSpec): Work<Float64Array[][]> {
  const { potential, fields, study } = setup;
  const { wavenumbers, initial: kind = fittingVacuum(study.background) } = spec;
  const { alpha } = study.time;
  const { initial, slope, surroundings } = equations(setup);
  const offset = initial.length;
  const start = vacuumModes(setup, 0, wavenumbers, kind, "modes.initial");
  const phi = new Array<number>(fields);
  const states = yield* integration(
    (eta, y, out) => {
      slope(eta, y, out);
      const [a, hubble] = surroundings(eta, y);
      const rate = a ** alpha;
      for (let f = 0; f < fields; f++) phi[f] = y[f]!;
      const massSquared = potential.hessian(0, 0, ...phi);
      for (const [m, k] of wavenumbers.entries()) {
        for (let at = offset + 4 * m; at < offset + 4 * m + 4; at += 2) {
          out[at] = rate * y[at + 1]!;
          out[at + 1] = -rate * (3 * hubble * y[at + 1]! + ((k / a) ** 2 + massSquared) * y[at]!);
        }
      }
    },
    [...initial, ...start.flatMap(({ u, velocity }) => [u[0], velocity[0], u[1], velocity[1]])],
    recordingGrid(study.time),
    TOLERANCE,
  );
  return states.map((y) => wavenumbers.map((_, m) => y.subarray(offset + 4 * m, offset + 4 * m + 4)));
}

/**
 * |dphi_k| of every wave number at the records.
 * @throws InputError where the vacuum asked for is not the background's, or a mode cannot be followed.
 */
export async function evolveModes(
  setup: Setup,
  spec: ModesSpec,
  signal: AbortSignal | undefined,
): Promise<ModeResult[]> {
  if (setup.fields > 1) {
    throw new InputError("modes of several fields mix; give a single field", { path: "modes" });
  }
  try {
    const states = await cooperate(followModes(setup, spec), signal);
    return spec.wavenumbers.map((k, m) => ({
      k,
      kEff: k,
      amplitude: states.map((modes) => Math.hypot(modes[m]![0]!, modes[m]![2]!)),
    }));
  } catch (error) {
    if (error instanceof TooStiffError || error instanceof DivergenceError) {
      throw new InputError(`a mode cannot be followed (${error.message}); end earlier or use smaller wave numbers`, {
        path: "modes.wavenumbers",
        cause: error,
      });
    }
    throw error;
  }
}
