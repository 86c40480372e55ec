// Real rows to half-complex ones and back. Two rows a, b are transformed as one complex row Z = a + i b, whose parts come apart again:
//   A_k = (Z_k + conj Z_(N-k))/2, B_k = (Z_k - conj Z_(N-k))/(2i),
// and lanes run over rows, so that 2 lanes<T>() rows, the `slots`, are transformed at once. Back, a transform of the reversed row
// Z_(N-k) is the inverse one, all but the factor 1/N.
import { points } from "../field/grid";
import { lanes } from "../simd";
import { held, unknownZero } from "../special/held";
import { lines, modeBytes, PAIR, slots } from "./plan";
import { transformBlock } from "./stages";

// The slots' addresses: [8] of real rows, [8] of half-complex rows, and [8] numbers of T to subtract from the real rows.
const REAL: usize = 0;
const MODES: usize = 32;
const REFERENCE: usize = 64;

/** Slot i stands for a real row, its modes, and what is subtracted from its sites. */
@inline
export function setSlot<T>(i: i32, real: usize, modes: usize, reference: T): void {
  store<usize>(slots + REAL + <usize>i * 4, real);
  store<usize>(slots + MODES + <usize>i * 4, modes);
  store<T>(slots + REFERENCE + <usize>i * sizeof<T>(), reference);
}

@inline
function slot(table: usize, i: i32): usize {
  return load<usize>(slots + table + <usize>i * 4);
}

/** Vector `part` of the transposed tile of v0 .. v3 (of two lanes: v0, v1). */
@inline
function transposed<T>(part: i32, v0: v128, v1: v128, v2: v128, v3: v128): v128 {
  if (sizeof<T>() == 8) return part == 0 ? v128.shuffle<i64>(v0, v1, 0, 2) : v128.shuffle<i64>(v0, v1, 1, 3);
  const first = part < 2 ? v128.shuffle<i32>(v0, v1, 0, 4, 1, 5) : v128.shuffle<i32>(v0, v1, 2, 6, 3, 7);
  const second = part < 2 ? v128.shuffle<i32>(v2, v3, 0, 4, 1, 5) : v128.shuffle<i32>(v2, v3, 2, 6, 3, 7);
  return (part & 1) == 0 ? v128.shuffle<i64>(first, second, 0, 2) : v128.shuffle<i64>(first, second, 1, 3);
}

/** Sites of the slots `first` .. to vectors `offset` bytes into the lines, one line a site. */
function gather<T>(first: i32, offset: usize): void {
  const reference = v128.load(slots + REFERENCE + <usize>first * sizeof<T>());
  const row0 = slot(REAL, first);
  const row1 = slot(REAL, first + 1);
  const row2 = sizeof<T>() == 4 ? slot(REAL, first + 2) : row0;
  const row3 = sizeof<T>() == 4 ? slot(REAL, first + 3) : row0;
  const bytes = <usize>points * sizeof<T>();
  let to = lines + offset;
  let at: usize = 0;
  do {
    const v0 = v128.load(row0 + at);
    const v1 = v128.load(row1 + at);
    const v2 = sizeof<T>() == 4 ? v128.load(row2 + at) : v0;
    const v3 = sizeof<T>() == 4 ? v128.load(row3 + at) : v0;
    v128.store(to, v128.sub<T>(transposed<T>(0, v0, v1, v2, v3), reference));
    v128.store(to, v128.sub<T>(transposed<T>(1, v0, v1, v2, v3), reference), 32);
    if (sizeof<T>() == 4) {
      v128.store(to, v128.sub<T>(transposed<T>(2, v0, v1, v2, v3), reference), 64);
      v128.store(to, v128.sub<T>(transposed<T>(3, v0, v1, v2, v3), reference), 96);
    }
    to += <usize>lanes<T>() * PAIR;
    at += 16;
  } while (at < bytes);
}

/** Back from the lines, times `scale`: whole vectors are written, a few sites beyond a row's end where need be. */
function scatter<T>(first: i32, offset: usize, factor: T): void {
  const scale = v128.splat<T>(factor);
  const row0 = slot(REAL, first);
  const row1 = slot(REAL, first + 1);
  const row2 = sizeof<T>() == 4 ? slot(REAL, first + 2) : row0;
  const row3 = sizeof<T>() == 4 ? slot(REAL, first + 3) : row0;
  const bytes = <usize>points * sizeof<T>();
  let from = lines + offset;
  let at: usize = 0;
  do {
    const v0 = v128.mul<T>(v128.load(from), scale);
    const v1 = v128.mul<T>(v128.load(from, 32), scale);
    const v2 = sizeof<T>() == 4 ? v128.mul<T>(v128.load(from, 64), scale) : v0;
    const v3 = sizeof<T>() == 4 ? v128.mul<T>(v128.load(from, 96), scale) : v0;
    v128.store(row0 + at, transposed<T>(0, v0, v1, v2, v3));
    v128.store(row1 + at, transposed<T>(1, v0, v1, v2, v3));
    if (sizeof<T>() == 4) {
      v128.store(row2 + at, transposed<T>(2, v0, v1, v2, v3));
      v128.store(row3 + at, transposed<T>(3, v0, v1, v2, v3));
    }
    from += <usize>lanes<T>() * PAIR;
    at += 16;
  } while (at < bytes);
}

