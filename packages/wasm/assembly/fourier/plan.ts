// What every part of a transform reads. The host's twin, which makes the tables and places the memory: packages/core/src/engine/cpu/fourier.ts.
//
// The work area holds half-complex fields, [fields][planes][rows] rows of the modes 0 .. points/2 along the last axis, whose real and
// imaginary parts alternate by vectors: lanes<T>() real parts, then as many imaginary ones, and so on; modes that fill the last vector are zero.
import { lanes } from "../simd";

/** Bytes of a vector of real parts and one of imaginary parts: the unit that everything here moves. */
export const PAIR: usize = 32;

/** [stageCount][5] 32-bit words: radix, sizes m and s, addresses of the twiddles and (odd radices beyond 5) of the roots: see stages.ts. */
export let stages: usize = 0;
export let stageCount: i32 = 0;
/** The work area and its strides in bytes, none a power of two. */
export let work: usize = 0;
export let workRow: usize = 0;
export let workPlane: usize = 0;
export let workField: usize = 0;
/** Bytes of a row that one block of columns takes, a multiple of PAIR: its lines of all rows stay in the first cache. */
export let blockBytes: usize = PAIR;
/** This worker's: the addresses of the rows at hand (see rows.ts), a row that nobody reads, three buffers of a block, sums of an odd radix. */
export let slots: usize = 0;
export let nowhere: usize = 0;
export let lines: usize = 0;
export let buffer0: usize = 0;
export let buffer1: usize = 0;
export let folded: usize = 0;

export function setTransform(
  stagesAt: usize,
  stagesOf: i32,
  workAt: usize,
  rowBytes: usize,
  planeBytes: usize,
  fieldBytes: usize,
  blockBytesOf: usize,
): void {
  stages = stagesAt;
  stageCount = stagesOf;
  work = workAt;
  workRow = rowBytes;
  workPlane = planeBytes;
  workField = fieldBytes;
  blockBytes = blockBytesOf;
}

export function setScratch(
  slotsAt: usize,
  nowhereAt: usize,
  linesAt: usize,
  buffer0At: usize,
  buffer1At: usize,
  foldedAt: usize,
): void {
  slots = slotsAt;
  nowhere = nowhereAt;
  lines = linesAt;
  buffer0 = buffer0At;
  buffer1 = buffer1At;
  folded = foldedAt;
}

/** Bytes that the modes of a row of `points` sites take. */
@inline
export function modeBytes<T>(points: i32): usize {
  return <usize>((points / 2 + lanes<T>()) / lanes<T>()) * PAIR;
}
