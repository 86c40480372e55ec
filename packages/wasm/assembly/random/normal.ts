// Standard normals by Box and Muller's transform (Ann. Math. Stat. 29 (1958) 610) in float64, whatever precision keeps them: words 0 and 1
// give normals 0 and 1, words 2 and 3 normals 2 and 3. Twins: packages/core/src/random/normal.ts and shaders/random/normal.wgsl.
import { normalLog } from "../special/log";
import { cosInQuadrant, isOdd, quadrantSum, reduced, reducedCos, reducedSin, sinInQuadrant } from "../special/trigonometry";
import { philox4x32, word0, word1, word2, word3 } from "./philox";

let key0: u32 = 0;
let key1: u32 = 0;

export function setSeed(low: u32, high: u32): void {
  key0 = low;
  key1 = high;
}

/** Of the last two blocks normals 0 and 2, and 1 and 3. */
export let even0: v128 = f64x2.splat(0);
export let odd0: v128 = f64x2.splat(0);
export let even1: v128 = f64x2.splat(0);
export let odd1: v128 = f64x2.splat(0);

/** Two blocks at a time, of whose long chains of operations a core works on both at once; their counters agree in the last word. */
@inline
export function drawTwo(a0: u32, a1: u32, a2: u32, b0: u32, b1: u32, b2: u32, last: u32): void {
  philox4x32(a0, a1, a2, last, key0, key1);
  const radius0 = radiusOf(word0, word2);
  const angle0 = angleOf(word1, word3);
  philox4x32(b0, b1, b2, last, key0, key1);
  const radius1 = radiusOf(word0, word2);
  const angle1 = angleOf(word1, word3);
  const sum0 = quadrantSum<f64>(angle0);
  const sum1 = quadrantSum<f64>(angle1);
  const rest0 = reduced<f64>(angle0, sum0);
  const rest1 = reduced<f64>(angle1, sum1);
  const sine0 = reducedSin<f64>(rest0);
  const sine1 = reducedSin<f64>(rest1);
  const cosine0 = reducedCos<f64>(rest0);
  const cosine1 = reducedCos<f64>(rest1);
  const swapped0 = isOdd<f64>(sum0);
  const swapped1 = isOdd<f64>(sum1);
  even0 = f64x2.mul(radius0, cosInQuadrant<f64>(sine0, cosine0, sum0, swapped0));
  odd0 = f64x2.mul(radius0, sinInQuadrant<f64>(sine0, cosine0, sum0, swapped0));
  even1 = f64x2.mul(radius1, cosInQuadrant<f64>(sine1, cosine1, sum1, swapped1));
  odd1 = f64x2.mul(radius1, sinInQuadrant<f64>(sine1, cosine1, sum1, swapped1));
}

function drawBlocks(block: u32, layer: u32, network: u32): void {
  drawTwo(block, layer, network, block + 1, layer, network, 0);
}

@inline
function radiusOf(first: u32, second: u32): v128 {
  const words = f64x2(<f64>(first >>> 9), <f64>(second >>> 9));
  const fraction = f64x2.mul(f64x2.add(words, f64x2.splat(0.5)), f64x2.splat(1.1920928955078125e-7));
  return f64x2.sqrt(f64x2.mul(f64x2.splat(-2), normalLog<f64>(fraction)));
}

@inline
function angleOf(first: u32, second: u32): v128 {
  const words = f64x2(<f64>(first >>> 8), <f64>(second >>> 8));
  return f64x2.mul(words, f64x2.splat(2 * Math.PI * 5.9604644775390625e-8));
}

/** Of the last `compareWeights`: the sums of the weights' squares and of their squared distances from their draws. */
export let square: f64 = 0;
export let moved: f64 = 0;

/**
 * Goes over a layer's weights: element (unit, input), which stands `inputBytes` behind the unit's last and `unitBytes` behind the last unit's,
 * is normal number unit * fanIn + input of the stream (seed, network, layer). What is drawn is stored, or compared with what stands there.
 */
@inline
function overWeights<T>(
  storing: bool,
  weights: usize,
  inputBytes: usize,
  unitBytes: usize,
  fanIn: i32,
  units: i32,
  layer: i32,
  network: i32,
): void {
  let input = 0;
  let place = weights;
  let column = weights;
  const elements = <u32>fanIn * <u32>units;
  for (let element: u32 = 0; element < elements; element++) {
    const lane = element & 7;
    if (lane == 0) drawBlocks(element >> 2, layer, network);
    const pair = lane < 4 ? ((lane & 1) == 0 ? even0 : odd0) : (lane & 1) == 0 ? even1 : odd1;
    const drawn = <T>((lane & 2) == 0 ? f64x2.extract_lane(pair, 0) : f64x2.extract_lane(pair, 1));
    if (storing) store<T>(place, drawn);
    else {
      const weight = <f64>load<T>(place);
      const way = weight - <f64>drawn;
      square += weight * weight;
      moved += way * way;
    }
    place += inputBytes;
    if (++input == fanIn) {
      input = 0;
      column += unitBytes;
      place = column;
    }
  }
}

/** Draws a layer's weights. */
export function drawWeights<T>(
  weights: usize,
  inputBytes: usize,
  unitBytes: usize,
  fanIn: i32,
  units: i32,
  layer: i32,
  network: i32,
): void {
  overWeights<T>(true, weights, inputBytes, unitBytes, fanIn, units, layer, network);
}

/** Adds a layer's weights to `square` and `moved`, which need no copy of the draw. */
export function compareWeights<T>(
  weights: usize,
  inputBytes: usize,
  unitBytes: usize,
  fanIn: i32,
  units: i32,
  layer: i32,
  network: i32,
): void {
  overWeights<T>(false, weights, inputBytes, unitBytes, fanIn, units, layer, network);
}

export function clearComparison(): void {
  square = 0;
  moved = 0;
}
