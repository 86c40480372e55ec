/**
 * The discrete Fourier transform of a real field in float64 on the calling thread, by the CPU engine's kernels.
 */
import { readPlainModule } from "@slowroll/wasm";
import { LARGEST_MEMORY, planMemory } from "../engine/cpu/control.ts";
import { modeLayout, placeOfMode, planTransform } from "../engine/cpu/fourier.ts";
import { loadHere } from "../engine/cpu/here.ts";
import { layoutOf } from "../engine/cpu/layout.ts";
import { tooLarge } from "../engine/cpu/pool.ts";
import type { Grid } from "../engine/latticeJob.ts";

/**
 * Half of a real field's transform, [points]^(dimensions - 1)[floor(points/2) + 1] of real and of imaginary parts, last index fastest: mode n
 * stands at index n modulo points along every axis, and those with a negative last n, conj(f(-n)), are left out.
 */
export interface HalfComplex {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

export interface Transform {
  /** sum_x values(x) exp(-2 pi i n.x/points); `values` is [points]^dimensions, last index fastest. */
  forward(values: Float64Array): HalfComplex;
  /**
   * points^-dimensions sum_n half(n) exp(2 pi i n.x/points) over all n. Where the last n is 0 or points/2 both f(n) and f(-n) are kept: the
   * field is the one of half the sum of f(n) and conj f(-n).
   */
  inverse(half: HalfComplex): Float64Array;
}

const SIZE = 8;
const LANES = 2;

/**
 * The discrete Fourier transform of real float64 values on a grid, on this thread.
 * @throws InputError where the grid does not fit into a memory, EngineUnavailableError where the kernels are not built; RangeError where it is
 * none, or an array has another size.
 */
export function createTransform(grid: Pick<Grid, "dimensions" | "points">): Transform {
  const { dimensions, points } = grid;
  if (!([1, 2, 3].includes(dimensions) && Number.isInteger(points) && points > 0))
    throw new RangeError(`a grid has 1 to 3 dimensions of a whole number of points, not ${dimensions} of ${points}`);
  const { planes, rows, rowBytes, planeBytes } = layoutOf({ grid }, SIZE);
  const layout = modeLayout(grid, SIZE);
  const { modes } = layout;
  const plan = planMemory();
  const { work, setup, write } = planTransform(plan, grid, { fields: 1, workers: 1, size: SIZE });
  /** Planes that the kernels take at a time: see forwardPlane there. */
  const together = dimensions === 3 ? 1 : 2 * LANES;
  const sites = plan.place(together * planeBytes);
  if (plan.bytes > LARGEST_MEMORY) throw tooLarge(plan.bytes, "lattice.points");
  const { memory, kernels } = loadHere({
    kernels: readPlainModule("fourier"),
    bytes: plan.bytes,
    workers: 1,
    setup: () => [["setGrid", dimensions, points, 1, 1, rowBytes, planeBytes, planes * planeBytes], ...setup(0)],
  });
  const elements = new Float64Array(memory.buffer);
  write(memory.buffer);

  /** Calls `row` with the first site of each row of the planes that stand at `sites`, and the first element of the row in a packed array. */
  const eachRow = (plane: number, row: (element: number, packed: number) => void): void => {
    for (let p = 0; p < Math.min(together, planes - plane); p++) {
      for (let y = 0; y < rows; y++) {
        row((sites + p * planeBytes + y * rowBytes) / SIZE, ((plane + p) * rows + y) * points);
      }
    }
  };
  /** Calls `row` with the first mode of each row of the work area, and of the row in a packed array. */
  const eachModeRow = (row: (element: number, packed: number) => void): void => {
    for (let plane = 0, packed = 0; plane < planes; plane++) {
      for (let y = 0; y < rows; y++, packed += modes) {
        row((work + plane * layout.planeBytes + y * layout.rowBytes) / SIZE, packed);
      }
    }
  };
  const place = Int32Array.from({ length: modes }, (_, k) => placeOfMode(k, SIZE));
  const count = planes * rows * modes;
  const assertLength = ({ length }: Float64Array, expected: number): void => {
    if (length !== expected) throw new RangeError(`an array of ${expected} numbers is needed, not of ${length}`);
  };

  return {
    forward(values) {
      assertLength(values, points ** dimensions);
      for (let plane = 0; plane < planes; plane += together) {
        eachRow(plane, (element, packed) => elements.set(values.subarray(packed, packed + points), element));
        kernels.forwardPlane64!(sites, plane);
      }
      if (dimensions > 1) kernels.transformFirst64!();
      const real = new Float64Array(count);
      const imaginary = new Float64Array(count);
      eachModeRow((element, packed) => {
        for (let k = 0; k < modes; k++) {
          real[packed + k] = elements[element + place[k]!]!;
          imaginary[packed + k] = elements[element + place[k]! + LANES]!;
        }
      });
      return { real, imaginary };
    },
    inverse({ real, imaginary }) {
      assertLength(real, count);
      assertLength(imaginary, count);
      // On the way back the imaginary parts come first: see inversePlane there.
      eachModeRow((element, packed) => {
        for (let k = 0; k < modes; k++) {
          elements[element + place[k]!] = imaginary[packed + k]!;
          elements[element + place[k]! + LANES] = real[packed + k]!;
        }
      });
      if (dimensions > 1) kernels.transformFirst64!();
      const values = new Float64Array(points ** dimensions);
      for (let plane = 0; plane < planes; plane += together) {
        kernels.inversePlane64!(sites, plane, 1 / points ** dimensions);
        eachRow(plane, (element, packed) => values.set(elements.subarray(element, element + points), packed));
      }
      return values;
    },
  };
}
