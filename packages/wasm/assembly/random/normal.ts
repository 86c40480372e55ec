// Standard normals by Box and Muller's transform (Ann. Math. Stat. 29 (1958) 610) in float64, whatever precision keeps them: words 0 and 1
// give normals 0 and 1, words 2 and 3 normals 2 and 3. Twins: packages/core/src/random/normal.ts and shaders/random/normal.wgsl.
import { philox4x32, word0, word1, word2, word3 } from "./philox";

@external("special", "log64")
declare function log64(x: v128): v128;
@external("special", "sin64")
declare function sin64(x: v128): v128;
@external("special", "cos64")
declare function cos64(x: v128): v128;

let key0: u32 = 0;
let key1: u32 = 0;

export function setSeed(low: u32, high: u32): void {
  key0 = low;
  key1 = high;
}

/** Normals 0 and 2 of the last block, and 1 and 3. */
let even: v128 = f64x2.splat(0);
let odd: v128 = f64x2.splat(0);

function drawBlock(block: u32, layer: u32, network: u32): void {
  philox4x32(block, layer, network, 0, key0, key1);
  const radii = f64x2(<f64>(word0 >>> 9), <f64>(word2 >>> 9));
  const angles = f64x2(<f64>(word1 >>> 8), <f64>(word3 >>> 8));
  const fraction = f64x2.mul(f64x2.add(radii, f64x2.splat(0.5)), f64x2.splat(1.1920928955078125e-7));
  const radius = f64x2.sqrt(f64x2.mul(f64x2.splat(-2), log64(fraction)));
  const angle = f64x2.mul(angles, f64x2.splat(2 * Math.PI * 5.9604644775390625e-8));
  even = f64x2.mul(radius, cos64(angle));
  odd = f64x2.mul(radius, sin64(angle));
}

/** Of the last `compareWeights`: the sums of the weights' squares and of their squared distances from their draws. */
export let square: f64 = 0;
export let moved: f64 = 0;

/**
 * Goes over a layer's weights: element (unit, input) of [fanIn][stride] weights is normal number unit * fanIn + input of the stream (seed,
 * network, layer), whatever the layout. What is drawn is stored, or compared with what stands there.
 */
@inline
function overWeights<T>(
  storing: bool,
  weights: usize,
  stride: i32,
  fanIn: i32,
  units: i32,
  layer: i32,
  network: i32,
): void {
  const row = <usize>stride * sizeof<T>();
  let input = 0;
  let place = weights;
  let column = weights;
  const elements = <u32>fanIn * <u32>units;
  for (let element: u32 = 0; element < elements; element++) {
    const lane = element & 3;
    if (lane == 0) drawBlock(element >> 2, layer, network);
    const pair = (lane & 1) == 0 ? even : odd;
    const drawn = <T>((lane & 2) == 0 ? f64x2.extract_lane(pair, 0) : f64x2.extract_lane(pair, 1));
    if (storing) store<T>(place, drawn);
    else {
      const weight = <f64>load<T>(place);
      const way = weight - <f64>drawn;
      square += weight * weight;
      moved += way * way;
    }
    place += row;
    if (++input == fanIn) {
      input = 0;
      column += sizeof<T>();
      place = column;
    }
  }
}

/** Draws a layer's weights. */
export function drawWeights<T>(weights: usize, stride: i32, fanIn: i32, units: i32, layer: i32, network: i32): void {
  overWeights<T>(true, weights, stride, fanIn, units, layer, network);
}

/** Adds a layer's weights to `square` and `moved`, which need no copy of the draw. */
export function compareWeights<T>(weights: usize, stride: i32, fanIn: i32, units: i32, layer: i32, network: i32): void {
  overWeights<T>(false, weights, stride, fanIn, units, layer, network);
}

export function clearComparison(): void {
  square = 0;
  moved = 0;
}
