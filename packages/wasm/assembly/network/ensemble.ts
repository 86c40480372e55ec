// The ensemble job: each worker takes networks one at a time until none is left, draws, trains and records them. A network is one worker's
// alone, so that its numbers do not depend on how many there are.
import { claim, progress, stopped } from "../control";
import { clearComparison, compareWeights, drawWeights, moved, square } from "../random/normal";
import { findSensitivities, gramOfInputs, gramOfSensitivities } from "./grams";
import { descendLayers, forward } from "./layered";
import { enterResident, residentPass, showBias } from "./resident";
import {
  data,
  depth,
  force,
  gram,
  inputRow,
  inputRows,
  inputs,
  kernel,
  learningRate,
  outputs,
  phi,
  showInputs,
  stride,
  targets,
  velocity,
  weightBytes,
  weights,
  weightsInto,
  width,
} from "./shape";

/** dV/dphi of one field's row; strides are of no matter for one field. */
@external("potential", "gradient")
declare function gradient(fields: usize, fieldStride: i32, out: usize, outStride: i32, count: i32): void;

@external("host", "now")
declare function now(): f64;

/** Seconds of drawing weights. */
let drawing: f64 = 0;

let steps: i32 = 0;
/** Ascending steps, as 32-bit integers. */
let outputSteps: usize = 0;
let outputCount: i32 = 0;
let kernelSteps: usize = 0;
let kernelCount: i32 = 0;
/** Whether a kernel is recorded as its layers' parts, and whether the parameters' norms are recorded with it. */
let kernelParts: bool = false;
let recordsNorms: bool = false;
/** Test inputs, [testCount][inputRow] and on to whole numbers of `data` rows. */
let testRows: usize = 0;
let testCount: i32 = 0;

/** Mini-batches, [steps][subsetWords] 32-bit words whose bit a & 31 of word a >> 5 says whether datum a pushes; 0 where all data do. */
let subsets: usize = 0;
let subsetWords: i32 = 0;
/** What the force on those that push is multiplied by. */
let subsetWeight: f64 = 1;

export function setSubsets(at: usize, words: i32, weight: f64): void {
  subsets = at;
  subsetWords = words;
  subsetWeight = weight;
}

export function setTest(rows: usize, count: i32): void {
  testRows = rows;
  testCount = count;
}

export function setRecords(lastStep: i32, outputsAt: usize, outputsIn: i32, kernelsAt: usize, kernelsIn: i32, inParts: bool, withNorms: bool): void {
  steps = lastStep;
  outputSteps = outputsAt;
  outputCount = outputsIn;
  kernelSteps = kernelsAt;
  kernelCount = kernelsIn;
  kernelParts = inParts;
  recordsNorms = withNorms;
}

function draw<T>(network: i32): void {
  memory.fill(weights, 0, weightBytes);
  if (velocity > 0) memory.fill(weights + velocity, 0, weightBytes);
  for (let layer = 0; layer <= depth; layer++) overLayer<T>(true, layer, network);
}

/** Draws the weights and biases into a layer, or compares them with their draw. */
function overLayer<T>(drawing: bool, layer: i32, network: i32): void {
  const fanIn = layer == 0 ? inputs - 1 : width;
  const count = layer == depth ? 1 : width;
  const into = weightsInto<T>(layer);
  // The output's weights stand in one row, as the units they belong to do.
  const rowStride = layer == depth ? 1 : stride;
  const biases = into + <usize>(fanIn * rowStride) * sizeof<T>();
  if (drawing) {
    drawWeights<T>(into, rowStride, fanIn, count, 2 * layer, network);
    drawWeights<T>(biases, rowStride, 1, count, 2 * layer + 1, network);
  } else {
    compareWeights<T>(into, rowStride, fanIn, count, 2 * layer, network);
    compareWeights<T>(biases, rowStride, 1, count, 2 * layer + 1, network);
  }
}

/** Of each layer's weights and biases theta the sums of theta^2 and (theta - theta(0))^2, [depth + 1][2]. */
function recordNorms<T>(network: i32, target: usize): void {
  for (let layer = 0; layer <= depth; layer++) {
    clearComparison();
    overLayer<T>(false, layer, network);
    store<f64>(target, square);
    store<f64>(target, moved, 8);
    target += 16;
  }
}

/** The kernel gains left * right elementwise, or left alone where there is no right. */
function addGrams<T>(left: usize, right: usize): void {
  const count = data * data;
  for (let i = 0; i < count; i++) {
    const at = <usize>i * sizeof<T>();
    const place = kernel + <usize>i * 8;
    const factor = right == 0 ? 1 : <f64>load<T>(right + at);
    store<f64>(place, load<f64>(place) + factor * <f64>load<T>(left + at));
  }
}

/**
 * Theta_ab = sum over all weights and biases of df_a df_b: of each layer the inputs' Gram matrix times the sensitivities'. The units are
 * those of the last forward pass. Where parts are asked for, each layer stands on its own, [depth + 1][data][data].
 */
