// The Gram matrices that empirical kernels are made of, from what the last forward pass left: rows of units of layered networks, vectors of
// units of resident ones.
import { gram } from "../linalg/gram";
import { sensitivities } from "./layered";
import { residentSensitivities } from "./resident";
import {
  biasStd,
  data,
  deltaOf,
  hiddenOf,
  inputRow,
  inputRows,
  inputs,
  isResident,
  paired,
  resident,
  rowBytes,
  values,
  whole,
  width,
} from "./shape";

/** df_ac/dz of all units, to each layer's deltas. */
export function findSensitivities<T>(): void {
  if (isResident()) residentSensitivities<T>();
  else sensitivities<T>();
}

/** Of vectors of units, [vectors][rows]. */
function gramOfVectors<T>(units: usize, rows: i32, target: usize): void {
  gram<T>(units, 16, rows, target, paired<T>(width) / (16 / sizeof<T>()), <usize>rows * 16);
}

/** Of rows of `count` elements. */
function gramOfRows<T>(from: usize, row: usize, rows: i32, count: i32, target: usize): void {
  gram<T>(from, row, rows, target, whole<T>(count) / (16 / sizeof<T>()), 16);
}

/** Of what `layer` is given, the inputs or the units below, and the bias's constant: [data][data]. */
export function gramOfInputs<T>(layer: i32, target: usize): void {
  if (layer == 0) gramOfRows<T>(inputRows, inputRow, data, inputs, target);
  else if (!isResident()) gramOfRows<T>(hiddenOf<T>(layer - 1), rowBytes<T>(), data, width + 1, target);
  else {
    gramOfVectors<T>(resident, data, target);
    const count = data * data;
    for (let i = 0; i < count; i++) {
      const at = target + <usize>i * sizeof<T>();
      store<T>(at, load<T>(at) + <T>(biasStd * biasStd));
    }
  }
}

/** Of all outputs' sensitivities to the units of `layer`, [values][values]. */
export function gramOfSensitivities<T>(layer: i32, target: usize): void {
  if (isResident()) gramOfVectors<T>(deltaOf<T>(0), values, target);
  else gramOfRows<T>(deltaOf<T>(layer), rowBytes<T>(), values, width, target);
}
