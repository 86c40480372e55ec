/**
 * Standard normals from Philox words by Box and Muller's transform, in float64. Number `index` of stream (seed, network, layer) is normal
 * index & 3 of block index >> 2, whose counter is (block, layer, network, 0). WGSL twin: shaders/random/normal.wgsl.
 */
import { keyOfSeed, philox4x32, type Words } from "./philox.ts";

/** Four normals from four words: words 0 and 1 give normals 0 and 1, words 2 and 3 normals 2 and 3. */
export function normal4(words: Words): readonly [number, number, number, number] {
  const pair = (radiusWord: number, angleWord: number): [number, number] => {
    const radius = Math.sqrt(-2 * Math.log(((radiusWord >>> 9) + 0.5) * 2 ** -23));
    const angle = 2 * Math.PI * (angleWord >>> 8) * 2 ** -24;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  };
  return [...pair(words[0], words[1]), ...pair(words[2], words[3])];
}

function normalsOf(seed: number, count: number, counter: (block: number) => Words): Float64Array {
  const key = keyOfSeed(seed);
  const result = new Float64Array(count);
  for (let block = 0; 4 * block < count; block++) {
    const four = normal4(philox4x32(counter(block), key));
    result.set(four.slice(0, count - 4 * block), 4 * block);
  }
  return result;
}

/** The first `count` normals of a stream. Layer 2 (l - 1) holds the weights into layer l, 2 (l - 1) + 1 its biases, l from 1. */
export const normals = (seed: number, network: number, layer: number, count: number): Float64Array =>
  normalsOf(seed, count, (block) => [block, layer, network, 0]);

/** The first `count` normals for data: counter (block, 0, 0, 2) keeps clear of the weights' and of `uniforms`. */
export const dataNormals = (seed: number, count: number): Float64Array =>
  normalsOf(seed, count, (block) => [block, 0, 0, 2]);

/** The first `count` normals of sample `sample` of an infinitely wide ensemble: counter (block, 0, sample, 3) keeps clear of all others. */
export const theoryNormals = (seed: number, sample: number, count: number): Float64Array =>
  normalsOf(seed, count, (block) => [block, 0, sample, 3]);

/** `count` random words that put data in an order: counter (block, 0, epoch, 4) keeps clear of all others. */
export function orderWords(seed: number, epoch: number, count: number): Uint32Array {
  const key = keyOfSeed(seed);
  const result = new Uint32Array(count);
  for (let block = 0; 4 * block < count; block++)
    result.set(philox4x32([block, 0, epoch, 4], key).slice(0, count - 4 * block), 4 * block);
  return result;
}

/** A stream of uniform numbers in [0, 1) with 32 bits, for resampling: counter (block, 0, stream, 1) keeps clear of the normals'. */
export function uniforms(seed: number, stream: number): () => number {
  const key = keyOfSeed(seed);
  let words: Words = [0, 0, 0, 0];
  let drawn = 0;
  return () => {
    if (drawn % 4 === 0) words = philox4x32([drawn / 4, 0, stream, 1], key);
    return words[drawn++ % 4]! / 2 ** 32;
  };
}
