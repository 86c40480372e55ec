// Networks of any depth, layer by layer: forward, read-out, and back with the descent fused in, so that a step reads each weight twice from
// memory and writes it once. Deltas carry -eta, so that all descent is addition.
import { descend, packedDescend } from "../linalg/descend";
import { dots, packedDots } from "../linalg/dots";
import { PACKED, packColumns, packRows, panelsBytes, sliceBytes } from "../linalg/pack";
import { product } from "../linalg/product";
import { lanes, loadSplat } from "../simd";
import {
  biasStd,
  data,
  deltaOf,
  depth,
  fanOut,
  force,
  hiddenOf,
  inputRow,
  inputRows,
  inputs,
  momentum,
  outputs,
  packed,
  paired,
  rowBytes,
  scale,
  slopeOf,
  values,
  velocity,
  weightsInto,
  whole,
  width,
} from "./shape";

/** z in place becomes scale act(z), and slope scale act'(z); the job's activation. */
@external("activation", "apply")
declare function activate(z: usize, slope: usize, count: i32, scale: f64): void;

/** Units, slopes and outputs of all layers with the present weights. */
export function forward<T>(): void {
  const row = rowBytes<T>();
  const columns = paired<T>(width);
  for (let layer = 0; layer < depth; layer++) {
    const hidden = hiddenOf<T>(layer);
    const slope = slopeOf<T>(layer);
    const below = layer == 0 ? inputRows : hiddenOf<T>(layer - 1);
    const belowRow = layer == 0 ? inputRow : row;
    const fanIn = layer == 0 ? inputs : width + 1;
    product<T>(below, belowRow, weightsInto<T>(layer), row, hidden, row, data, columns, fanIn, packed);
    const pad = paired<T>(width + 1);
    for (let a = 0; a < data; a++) {
      const h = hidden + <usize>a * row;
      const s = slope + <usize>a * row;
      activate(h, s, columns, scale);
      store<T>(h + <usize>width * sizeof<T>(), <T>biasStd);
      store<T>(s + <usize>width * sizeof<T>(), <T>0);
      for (let j = width + 1; j < pad; j++) {
        store<T>(h + <usize>j * sizeof<T>(), <T>0);
        store<T>(s + <usize>j * sizeof<T>(), <T>0);
      }
    }
  }
  const last = hiddenOf<T>(depth - 1);
  const outputRow = <usize>fanOut * sizeof<T>();
  dots<T>(last, row, data, weightsInto<T>(depth), row, fanOut, outputs, outputRow, whole<T>(width + 1), packed);
}

/** delta_a = force_a out * slope_a of one output. */
function deltasOfForce<T>(): void {
  const row = rowBytes<T>();
  const bytes = <usize>paired<T>(width) * sizeof<T>();
  const out = weightsInto<T>(depth);
  for (let a = 0; a < data; a++) {
    const factor = loadSplat<T>(force + <usize>a * sizeof<T>());
    const slope = slopeOf<T>(depth - 1) + <usize>a * row;
    const delta = deltaOf<T>(depth - 1) + <usize>a * row;
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(delta + j, v128.mul<T>(v128.mul<T>(factor, v128.load(out + j)), v128.load(slope + j)));
    }
  }
}

/** delta_a = (sum_c force_ac out_c) slope_a: however many the outputs, what goes back from them is one row of deltas a datum. */
function deltasOfForces<T>(): void {
  if (fanOut == 1) {
    deltasOfForce<T>();
    return;
  }
  const row = rowBytes<T>();
  const delta = deltaOf<T>(depth - 1);
  const forceRow = <usize>fanOut * sizeof<T>();
  product<T>(force, forceRow, weightsInto<T>(depth), row, delta, row, data, paired<T>(width), fanOut, packed);
  timesSlope<T>(depth - 1, 1);
}

/** Deltas of `layer` times its slopes, `each` rows a datum. */
function timesSlope<T>(layer: i32, each: i32): void {
  const row = rowBytes<T>();
  const bytes = <usize>paired<T>(width) * sizeof<T>();
  let delta = deltaOf<T>(layer);
  for (let a = 0; a < data; a++) {
    const slope = slopeOf<T>(layer) + <usize>a * row;
    for (let e = 0; e < each; e++) {
      // The slopes' padding is zero, whatever the deltas' is.
      for (let j: usize = 0; j < bytes; j += 16) {
        v128.store(delta + j, v128.mul<T>(v128.load(delta + j), v128.load(slope + j)));
      }
      delta += row;
    }
  }
}

