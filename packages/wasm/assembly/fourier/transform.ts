// Transforms of whole fields: sum_x phi(x) exp(-2 pi i n.x/points) into the work area, and back. The last axis goes first (and last, back)
// with the middle one, plane by plane while a plane is in the second cache; the first axis follows when all planes are there.
import { progress, stopped, worker, workerCount } from "../control";
import { dimensions, fieldBytes, planeBytes, planes, points, rowBytes, rows } from "../field/grid";
import { lanes } from "../simd";
import { blockBytes, modeBytes, nowhere, work, workField, workPlane, workRow } from "./plan";
import { invertRows, setSlot, transformRows } from "./rows";
import { transformBlock } from "./stages";

/**
 * Slots for the rows from `first` on of `count`, `stride` bytes apart at `real` and `modeStride` at `modes`; slots beyond the last read the
 * first of them again and write nowhere, forward or `back`.
 */
function setSlots<T>(
  back: bool,
  first: i32,
  count: i32,
  real: usize,
  stride: usize,
  modes: usize,
  modeStride: usize,
  reference: T,
): void {
  for (let i = 0; i < 2 * lanes<T>(); i++) {
    const there = first + i < count;
    const row = <usize>(there ? first + i : first);
    setSlot<T>(
      i,
      back && !there ? nowhere : real + row * stride,
      back || there ? modes + row * modeStride : nowhere,
      reference,
    );
  }
}

/** Transforms a plane of the work area along its rows' axis. */
function transformMiddle<T>(modes: usize): void {
  const end = modeBytes<T>(points);
  for (let at: usize = 0; at < end; at += blockBytes) {
    transformBlock<T>(modes + at, workRow, modes + at, workRow, min(blockBytes, end - at));
  }
}

/** Transforms a plane of three dimensions at `real` along both its axes to `modes`, less `reference`. */
function transformPlane<T>(real: usize, modes: usize, reference: T): void {
  for (let first = 0; first < rows; first += 2 * lanes<T>()) {
    setSlots<T>(false, first, rows, real, rowBytes, modes, workRow, reference);
    transformRows<T>();
  }
  transformMiddle<T>(modes);
}

/** Items of work of all axes but the first: planes in three dimensions, rows of slots in two, slots of fields in one. */
@inline
function innerItems<T>(count: i32): i32 {
  const whole = dimensions == 1 ? lanes<T>() : 2 * lanes<T>();
  return dimensions == 3 ? count * planes : dimensions == 2 ? count * ((planes + whole - 1) / whole) : (count + whole - 1) / whole;
}

function transformItem<T>(item: i32, field: usize, count: i32, lessFirst: bool): void {
  if (dimensions == 3) {
    const f = <usize>(item / planes);
    const plane = <usize>(item % planes);
    const from = field + f * fieldBytes;
    const reference = lessFirst ? load<T>(from) : <T>0;
    transformPlane<T>(from + plane * planeBytes, work + f * workField + plane * workPlane, reference);
  } else if (dimensions == 2) {
    const items = innerItems<T>(1);
    const f = <usize>(item / items);
    const from = field + f * fieldBytes;
    const reference = lessFirst ? load<T>(from) : <T>0;
    const first = (item % items) * 2 * lanes<T>();
    setSlots<T>(false, first, planes, from, planeBytes, work + f * workField, workPlane, reference);
    transformRows<T>();
  } else {
    // A row of its own a lane, so that no field's rounding depends on another's: both halves of the slots are the same.
    for (let i = 0; i < lanes<T>(); i++) {
      const f = item * lanes<T>() + i;
      const from = field + <usize>min(f, count - 1) * fieldBytes;
      const reference = lessFirst ? load<T>(from) : <T>0;
      setSlot<T>(i, from, f < count ? work + <usize>f * workField : nowhere, reference);
      setSlot<T>(lanes<T>() + i, from, nowhere, reference);
    }
    transformRows<T>();
  }
}

/**
 * Transforms this worker's share of `count` fields at `field` along all axes but the first (in one dimension, along that) into the work
 * area; `lessFirst`: less the value at the first site, which changes the mode 0 alone and leaves small fluctuations their digits.
 */
export function transformInner<T>(field: usize, count: i32, lessFirst: bool): void {
  const items = innerItems<T>(count);
  let done: i64 = 0;
  for (let item = worker; item < items && !stopped(); item += workerCount()) {
    transformItem<T>(item, field, count, lessFirst);
    progress(1);
    done++;
  }
  // Who follows the progress sees that the workers live, but none of this is the job's work.
  progress(-done);
}

/** Transforms the blocks of row `row` of all planes of the work area's field `f` along the first axis, to where they stood. */
export function transformFirst<T>(f: i32, row: i32): void {
  const end = modeBytes<T>(points);
  const from = work + <usize>f * workField + <usize>row * workRow;
  for (let at: usize = 0; at < end; at += blockBytes) {
    transformBlock<T>(from + at, workPlane, from + at, workPlane, min(blockBytes, end - at));
  }
}

/**
 * For the host, which hands in one plane at a time (in fewer than three dimensions as many planes of one row as there are slots): plane
 * `plane` of the only field, at `real`, along all axes but the first into the work area.
 */
export function forwardPlane<T>(real: usize, plane: i32): void {
  const modes = work + <usize>plane * workPlane;
  if (dimensions == 3) transformPlane<T>(real, modes, 0);
  else {
    setSlots<T>(false, 0, planes - plane, real, planeBytes, modes, workPlane, 0);
    transformRows<T>();
  }
}

/**
 * The inverse of that, times `scale`. An inverse transform is a forward one with real and imaginary parts exchanged: on the way back the
 * work area holds the imaginary parts first, and every axis but the last is transformed forward.
 */
export function inversePlane<T>(real: usize, plane: i32, scale: T): void {
  const modes = work + <usize>plane * workPlane;
  if (dimensions == 3) {
    transformMiddle<T>(modes);
    for (let first = 0; first < rows; first += 2 * lanes<T>()) {
      setSlots<T>(true, first, rows, real, rowBytes, modes, workRow, 0);
      invertRows<T>(scale);
    }
  } else inverseRows<T>(real, modes, planes - plane, scale);
}

/** The same of `count` rows, or of the first of them that there are slots for, where a plane has one row. */
export function inverseRows<T>(real: usize, modes: usize, count: i32, scale: T): void {
  setSlots<T>(true, 0, count, real, planeBytes, modes, workPlane, 0);
  invertRows<T>(scale);
}