/** Part 0 .. 3 of mode k: the real and imaginary parts of A_k and of B_k; 0 beyond the last mode. */
@inline
function apart<T>(part: i32, k: i32, half: v128): v128 {
  if (k > points / 2) return v128.splat<T>(0);
  const here = lines + <usize>k * PAIR;
  const there = lines + <usize>(k == 0 ? 0 : points - k) * PAIR;
  if (part == 0) return v128.mul<T>(half, v128.add<T>(v128.load(here), v128.load(there)));
  if (part == 1) return v128.mul<T>(half, v128.sub<T>(v128.load(here, 16), v128.load(there, 16)));
  if (part == 2) return v128.mul<T>(half, v128.add<T>(v128.load(here, 16), v128.load(there, 16)));
  return v128.mul<T>(half, v128.sub<T>(v128.load(there), v128.load(here)));
}

/** Modes k .. k + lanes - 1 of one part of all slots that have it, `at` bytes into their rows. */
@inline
function release<T>(part: i32, k: i32, at: usize, half: v128): void {
  const first = part < 2 ? 0 : lanes<T>();
  const offset = at + ((part & 1) == 0 ? 0 : 16);
  const v0 = apart<T>(part, k, half);
  const v1 = apart<T>(part, k + 1, half);
  const v2 = sizeof<T>() == 4 ? apart<T>(part, k + 2, half) : v0;
  const v3 = sizeof<T>() == 4 ? apart<T>(part, k + 3, half) : v0;
  v128.store(slot(MODES, first) + offset, transposed<T>(0, v0, v1, v2, v3));
  v128.store(slot(MODES, first + 1) + offset, transposed<T>(1, v0, v1, v2, v3));
  if (sizeof<T>() == 4) {
    v128.store(slot(MODES, first + 2) + offset, transposed<T>(2, v0, v1, v2, v3));
    v128.store(slot(MODES, first + 3) + offset, transposed<T>(3, v0, v1, v2, v3));
  }
}

/** The modes of the slots' real rows. */
export function transformRows<T>(): void {
  gather<T>(0, 0);
  gather<T>(lanes<T>(), 16);
  transformBlock<T>(lines, PAIR, lines, PAIR, PAIR);
  const half = held<T>(0.5, unknownZero(lines));
  const end = modeBytes<T>(points);
  let k = 0;
  let at: usize = 0;
  do {
    release<T>(0, k, at, half);
    release<T>(1, k, at, half);
    release<T>(2, k, at, half);
    release<T>(3, k, at, half);
    k += lanes<T>();
    at += PAIR;
  } while (at < end);
}

/** Vector `part` (a mode) of the tile of modes that stands `at` bytes into the rows of the slots from `first`. */
@inline
function modeOf<T>(part: i32, first: i32, at: usize): v128 {
  const v0 = v128.load(slot(MODES, first) + at);
  const v1 = v128.load(slot(MODES, first + 1) + at);
  const v2 = sizeof<T>() == 4 ? v128.load(slot(MODES, first + 2) + at) : v0;
  const v3 = sizeof<T>() == 4 ? v128.load(slot(MODES, first + 3) + at) : v0;
  return transposed<T>(part, v0, v1, v2, v3);
}

/** Mode k = `first` + part of the tile at `at`, put together into the reversed row. */
@inline
function join<T>(part: i32, first: i32, at: usize): void {
  const k = first + part;
  if (k > points / 2) return;
  // The imaginary parts come first here: see inversePlane in transform.ts.
  const aRe = modeOf<T>(part, 0, at + 16);
  const aIm = modeOf<T>(part, 0, at);
  const bRe = modeOf<T>(part, lanes<T>(), at + 16);
  const bIm = modeOf<T>(part, lanes<T>(), at);
  const here = lines + <usize>k * PAIR;
  if (k == 0 || 2 * k == points) {
    // Real in a real row's transform; what else stands there is left out.
    v128.store(here, aRe);
    v128.store(here, bRe, 16);
    return;
  }
  const there = lines + <usize>(points - k) * PAIR;
  v128.store(there, v128.sub<T>(aRe, bIm));
  v128.store(there, v128.add<T>(aIm, bRe), 16);
  v128.store(here, v128.add<T>(aRe, bIm));
  v128.store(here, v128.sub<T>(bRe, aIm), 16);
}

/** The real rows of the slots' modes, times `scale`. */
export function invertRows<T>(scale: T): void {
  const end = modeBytes<T>(points);
  let k = 0;
  for (let at: usize = 0; at < end; at += PAIR) {
    join<T>(0, k, at);
    join<T>(1, k, at);
    if (sizeof<T>() == 4) {
      join<T>(2, k, at);
      join<T>(3, k, at);
    }
    k += lanes<T>();
  }
  transformBlock<T>(lines, PAIR, lines, PAIR, PAIR);
  scatter<T>(0, 0, scale);
  scatter<T>(lanes<T>(), 16, scale);
}