/** out_c * slope_a, the sensitivities of the units below the outputs. */
function sensitivitiesBelowOutputs<T>(): void {
  const row = rowBytes<T>();
  const bytes = <usize>paired<T>(width) * sizeof<T>();
  let delta = deltaOf<T>(depth - 1);
  for (let a = 0; a < data; a++) {
    const slope = slopeOf<T>(depth - 1) + <usize>a * row;
    let out = weightsInto<T>(depth);
    for (let c = 0; c < fanOut; c++) {
      for (let j: usize = 0; j < bytes; j += 16) {
        v128.store(delta + j, v128.mul<T>(v128.load(out + j), v128.load(slope + j)));
      }
      delta += row;
      out += row;
    }
  }
}

/** df_ac/dz for every unit with the present weights: deltas without force or descent, a row for each output of each datum. */
export function sensitivities<T>(): void {
  const row = rowBytes<T>();
  sensitivitiesBelowOutputs<T>();
  for (let layer = depth - 1; layer > 0; layer--) {
    const below = deltaOf<T>(layer - 1);
    dots<T>(deltaOf<T>(layer), row, values, weightsInto<T>(layer), row, width, below, row, whole<T>(width), packed);
    timesSlope<T>(layer - 1, fanOut);
  }
}

/** Rows of weights that go back and descend together while the second cache holds them: whole tiles, packed or not. */
const BLOCK = 12;

/** Vectors of a row of deltas. */
@inline
function deltaVectors<T>(): i32 {
  return paired<T>(width) / lanes<T>();
}

/** The layer's deltas, packed as columns and as rows, behind what a product lays out as it goes. */
@inline
function deltaColumns(): usize {
  return packed + sliceBytes();
}
@inline
function deltaRows<T>(): usize {
  return deltaColumns() + panelsBytes(deltaVectors<T>(), data);
}

function packDeltas<T>(layer: i32): void {
  const row = rowBytes<T>();
  const delta = deltaOf<T>(layer);
  packColumns(delta, row, data, deltaVectors<T>(), deltaColumns());
  if (layer > 0 && data >= PACKED) packRows(delta, row, data, whole<T>(width) / lanes<T>(), deltaRows<T>());
}

/** Deltas below `rows` rows of weights, from `w` on, by the packed deltas of the layer above. */
function back<T>(layer: i32, w: usize, rows: i32, below: usize): void {
  const row = rowBytes<T>();
  if (data < PACKED) dots<T>(deltaOf<T>(layer), row, data, w, row, rows, below, row, whole<T>(width), packed);
  else packedDots<T>(deltaRows<T>(), data, w, row, rows, below, row, whole<T>(width) / lanes<T>(), packed);
}

/** Descent of `rows` rows of the weights into `layer` from `w` on, by the layer's packed deltas and as many columns of units below. */
function descendRows<T>(below: usize, belowRow: usize, w: usize, rows: i32): void {
  const columns = paired<T>(width);
  packedDescend<T>(below, belowRow, deltaColumns(), w, rowBytes<T>(), rows, columns, data, velocity, momentum, packed);
}

/** One step of heavy ball with the forces of the last read-out. */
export function descendLayers<T>(): void {
  const row = rowBytes<T>();
  deltasOfForces<T>();
  const out = weightsInto<T>(depth);
  const outColumns = paired<T>(width + 1);
  const hidden = hiddenOf<T>(depth - 1);
  const forceRow = <usize>fanOut * sizeof<T>();
  descend<T>(force, forceRow, hidden, row, out, row, fanOut, outColumns, data, velocity, momentum, packed);
  for (let layer = depth - 1; layer > 0; layer--) {
    const below = hiddenOf<T>(layer - 1);
    const deltaBelow = deltaOf<T>(layer - 1);
    const weights = weightsInto<T>(layer);
    packDeltas<T>(layer);
    for (let i = 0; i <= width; i += BLOCK) {
      const rows = min(BLOCK, width + 1 - i);
      // The bias row has nothing below it.
      const backRows = min(rows, width - i);
      const w = weights + <usize>i * row;
      const at = <usize>i * sizeof<T>();
      if (backRows > 0) back<T>(layer, w, backRows, deltaBelow + at);
      descendRows<T>(below + at, row, w, rows);
    }
    timesSlope<T>(layer - 1, 1);
  }
  packDeltas<T>(0);
  descendRows<T>(inputRows, inputRow, weightsInto<T>(0), inputs);
}
