// What one worker's networks look like and where they stand in memory: set once a job, read by every kernel of it. Rows of units and of
// weights are `stride` elements apart; a layer's weights are [fanIn + 1][stride] with the biases last, its units [data][stride] with the
// bias's constant input after the last unit; the outputs' are [fanOut][stride], a bias after each output's last weight. All that is beyond
// them is zero and stays so.

/** Hidden layers and the units of each. */
export let depth: i32 = 1;
export let width: i32 = 1;
/** Input coordinates and the bias's constant. */
export let inputs: i32 = 1;
export let data: i32 = 1;
/** Outputs, and the data's times that. */
export let fanOut: i32 = 1;
export let values: i32 = 1;
export let stride: i32 = 1;
/** weightStd / sqrt(width), which the units carry, and biasStd. */
export let scale: f64 = 1;
export let biasStd: f64 = 0;
export let learningRate: f64 = 0;
export let momentum: f64 = 0;

/** [data][inputRow] and [inputs][data]: weightStd / sqrt(d) x and biasStd. */
export let inputRows: usize = 0;
export let inputRow: usize = 0;
export let inputColumns: usize = 0;
/** [data][fanOut]. */
export let targets: usize = 0;

/** This worker's own memory: weights layer by layer and the outputs' last, their velocities `velocity` bytes behind them. */
export let weights: usize = 0;
export let weightBytes: usize = 0;
export let velocity: usize = 0;
/**
 * Of each layer deltas, [data][stride] in training and [values][stride] in kernels, where resident networks' are [vectors][values] vectors;
 * and units and slopes, the last of its `layerRows` rows, [data][stride] each. Resident networks without test inputs have the deltas alone.
 */
export let units: usize = 0;
export let layerRows: i32 = 3;
/** Resident training's units and slopes, [vectors][data] vectors each. */
export let resident: usize = 0;
/** [data][fanOut] each, padded to vectors: outputs, phi and -eta V'(phi). */
export let outputs: usize = 0;
export let phi: usize = 0;
export let force: usize = 0;
/** [data] vectors: partial sums of a resident network's outputs. */
export let sums: usize = 0;
/** The Gram matrices [data][data] of inputs and [values][values] of sensitivities, and the kernel [values][values] in float64. */
export let gram: usize = 0;
export let kernel: usize = 0;
/** What products and descent lay out anew: core's engine/cpu/ensemble.ts has its size. */
export let packed: usize = 0;

export function setShape(
  depthOf: i32,
  widthOf: i32,
  inputsOf: i32,
  dataOf: i32,
  fanOutOf: i32,
  strideOf: i32,
  scaleOf: f64,
  biasOf: f64,
  learningRateOf: f64,
  momentumOf: f64,
): void {
  depth = depthOf;
  width = widthOf;
  inputs = inputsOf;
  data = dataOf;
  fanOut = fanOutOf;
  values = dataOf * fanOutOf;
  stride = strideOf;
  scale = scaleOf;
  biasStd = biasOf;
  learningRate = learningRateOf;
  momentum = momentumOf;
}

/** Lets the forward pass see other inputs, [data][inputRow]: those that networks are tested at, then the data again. */
export function showInputs(rows: usize): void {
  inputRows = rows;
}

export function setData(rows: usize, rowBytes: usize, columns: usize, targetsAt: usize): void {
  inputRows = rows;
  inputRow = rowBytes;
  inputColumns = columns;
  targets = targetsAt;
}

export function setWorkspace(
  weightsAt: usize,
  weightBytesOf: usize,
  unitsAt: usize,
  layerRowsOf: i32,
  residentAt: usize,
  outputsAt: usize,
  phiAt: usize,
  forceAt: usize,
  sumsAt: usize,
  gramAt: usize,
  kernelAt: usize,
  packedAt: usize,
): void {
  weights = weightsAt;
  weightBytes = weightBytesOf;
  velocity = momentum > 0 ? weightBytesOf : 0;
  units = unitsAt;
  layerRows = layerRowsOf;
  resident = residentAt;
  outputs = outputsAt;
  phi = phiAt;
  force = forceAt;
  sums = sumsAt;
  gram = gramAt;
  kernel = kernelAt;
  packed = packedAt;
}

/** Whether networks train with their units in the caches: see resident.ts. */
@inline
export function isResident(): bool {
  return depth == 1 && fanOut == 1;
}

/** Weights into hidden layer `layer` from 0; `depth` gives the outputs'. */
@inline
export function weightsInto<T>(layer: i32): usize {
  const rows = layer == 0 ? 0 : inputs + (layer - 1) * (width + 1);
  return weights + <usize>rows * rowBytes<T>();
}

@inline
export function rowBytes<T>(): usize {
  return <usize>stride * sizeof<T>();
}

@inline
function unitBlock<T>(): usize {
  return <usize>data * rowBytes<T>();
}

@inline
export function hiddenOf<T>(layer: i32): usize {
  return units + <usize>((layer + 1) * layerRows - 2 * data) * rowBytes<T>();
}

@inline
export function slopeOf<T>(layer: i32): usize {
  return hiddenOf<T>(layer) + unitBlock<T>();
}

@inline
export function deltaOf<T>(layer: i32): usize {
  return units + <usize>(layer * layerRows) * rowBytes<T>();
}

/** `count` elements padded to whole pairs of vectors. */
@inline
export function paired<T>(count: i32): i32 {
  const pair = 32 / sizeof<T>();
  return (count + pair - 1) / pair * pair;
}

/** `count` elements padded to whole vectors. */
@inline
export function whole<T>(count: i32): i32 {
  const vector = 16 / sizeof<T>();
  return (count + vector - 1) / vector * vector;
}