function recordKernel<T>(target: usize): void {
  const bytes = <usize>(data * data) * 8;
  const right = gram + <usize>(data * data) * sizeof<T>();
  findSensitivities<T>();
  for (let layer = 0; layer <= depth; layer++) {
    gramOfInputs<T>(layer, gram);
    if (layer < depth) gramOfSensitivities<T>(layer, right);
    if (kernelParts || layer == 0) memory.fill(kernel, 0, bytes);
    addGrams<T>(gram, layer < depth ? right : 0);
    if (kernelParts || layer == depth) {
      memory.copy(target, kernel, bytes);
      target += bytes;
    }
  }
}

/** Outputs at the test inputs, as many at a time as there are data. */
function recordTest<T>(target: usize): void {
  const rows = inputRows;
  for (let done = 0; done < testCount; done += data) {
    showInputs(testRows + <usize>done * inputRow);
    forward<T>();
    const count = min(data, testCount - done);
    for (let a = 0; a < count; a++) {
      store<f64>(target, <f64>load<T>(outputs + <usize>a * sizeof<T>()));
      target += 8;
    }
  }
  showInputs(rows);
}

/** Steps between looks at the stop word, as a power of two: a look is a few nanoseconds. */
const LOOK = 16;

/** Float64 numbers of one record of the kernel and of the norms. */
@inline
function kernelNumbers(): i32 {
  return data * data * (kernelParts ? depth + 1 : 1);
}
@inline
function normNumbers(): i32 {
  return recordsNorms ? 2 * (depth + 1) : 0;
}

/**
 * Trains network `network`; its records go to [outputCount][data], [kernelCount][kernelNumbers], [kernelCount][normNumbers] and [testCount]
 * float64. False where stopped.
 */
function train<T>(network: i32, outputRecords: usize, kernelRecords: usize, normRecords: usize, testRecords: usize): bool {
  const shallow = depth == 1;
  const start = now();
  draw<T>(network);
  drawing += now() - start;
  if (shallow) enterResident<T>();
  let nextOutput = 0;
  let nextKernel = 0;
  for (let step = 0; step <= steps; step++) {
    if (shallow) residentPass<T>(step > 0);
    else {
      if (step > 0) descendLayers<T>();
      forward<T>();
    }
    if (nextOutput < outputCount && load<i32>(outputSteps + <usize>nextOutput * 4) == step) {
      for (let a = 0; a < data; a++) {
        store<f64>(outputRecords, <f64>load<T>(outputs + <usize>a * sizeof<T>()));
        outputRecords += 8;
      }
      nextOutput++;
    }
    for (let a = 0; a < data; a++) {
      const at = <usize>a * sizeof<T>();
      store<T>(phi + at, load<T>(outputs + at) - load<T>(targets + at));
    }
    if (nextKernel < kernelCount && load<i32>(kernelSteps + <usize>nextKernel * 4) == step) {
      recordKernel<T>(kernelRecords);
      if (recordsNorms) {
        if (shallow) showBias<T>(true);
        recordNorms<T>(network, normRecords);
        if (shallow) showBias<T>(false);
      }
      kernelRecords += <usize>kernelNumbers() * 8;
      normRecords += <usize>normNumbers() * 8;
      nextKernel++;
    }
    if (step == steps) {
      if (testCount > 0) {
        if (shallow) showBias<T>(true);
        recordTest<T>(testRecords);
      }
      break;
    }
    gradient(phi, 0, force, 0, data);
    const chosen = subsets + <usize>step * <usize>subsetWords * 4;
    for (let a = 0; a < data; a++) {
      const at = force + <usize>a * sizeof<T>();
      const pushes = subsets == 0 || ((load<u32>(chosen + <usize>(a >> 5) * 4) >> (a & 31)) & 1) != 0;
      store<T>(at, pushes ? <T>(-learningRate * subsetWeight) * load<T>(at) : 0);
    }
    if ((step & (LOOK - 1)) == LOOK - 1) {
      if (stopped()) return false;
      progress(LOOK);
    }
  }
  return true;
}

/** Trains networks `first` .. `first + count - 1`, with all other workers, into [count] records. Returns the seconds of drawing. */
function trainEnsemble<T>(
  first: i32,
  count: i32,
  outputRecords: usize,
  kernelRecords: usize,
  normRecords: usize,
  testRecords: usize,
): f64 {
  drawing = 0;
  const outputBytes = <usize>(outputCount * data) * 8;
  const kernelBytes = <usize>(kernelCount * kernelNumbers()) * 8;
  const normBytes = <usize>(kernelCount * normNumbers()) * 8;
  for (let item = claim(); item < count; item = claim()) {
    if (stopped()) return drawing;
    const place = <usize>item;
    const finished = train<T>(
      first + item,
      outputRecords + place * outputBytes,
      kernelRecords + place * kernelBytes,
      normRecords + place * normBytes,
      testRecords + place * <usize>testCount * 8,
    );
    if (!finished) return drawing;
    progress(steps & (LOOK - 1));
  }
  return drawing;
}

export function trainEnsemble32(first: i32, count: i32, outputs: usize, kernels: usize, norms: usize, tests: usize): f64 {
  return trainEnsemble<f32>(first, count, outputs, kernels, norms, tests);
}

export function trainEnsemble64(first: i32, count: i32, outputs: usize, kernels: usize, norms: usize, tests: usize): f64 {
  return trainEnsemble<f64>(first, count, outputs, kernels, norms, tests);
}
