/**
 * Gaussian fluctuations drawn in Fourier space (physics.md sections 2 and 5). A mode of wave vector k is dphi_k = u_k alpha_k + (u_k alpha_-k)^*,
 * its momentum v_k alpha_k + (v_k alpha_-k)^*, with u_k and v_k the mode function and its derivative and the alpha independent complex normals of
 * <|alpha|^2> = 1/2: the covariances of field and momentum, with each other too, are the quantum state's, and the field is real by itself.
 * The normals of a pair +-n are keyed by seed, realisation, stream and n, so that they are the same on every engine, for any batching, and for
 * a finer lattice in the same box. Fields whose masses mix have the matrices u = U diag(u_i) U^T of their normal modes i, the columns of U,
 * in place of u_k: numbers of covariance one have it in any basis, so that neither sign nor order of the columns enters.
 */
import type { Work } from "../cooperate.ts";
import type { LatticeState } from "../engine/engine.ts";
import { createTransform } from "../fourier/transform.ts";
import { normal4 } from "../random/normal.ts";
import { keyOfSeed, philox4x32 } from "../random/philox.ts";
import type { LatticeSpec } from "./study.ts";
import { squareOfPhase } from "./waves.ts";

/** A complex number as [real, imaginary]. */
export type Complex = readonly [number, number];

/** u_k and its cosmic-time derivative. */
export interface ModeFunction {
  readonly u: Complex;
  readonly velocity: Complex;
}

/** What a field has of the independent numbers of one stream. */
export interface Share extends ModeFunction {
  /** As many as there are fields; a field of its own mass has the stream of its own index alone. */
  readonly stream: number;
}

export interface Draw {
  readonly lattice: LatticeSpec;
  readonly seed: number;
  readonly realisations: number;
  /** F. */
  readonly fields: number;
  /** |k| above it is left empty. */
  readonly cutoff: number;
  /** What field `f` consists of at a = 1, for |k| and the stencil's k_eff. */
  shares(f: number, k: number, kEff: number): readonly Share[];
}

/** The fourth word of the counters: 2 keeps clear of weights (0) and resampling (1). */
const STREAM = 2;

/** The signed mode number of index i on an axis, in (-points/2, points/2]. */
const signed = (i: number, points: number): number => (2 * i > points ? i - points : i);

/** (2/dx)^2 and so on: k_eff^2 of each index on an axis. */
function axisSquares({ points, length, stencil }: LatticeSpec): number[] {
  return Array.from({ length: points }, (_, i) => {
    const n = Math.abs(signed(i, points));
    return squareOfPhase(stencil, (2 * Math.PI * n) / points) * (points / length) ** 2;
  });
}

/** k_eff of a mode with these indices, the same bits for any order of them. */
function effective(squares: readonly number[], index: readonly number[]): number {
  const [x, y, z] = index.map((i) => squares[i]!).sort((p, q) => p - q) as [number, number, number];
  return Math.sqrt(x + y + z);
}

/** k_eff of the lattice's longest waves; undefined where they lie above `cutoff`. */
export function longestWave(lattice: LatticeSpec, cutoff: number): number | undefined {
  return (2 * Math.PI) / lattice.length <= cutoff ? effective(axisSquares(lattice), [1, 0, 0]) : undefined;
}

/** The different k_eff of a lattice's modes of |k| up to `cutoff`, without the mode 0. */
export function distinctWaves(lattice: LatticeSpec, cutoff: number): number[] {
  const { dimensions, points, length } = lattice;
  const squares = axisSquares(lattice);
  const half = Math.floor(points / 2);
  const found = new Set<number>();
  for (let x = 1; x <= half; x++) {
    for (let y = 0; y <= (dimensions > 1 ? x : 0); y++) {
      for (let z = 0; z <= (dimensions > 2 ? y : 0); z++) {
        if ((2 * Math.PI * Math.hypot(x, y, z)) / length <= cutoff) found.add(effective(squares, [x, y, z]));
      }
    }
  }
  return [...found];
}

