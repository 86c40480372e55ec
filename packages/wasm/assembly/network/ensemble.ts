// The ensemble job: each worker takes networks one at a time until none is left, draws, trains and records them. A network is one worker's
// alone, so that its numbers do not depend on how many there are.
import { claim, progress, stopped } from "../control";
import { gradient } from "../potential";
import { clearComparison, compareWeights, drawWeights, moved, square } from "../random/normal";
import { kernelNumbers, recordKernel } from "./kernel";
import { descendLayers, forward } from "./layered";
import { enterResident, residentPass, showBias } from "./resident";
import {
  data,
  depth,
  fanOut,
  force,
  inputRow,
  inputRows,
  inputs,
  isResident,
  learningRate,
  outputs,
  phi,
  rowBytes,
  showInputs,
  targets,
  values,
  velocity,
  weightBytes,
  weights,
  weightsInto,
  width,
} from "./shape";

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
  const count = layer == depth ? fanOut : width;
  const into = weightsInto<T>(layer);
  // An output's weights stand in one row, as the units they belong to do.
  const inputBytes = layer == depth ? sizeof<T>() : rowBytes<T>();
  const unitBytes = layer == depth ? rowBytes<T>() : sizeof<T>();
  const biases = into + <usize>fanIn * inputBytes;
  if (drawing) {
    drawWeights<T>(into, inputBytes, unitBytes, fanIn, count, 2 * layer, network);
    drawWeights<T>(biases, inputBytes, unitBytes, 1, count, 2 * layer + 1, network);
  } else {
    compareWeights<T>(into, inputBytes, unitBytes, fanIn, count, 2 * layer, network);
    compareWeights<T>(biases, inputBytes, unitBytes, 1, count, 2 * layer + 1, network);
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

/** The first `count` outputs of the last forward pass in float64; the address behind them. */
function recordOutputs<T>(target: usize, count: i32): usize {
  for (let i = 0; i < count; i++) {
    store<f64>(target, <f64>load<T>(outputs + <usize>i * sizeof<T>()));
    target += 8;
  }
  return target;
}

/** Outputs at the test inputs, as many at a time as there are data. */
function recordTest<T>(target: usize): void {
  const rows = inputRows;
  for (let done = 0; done < testCount; done += data) {
    showInputs(testRows + <usize>done * inputRow);
    forward<T>();
    target = recordOutputs<T>(target, min(data, testCount - done) * fanOut);
  }
  showInputs(rows);
}

/** Steps between looks at the stop word, a power of two: a look is a few nanoseconds, and those who interrupt wait for one. */
@inline
function lookSteps(): i32 {
  return <u64>weightBytes * data < LONG ? 16 : 1;
}
/** Bytes of weights times data of a step of some milliseconds. */
const LONG: u64 = 1 << 26;

/** Float64 numbers of one record of the norms. */
@inline
function normNumbers(): i32 {
  return recordsNorms ? 2 * (depth + 1) : 0;
}

/**
 * Trains network `network`; its records go to [outputCount][values], [kernelCount][kernelNumbers], [kernelCount][normNumbers] and
 * [testCount][fanOut] float64. False where stopped.
 */
function train<T>(network: i32, outputRecords: usize, kernelRecords: usize, normRecords: usize, testRecords: usize): bool {
  const resident = isResident();
  const start = now();
  draw<T>(network);
  drawing += now() - start;
  if (resident) enterResident<T>();
  let nextOutput = 0;
  let nextKernel = 0;
  const look = lookSteps();
  for (let step = 0; step <= steps; step++) {
    if (resident) residentPass<T>(step > 0);
    else {
      if (step > 0) descendLayers<T>();
      forward<T>();
    }
    if (nextOutput < outputCount && load<i32>(outputSteps + <usize>nextOutput * 4) == step) {
      outputRecords = recordOutputs<T>(outputRecords, values);
      nextOutput++;
    }
    for (let i = 0; i < values; i++) {
      const at = <usize>i * sizeof<T>();
      store<T>(phi + at, load<T>(outputs + at) - load<T>(targets + at));
    }
    if (nextKernel < kernelCount && load<i32>(kernelSteps + <usize>nextKernel * 4) == step) {
      recordKernel<T>(kernelRecords, kernelParts);
      if (recordsNorms) {
        if (resident) showBias<T>(true);
        recordNorms<T>(network, normRecords);
        if (resident) showBias<T>(false);
      }
      kernelRecords += <usize>kernelNumbers(kernelParts) * 8;
      normRecords += <usize>normNumbers() * 8;
      nextKernel++;
    }
    if (step == steps) {
      if (testCount > 0) {
        if (resident) showBias<T>(true);
        recordTest<T>(testRecords);
      }
      break;
    }
    // One field, whose strides are of no matter, and one potential of all networks, without constants.
    gradient(phi, 0, force, 0, values, 0);
    const chosen = subsets + <usize>step * <usize>subsetWords * 4;
    let at = force;
    for (let a = 0; a < data; a++) {
      const pushes = subsets == 0 || ((load<u32>(chosen + <usize>(a >> 5) * 4) >> (a & 31)) & 1) != 0;
      for (let c = 0; c < fanOut; c++) {
        store<T>(at, pushes ? <T>(-learningRate * subsetWeight) * load<T>(at) : 0);
        at += sizeof<T>();
      }
    }
    if ((step & (look - 1)) == look - 1) {
      if (stopped()) return false;
      progress(look);
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
  const outputBytes = <usize>(outputCount * values) * 8;
  const kernelBytes = <usize>(kernelCount * kernelNumbers(kernelParts)) * 8;
  const normBytes = <usize>(kernelCount * normNumbers()) * 8;
  for (let item = claim(); item < count; item = claim()) {
    if (stopped()) return drawing;
    const place = <usize>item;
    const finished = train<T>(
      first + item,
      outputRecords + place * outputBytes,
      kernelRecords + place * kernelBytes,
      normRecords + place * normBytes,
      testRecords + place * <usize>(testCount * fanOut) * 8,
    );
    if (!finished) return drawing;
    progress(steps & (lookSteps() - 1));
  }
  return drawing;
}

export function trainEnsemble32(first: i32, count: i32, outputs: usize, kernels: usize, norms: usize, tests: usize): f64 {
  return trainEnsemble<f32>(first, count, outputs, kernels, norms, tests);
}

export function trainEnsemble64(first: i32, count: i32, outputs: usize, kernels: usize, norms: usize, tests: usize): f64 {
  return trainEnsemble<f64>(first, count, outputs, kernels, norms, tests);
}
