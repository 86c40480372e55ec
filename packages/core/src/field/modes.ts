/**
 * Single modes beside the homogeneous fields in float64: the linear perturbations of test fields, without those of the metric,
 *   dphi_f'' + 3H dphi_f' + (k^2/a^2) dphi_f + sum_g V''_fg(phi) dphi_g = 0
 * in cosmic time, with the same adaptive integrator and records as the homogeneous fields. Where masses mix, each normal mode i at a = 1
 * (normalModes.ts) is in its own vacuum, and each field gets a part u_fi of each: dphi_f = sum_i u_fi a_i + h.c. with independent a_i.
 */
import { cooperate, type Work } from "../cooperate.ts";
import { DivergenceError, InputError } from "../errors.ts";
import { equations, NEAR_ZERO, NOTHING, recordingGrid, TOLERANCE } from "./homogeneous.ts";
import { type IntegrateOptions, integration, TooStiffError } from "./integrate.ts";
import { normalModes } from "./normalModes.ts";
import type { ModeResult } from "./result.ts";
import type { Setup } from "./setup.ts";
import type { ModesSpec } from "./study.ts";
import { vacuumState } from "./vacuum.ts";

/** Numbers of one u_fi: Re u, Re du/dt, Im u, Im du/dt. */
const PARTS = 4;

/** The mode functions u_fi and their cosmic-time derivatives of every wave number at every record, [T][K][F][F][PARTS]. */
export function* followModes(
  setup: Setup,
  { wavenumbers, initial: kind = "fitting" }: ModesSpec,
  tolerance: IntegrateOptions = TOLERANCE,
): Work<Float64Array[][]> {
  const { potential, fields, study } = setup;
  const { alpha } = study.time;
  const { initial, slope, floor, surroundings } = equations(setup);
  const offset = initial.length;
  const size = PARTS * fields ** 2;
  const start = Float64Array.from({ length: offset + size * wavenumbers.length });
  start.set(initial);
  for (const [i, normal] of normalModes(setup).entries()) {
    const vacuum = vacuumState(setup, normal, kind, "modes.initial");
    for (const [m, { u, velocity }] of wavenumbers.map(vacuum).entries()) {
      for (const [f, part] of normal.direction.entries()) {
        const parts = [u[0], velocity[0], u[1], velocity[1]].map((value) => part * value);
        start.set(parts, offset + size * m + PARTS * (f * fields + i));
      }
    }
  }
  const phi = new Array<number>(fields);
  const masses = Array.from(phi, () => new Array<number>(fields));
  const states = yield* integration(
    (eta, y, out) => {
      slope(eta, y, out);
      const [a, hubble] = surroundings(eta, y);
      const rate = a ** alpha;
      for (let f = 0; f < fields; f++) phi[f] = y[f]!;
      for (const [f, row] of masses.entries()) {
        for (let g = 0; g < fields; g++) row[g] = potential.hessian(f, g, ...phi);
      }
      /** From a field's number to the same of the next. */
      const stride = PARTS * fields;
      for (const [m, k] of wavenumbers.entries()) {
        const begin = offset + size * m;
        for (const [f, row] of masses.entries()) {
          const gradient = (k / a) ** 2 + row[f]!;
          for (let at = 0; at < stride; at += 2) {
            const here = begin + f * stride + at;
            let force = gradient * y[here]!;
            for (let g = 0; g < fields; g++) if (g !== f) force += row[g]! * y[begin + g * stride + at]!;
            out[here] = rate * y[here + 1]!;
            out[here + 1] = -rate * (3 * hubble * y[here + 1]! + force);
          }
        }
      }
    },
    start,
    recordingGrid(study.time),
    {
      ...tolerance,
      floor(eta, y, out) {
        floor(eta, y, out);
        const [a, hubble] = surroundings(eta, y);
        for (let f = 0; f < fields; f++) phi[f] = y[f]!;
        for (const [m, k] of wavenumbers.entries()) {
          for (let f = 0; f < fields; f++) {
            const begin = offset + size * m + f * PARTS * fields;
            const whole = y.subarray(begin, begin + PARTS * fields);
            const curvature = Math.abs(potential.hessian(f, f, ...phi));
            const frequency = Math.sqrt((k / a) ** 2 + hubble ** 2 + (Number.isFinite(curvature) ? curvature : 0));
            let squares = 0;
            for (let at = 0; at < whole.length; at += 2) squares += whole[at]! ** 2;
            const amplitude = NEAR_ZERO * Math.sqrt(squares) + NOTHING;
            for (let at = 0; at < whole.length; at += 2) {
              out[begin + at] = amplitude;
              out[begin + at + 1] = frequency * amplitude + NOTHING;
            }
          }
        }
      },
    },
  );
  return states.map((y) => wavenumbers.map((_, m) => y.subarray(offset + size * m, offset + size * (m + 1))));
}

/** Real and imaginary parts of u_fi of one field and wave number. */
function own(mode: Float64Array, f: number, fields: number): number[] {
  return Array.from({ length: 2 * fields }, (_, i) => mode[PARTS * fields * f + 2 * i]!);
}

/** sum_i Re u_fi u_gi^* of two fields over their sizes; the imaginary part vanishes, since fields at one time commute. */
function correlated(one: readonly number[], other: readonly number[]): number {
  const [p, q] = [Math.hypot(...one), Math.hypot(...other)];
  return one.reduce((sum, value, i) => sum + (value / p) * (other[i]! / q), 0);
}

/**
 * |dphi_k| of every wave number at the records: sqrt(sum_i |u_fi|^2) of each field, and the correlation of each two fields.
 * @throws InputError where the vacuum asked for is not the background's, or a mode cannot be followed.
 */
export async function evolveModes(
  setup: Setup,
  spec: ModesSpec,
  signal: AbortSignal | undefined,
): Promise<ModeResult[]> {
  const { fields, named } = setup;
  try {
    const states = await cooperate(followModes(setup, spec), signal);
    return spec.wavenumbers.map((k, m) => {
      const parts = states.map((modes) => Array.from({ length: fields }, (_, f) => own(modes[m]!, f, fields)));
      const amplitudes = parts.map((each) => each.map((values) => Math.hypot(...values)));
      return {
        k,
        kEff: k,
        amplitude: named ? amplitudes : amplitudes.map(([first]) => first!),
        ...(fields > 1
          ? {
              correlation: parts.map((each) =>
                each.map((one) => each.map((other) => (one === other ? 1 : correlated(one, other)))),
              ),
            }
          : {}),
      };
    });
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
