// The empirical kernel from its Gram matrices, in float64.
import { findSensitivities, gramOfInputs, gramOfSensitivities } from "./grams";
import { data, depth, fanOut, gram, kernel, values } from "./shape";

/** Float64 numbers of one record of the kernel. */
@inline
export function kernelNumbers(inParts: bool): i32 {
  return values * values * (inParts ? depth + 1 : 1);
}

@inline
function addTo(place: usize, term: f64): void {
  store<f64>(place, load<f64>(place) + term);
}

/** The kernel gains the part of a hidden layer, left_ab right_(ac)(be). */
function addGrams<T>(left: usize, right: usize): void {
  let place = kernel;
  for (let i = 0; i < values; i++) {
    let b = left + <usize>(i / fanOut * data) * sizeof<T>();
    let e = 0;
    for (let j = 0; j < values; j++) {
      addTo(place, <f64>load<T>(right) * <f64>load<T>(b));
      place += 8;
      right += sizeof<T>();
      if (++e == fanOut) {
        e = 0;
        b += sizeof<T>();
      }
    }
  }
}

/** The kernel gains the outputs' part, left_ab delta_ce: no weight of one output moves another. */
function addOutputGram<T>(left: usize): void {
  const next = <usize>fanOut * 8;
  for (let i = 0; i < values; i++) {
    const b = left + <usize>(i / fanOut * data) * sizeof<T>();
    let place = kernel + <usize>(i * values + i % fanOut) * 8;
    for (let j = 0; j < data; j++) {
      addTo(place, <f64>load<T>(b + <usize>j * sizeof<T>()));
      place += next;
    }
  }
}

/**
 * Theta_(ac)(be) = sum over all weights and biases of df_ac df_be: of each layer the inputs' Gram matrix times the sensitivities'. The units
 * are those of the last forward pass. Where `inParts`, each layer stands on its own, [depth + 1][values][values].
 */
export function recordKernel<T>(target: usize, inParts: bool): void {
  const bytes = <usize>(values * values) * 8;
  const right = gram + <usize>(data * data) * sizeof<T>();
  findSensitivities<T>();
  for (let layer = 0; layer <= depth; layer++) {
    gramOfInputs<T>(layer, gram);
    if (inParts || layer == 0) memory.fill(kernel, 0, bytes);
    if (layer == depth) addOutputGram<T>(gram);
    else {
      gramOfSensitivities<T>(layer, right);
      addGrams<T>(gram, right);
    }
    if (inParts || layer == depth) {
      memory.copy(target, kernel, bytes);
      target += bytes;
    }
  }
}