/** alpha_n and alpha_-n of a mode, which is its own negative where each of its numbers is. */
function amplitudes(
  n: readonly [number, number, number],
  points: number,
  key: readonly [number, number],
  word: number,
) {
  const opposite = n.map((i) => signed((points - i) % points, points)) as [number, number, number];
  const first = n.findIndex((i, axis) => i !== opposite[axis]);
  // Of a pair, the one whose first differing number is larger owns the first two normals.
  const owner = first < 0 || n[first]! > opposite[first]! ? n : opposite;
  const normals = normal4(philox4x32([owner[0] >>> 0, owner[1] >>> 0, owner[2] >>> 0, word], key));
  const a: Complex = [normals[0] / 2, normals[1] / 2];
  const b: Complex = first < 0 ? a : [normals[2] / 2, normals[3] / 2];
  return owner === n ? { own: a, other: b } : { own: b, other: a };
}

/**
 * Draws field and momentum fluctuations, [realisations][fields][sites] each, without the mean; at a = 1, where the momentum is the
 * cosmic-time derivative.
 */
export function* drawFluctuations(draw: Draw): Work<LatticeState> {
  const { lattice, seed, realisations, fields, cutoff } = draw;
  const { dimensions, points, length } = lattice;
  const sites = points ** dimensions;
  const columns = Math.floor(points / 2) + 1;
  const lines = sites / points;
  // |dphi_k|^2 = dx^(2d)/L^d |DFT|^2.
  const scale = length ** (dimensions / 2) / (length / points) ** dimensions;
  const squares = axisSquares(lattice);
  const transform = createTransform({ dimensions, points });
  const state = {
    field: new Float64Array(realisations * fields * sites),
    momentum: new Float64Array(realisations * fields * sites),
  };
  const key = keyOfSeed(seed);
  const size = lines * columns;
  const field = { real: new Float64Array(size), imaginary: new Float64Array(size) };
  const momentum = { real: new Float64Array(size), imaginary: new Float64Array(size) };
  /** Indices of a mode along the last, middle and first axis. */
  const indices = (line: number, x: number): [number, number, number] => [
    x,
    dimensions === 1 ? 0 : line % points,
    dimensions === 3 ? Math.floor(line / points) : 0,
  ];
  const numbers = (index: readonly number[]) => index.map((i) => signed(i, points)) as [number, number, number];
  for (let f = 0; f < fields; f++) {
    // The same for every realisation; none where a mode stays empty.
    const shares: (readonly Share[])[] = [];
    for (let line = 0; line < lines; line++) {
      yield;
      for (let x = 0; x < columns; x++) {
        const index = indices(line, x);
        const k = (2 * Math.PI * Math.hypot(...numbers(index))) / length;
        shares.push(k === 0 || k > cutoff ? [] : draw.shares(f, k, effective(squares, index)));
      }
    }
    for (let r = 0; r < realisations; r++) {
      for (let line = 0, at = 0; line < lines; line++) {
        yield;
        for (let x = 0; x < columns; x++, at++) {
          for (const part of [field.real, field.imaginary, momentum.real, momentum.imaginary]) part[at] = 0;
          for (const { stream, u, velocity } of shares[at]!) {
            const word = STREAM + 16 * stream + 4096 * r;
            const { own, other } = amplitudes(numbers(indices(line, x)), points, key, word);
            // w alpha + (w beta)^*.
            field.real[at]! += scale * (u[0] * (own[0] + other[0]) - u[1] * (own[1] + other[1]));
            field.imaginary[at]! += scale * (u[0] * (own[1] - other[1]) + u[1] * (own[0] - other[0]));
            momentum.real[at]! += scale * (velocity[0] * (own[0] + other[0]) - velocity[1] * (own[1] + other[1]));
            momentum.imaginary[at]! += scale * (velocity[0] * (own[1] - other[1]) + velocity[1] * (own[0] - other[0]));
          }
        }
      }
      state.field.set(transform.inverse(field), (r * fields + f) * sites);
      state.momentum.set(transform.inverse(momentum), (r * fields + f) * sites);
    }
  }
  return state;
}
