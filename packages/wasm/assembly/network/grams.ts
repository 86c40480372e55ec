// The Gram matrices that empirical kernels are made of, [data][data], from what the last forward pass left: rows of units of layered
// networks, vectors of units of resident ones.
import { gram } from "../linalg/dots";
import { sensitivities } from "./layered";
import { residentSensitivities } from "./resident";
import {
  biasStd,
  data,
  deltaOf,
  depth,
  hiddenOf,
  inputRow,
  inputRows,
  inputs,
  paired,
  resident,
  rowBytes,
  whole,
  width,
} from "./shape";

/** df_a/dz of all units, to each layer's deltas. */
export function findSensitivities<T>(): void {
  if (depth > 1) sensitivities<T>();
  else residentSensitivities<T>();
}

/** Of vectors of units, [vectors][data]. */
function gramOfVectors<T>(units: usize, target: usize): void {
  gram<T>(units, 16, data, target, paired<T>(width) / (16 / sizeof<T>()), <usize>data * 16);
}

function gramOfRows<T>(rows: usize, row: usize, count: i32, target: usize): void {
  gram<T>(rows, row, data, target, whole<T>(count) / (16 / sizeof<T>()), 16);
}

/** Of what `layer` is given: the inputs or the units below, and the bias's constant. */
export function gramOfInputs<T>(layer: i32, target: usize): void {
  if (layer == 0) gramOfRows<T>(inputRows, inputRow, inputs, target);
  else if (depth > 1) gramOfRows<T>(hiddenOf<T>(layer - 1), rowBytes<T>(), width + 1, target);
  else {
    gramOfVectors<T>(resident, target);
    const count = data * data;
    for (let i = 0; i < count; i++) {
      const at = target + <usize>i * sizeof<T>();
      store<T>(at, load<T>(at) + <T>(biasStd * biasStd));
    }
  }
}

export function gramOfSensitivities<T>(layer: i32, target: usize): void {
  if (depth > 1) gramOfRows<T>(deltaOf<T>(layer), rowBytes<T>(), width, target);
  else gramOfVectors<T>(deltaOf<T>(0), target);
}
