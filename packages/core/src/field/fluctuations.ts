/**
 * Gaussian fluctuations drawn in Fourier space (physics.md sections 2 and 5). A mode of wave vector k is dphi_k = u_k alpha_k + (u_k alpha_-k)^*,
 * its momentum v_k alpha_k + (v_k alpha_-k)^*, with u_k and v_k the mode function and its derivative and the alpha independent complex normals of
 * <|alpha|^2> = 1/2: the covariances of field and momentum, with each other too, are the quantum state's, and the field is real by itself.
 * The normals of a pair +-n are keyed by seed, realisation, stream and n, so that they are the same on every engine, for any batching, and for
 * a finer lattice in the same box. u_k is turned to be real, as its phase changes nothing else but would change with k_eff, and with it the
 * modes of a finer lattice. Fields whose masses mix have the matrices u = U diag(u_i) U^T of their normal modes i, the columns of U,
 * in place of u_k: numbers of covariance one have it in any basis, so that neither sign nor order of the columns enters.
 */
import type { Work } from "../cooperate.ts";
import type { LatticeState } from "../engine/latticeJob.ts";
import { drawGaussianFields } from "../fourier/gaussianFields.ts";
import { eachOrbit } from "../fourier/orbits.ts";
import type { LatticeSpec } from "./study.ts";
import { axisSquares, isWithin } from "./waves.ts";

/** A complex number as [real, imaginary]. */
export type Complex = readonly [number, number];

/** u_k and its cosmic-time derivative. */
export interface ModeFunction {
  readonly u: Complex;
  readonly velocity: Complex;
}

/** A normal mode of the fields and what it consists of at a = 1, for |k| and the stencil's k_eff. */
export interface Normal {
  /** [F] the column of U. */
  readonly direction: readonly number[];
  modeOf(k: number, kEff: number): ModeFunction;
}

export interface Draw {
  readonly lattice: LatticeSpec;
  readonly seed: number;
  readonly realisations: number;
  /** |k| above it is left empty. */
  readonly cutoff: number;
  /** Multiplies every mode. */
  readonly amplitude: number;
  /** As many as there are fields. */
  readonly normals: readonly Normal[];
  /** Whether all velocities are 0. */
  readonly atRest: boolean;
  /** [F] homogeneous parts. */
  readonly mean: readonly number[];
  readonly velocity: readonly number[];
}

/** k_eff of the lattice's longest waves; undefined where they lie above `cutoff`. */
export function longestWave(lattice: LatticeSpec, cutoff: number): number | undefined {
  return isWithin((2 * Math.PI) / lattice.length, cutoff) ? Math.sqrt(axisSquares(lattice)[1]!) : undefined;
}

/** Writes a normal mode's functions of every orbit into a table of so many numbers each. */
function* fillTable({ lattice, cutoff, amplitude, atRest }: Draw, normal: Normal, table: Float64Array): Work<void> {
  const squares = axisSquares(lattice);
  const unit = (2 * Math.PI) / lattice.length;
  const size = atRest ? 2 : 4;
  yield* eachOrbit(lattice, (orbit, a, b, c) => {
    const k = unit * Math.sqrt(a * a + b * b + c * c);
    const at = size * orbit;
    if (orbit === 0 || !isWithin(k, cutoff)) {
      table.fill(0, at, at + size);
      return;
    }
    const { u, velocity } = normal.modeOf(k, Math.sqrt(squares[c]! + squares[b]! + squares[a]!));
    const modulus = Math.hypot(...u);
    table[at] = amplitude * modulus;
    table[at + 1] = 0;
    if (atRest) return;
    const [cos, sin] = [u[0] / modulus, u[1] / modulus];
    table[at + 2] = amplitude * (velocity[0] * cos + velocity[1] * sin);
    table[at + 3] = amplitude * (velocity[1] * cos - velocity[0] * sin);
  });
}

/**
 * Draws fields and momenta, [realisations][fields][sites] each, at a = 1, where the momentum is the cosmic-time derivative.
 * @param threads host threads to use at most.
 * @throws InputError where they do not fit, InterruptedError, WorkerLostError, EngineUnavailableError; what `modeOf` throws.
 */
export function drawFluctuations(
  draw: Draw,
  threads: number | undefined,
  signal: AbortSignal | undefined,
): Promise<LatticeState> {
  const { lattice, normals, ...rest } = draw;
  const { dimensions, points, length } = lattice;
  return drawGaussianFields(
    {
      ...rest,
      grid: { dimensions, points },
      normals: normals.map((normal) => ({
        direction: normal.direction,
        fill: (table) => fillTable(draw, normal, table),
      })),
      // |dphi_k|^2 = dx^(2d)/L^d |DFT|^2.
      scale: length ** (dimensions / 2) / (length / points) ** dimensions,
    },
    threads,
    signal,
  );
}
