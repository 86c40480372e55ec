// Networks of any depth, layer by layer: forward, read-out, and back with the descent fused in, so that a step reads each weight twice from
// memory and writes it once. Deltas carry -eta, so that all descent is addition.
import { descend } from "../linalg/descend";
import { dots } from "../linalg/dots";
import { packPanels, panelBytes, quadBytes } from "../linalg/pack";
import { product } from "../linalg/product";
import { PANEL } from "../linalg/tile";
import { loadSplat } from "../simd";
import {
  biasStd,
  data,
  deltaOf,
  depth,
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
  dots<T>(hiddenOf<T>(depth - 1), row, data, weightsInto<T>(depth), 0, 1, outputs, sizeof<T>(), whole<T>(width + 1));
}

/** delta_a = push_a out * slope_a, where `push` is the force or, without one, 1. */
function deltasOfOutput<T>(push: usize): void {
  const row = rowBytes<T>();
  const bytes = <usize>paired<T>(width) * sizeof<T>();
  const out = weightsInto<T>(depth);
  for (let a = 0; a < data; a++) {
    const factor = push == 0 ? v128.splat<T>(1) : loadSplat<T>(push + <usize>a * sizeof<T>());
    const slope = slopeOf<T>(depth - 1) + <usize>a * row;
    const delta = deltaOf<T>(depth - 1) + <usize>a * row;
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(delta + j, v128.mul<T>(v128.mul<T>(factor, v128.load(out + j)), v128.load(slope + j)));
    }
  }
}

/** deltas of `layer` times its slopes, row by row. */
function timesSlope<T>(layer: i32): void {
  const row = rowBytes<T>();
  const bytes = <usize>whole<T>(width) * sizeof<T>();
  for (let a = 0; a < data; a++) {
    const slope = slopeOf<T>(layer) + <usize>a * row;
    const delta = deltaOf<T>(layer) + <usize>a * row;
    // The slopes' padding is zero, whatever the deltas' is.
    for (let j: usize = 0; j < bytes; j += 16) {
      v128.store(delta + j, v128.mul<T>(v128.load(delta + j), v128.load(slope + j)));
    }
  }
}

/** df_a/dz for every unit with the present weights: deltas without force or descent. */
export function sensitivities<T>(): void {
  const row = rowBytes<T>();
  deltasOfOutput<T>(0);
  for (let layer = depth - 1; layer > 0; layer--) {
    dots<T>(deltaOf<T>(layer), row, data, weightsInto<T>(layer), row, width, deltaOf<T>(layer - 1), row, whole<T>(width));
    timesSlope<T>(layer - 1);
  }
}

/** Rows of weights that go back and descend together while the second cache holds them. */
const BLOCK = 16;

/** Descent of `rows` rows of the weights into `layer` from `w` on, by the layer's packed deltas and as many columns of units below. */
function descendRows<T>(below: usize, belowRow: usize, w: usize, rows: i32): void {
  const row = rowBytes<T>();
  const deltas = packed + quadBytes<T>(data);
  const next = panelBytes(data);
  descend<T>(below, belowRow, deltas, PANEL, next, w, row, rows, paired<T>(width), data, velocity, momentum, packed);
}

function packDeltas<T>(layer: i32): void {
  const panels = paired<T>(width) * sizeof<T>() / PANEL;
  packPanels(deltaOf<T>(layer), rowBytes<T>(), data, <i32>panels, packed + quadBytes<T>(data));
}

/** One step of heavy ball with the forces of the last read-out. */
export function descendLayers<T>(): void {
  const row = rowBytes<T>();
  deltasOfOutput<T>(force);
  const out = weightsInto<T>(depth);
  const outColumns = paired<T>(width + 1);
  const hidden = hiddenOf<T>(depth - 1);
  descend<T>(force, sizeof<T>(), hidden, row, PANEL, out, 0, 1, outColumns, data, velocity, momentum, packed);
  for (let layer = depth - 1; layer > 0; layer--) {
    const delta = deltaOf<T>(layer);
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
      dots<T>(delta, row, data, w, row, backRows, deltaBelow + at, row, whole<T>(width));
      descendRows<T>(below + at, row, w, rows);
    }
    timesSlope<T>(layer - 1);
  }
  packDeltas<T>(0);
  descendRows<T>(inputRows, inputRow, weightsInto<T>(0), inputs);
}
