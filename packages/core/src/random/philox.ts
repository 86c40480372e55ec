/**
 * Philox4x32-10, a counter-based generator (Salmon, Moraes, Dror and Shaw, SC11 (2011)): four random words from a counter and a key,
 * without state, so that every engine, batching and thread count draws the same numbers. WGSL twin: shaders/random/philox.wgsl.
 */

export type Words = readonly [number, number, number, number];

/** The high word of a 32 x 32 bit product, from 16-bit halves: products of 32 bits do not fit a float64. */
function multiplyHigh(x: number, y: number): number {
  const xLow = x & 0xffff;
  const xHigh = x >>> 16;
  const yLow = y & 0xffff;
  const yHigh = y >>> 16;
  const middle = xHigh * yLow + ((xLow * yLow) >>> 16);
  const cross = xLow * yHigh + (middle & 0xffff);
  return (xHigh * yHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536)) >>> 0;
}

/** Four random 32-bit words of `counter` under `key`. */
export function philox4x32(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    [c0, c1, c2, c3] = [
      (multiplyHigh(0xcd9e8d57, c2) ^ c1 ^ k0) >>> 0,
      Math.imul(0xcd9e8d57, c2) >>> 0,
      (multiplyHigh(0xd2511f53, c0) ^ c3 ^ k1) >>> 0,
      Math.imul(0xd2511f53, c0) >>> 0,
    ];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The key of an integer seed, 0 <= seed < 2^53: its low and high 32 bits. Throws RangeError otherwise. */
export function keyOfSeed(seed: number): readonly [number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`a seed is a whole number from 0 to 2^53 - 1, not ${seed}`);
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}
