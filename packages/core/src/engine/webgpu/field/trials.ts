/**
 * What the precision `compensated` rests on, each with arguments at which a compiler's liberties show, its float64 value and how far off it
 * may be: the operations that every kernel uses, and those that potentials do. Arguments lie near the ends of ranges that an argument is
 * reduced to, where terms cancel, and far out; where a smaller part would be subnormal, which adapters may flush to 0, the bound allows it.
 * Infinite results are left out: WGSL promises none.
 */
import { HOST_FUNCTIONS } from "../../../potential/build.ts";
import { type CompensatedOperation, callOf } from "../../../potential/compensated.ts";
import { join, split } from "./latticeNumbers.ts";

/** Arguments of one operation. */
export const LANES = 64;

export interface Trial {
  /** What it computes of x and y. */
  readonly name: string;
  /** WGSL in `x`, `y`, `operation` and `lane`. */
  readonly call: string;
  /** The file under shaders/ that has it. */
  readonly include: string;
  /** [LANES] of x and y, numbers that are sums of two float32. */
  readonly operands: readonly (readonly [number, number])[];
  reference(x: number, y: number): number;
  /** How far off it may be where `want` is right. */
  bound(want: number, x: number, y: number): number;
}

type Pair = readonly [number, number];

/** What is lost where the smaller part of a number is flushed to 0. */
const FLUSHED = 2 ** -124;

/** As many digits as two float32 hold. */
const held = (value: number): number => join(split(Float64Array.of(value)))[0]!;

/** As many values as there are lanes, over and over from those given, each with other digits in its smaller part. */
const lanes = (values: readonly number[]): number[] =>
  Array.from({ length: LANES }, (_, i) => held(values[i % values.length]! * (1 + (i % 7) * 2 ** -33)));

/** In (0, 1), a different number for each place, with all digits that a float32 has. */
const fraction = (place: number): number => Math.fround((place * 0.618033988749895) % 1 || 0.5);

/** Both signs and magnitudes from 2^-12 to 2^12; y is x or its negative but for some digits, or much smaller or larger, or nothing to do with it. */
const PAIRS: readonly Pair[] = Array.from({ length: LANES }, (_, i) => {
  const x = held((i % 2 ? -1 : 1) * 2 ** (((5 * i) % 25) - 12) * (1 + fraction(i + 1) + fraction(i + 100) * 2 ** -24));
  const ratio = [-1 - 2 ** -(10 + (i % 30)), 1 / 3, 2 ** -26 * fraction(i), -(2 ** 30) * fraction(i), fraction(i)][
    i % 5
  ]!;
  return [x, held(x * ratio)];
});

const single = ([x, y]: Pair): Pair => [Math.fround(x), Math.fround(y)];
const relative = (bits: number) => (want: number) => 2 ** bits * Math.abs(want) + FLUSHED;
const ofLarger = (_want: number, x: number, y: number): number => 2 ** -46 * Math.max(Math.abs(x), Math.abs(y));

const around = (values: readonly number[], ...distances: readonly number[]): number[] =>
  values.flatMap((value) => distances.map((distance) => value + distance));
const both = (values: readonly number[]): number[] => values.flatMap((value) => [value, -value]);
const of = (values: readonly number[]): Pair[] => lanes(values).map((x) => [x, 0]);

const LN2 = Math.LN2;
const SMALL = both([2 ** -60, 2 ** -25, 2 ** -12, 2 ** -7, 0.07]);
/** The multiples of ln 2 that exp takes off change here. */
const EXP_ENDS = around(
  [-80.5, -40.5, -3.5, -1.5, -0.5, 0.5, 1.5, 2.5, 20.5, 60.5, 125.5].map((k) => k * LN2),
  -1e-6,
  1e-6,
);
/** Multiples of pi/2, where sine or cosine is nearly nothing, and the middles between them, where the one series takes the other's place. */
const TURNS = [1, 2, 3, 7, 100, 4001, 60_000].map((n) => (n * Math.PI) / 2);
const ANGLES = [...both(around(TURNS, -Math.PI / 4 - 1e-6, -1e-9, 1e-9, Math.PI / 4 + 1e-6)), 0.3, -1.1];
const ofAngle = (bits: number) => (want: number, x: number) =>
  Math.abs(x) < 0.78 ? 2 ** bits * Math.abs(want) + FLUSHED : 2 ** bits;

/** Operands and bounds of what potentials are made of. That of a power is docs/fields.md's. */
const OF_POTENTIALS: Readonly<Record<CompensatedOperation, Pick<Trial, "operands" | "bound">>> = {
  "+": { operands: PAIRS, bound: ofLarger },
  "-": { operands: PAIRS, bound: ofLarger },
  "*": { operands: PAIRS, bound: relative(-46) },
  "/": { operands: PAIRS, bound: relative(-44) },
  sqrt: { operands: PAIRS.map(([x]) => [Math.abs(x), 0]), bound: relative(-44) },
  exp: { operands: of([...SMALL, ...EXP_ENDS, 88.7, -60, -70, 13.3]), bound: relative(-43) },
  expm1: { operands: of([...SMALL, ...EXP_ENDS, 88.7, -200, 34.9, -34.9]), bound: relative(-42) },
  log: {
    operands: of([
      ...SMALL.map((x) => 1 + x),
      ...[-80, -3, -1, 0, 1, 2, 126].flatMap((e) => [0.70709, 0.70712, 1, 1.3].map((m) => m * 2 ** e)),
    ]),
    bound: relative(-43),
  },
  sin: { operands: of([...SMALL, ...ANGLES]), bound: ofAngle(-43) },
  cos: { operands: of([...SMALL, ...ANGLES]), bound: () => 2 ** -43 },
  tanh: { operands: of([...SMALL, ...both([0.1732, 0.1734, 0.5, 0.52, 1.3, 5, 9, 20, 1e4])]), bound: relative(-42) },
  sechSquared: { operands: of([...SMALL, ...both([0.1732, 0.1734, 0.5, 1.3, 5, 9, 20, 40])]), bound: relative(-43) },
  abs: { operands: PAIRS, bound: () => 0 },
  sign: { operands: PAIRS, bound: () => 0 },
  power: {
    operands: lanes([0.3, 0.70710677, 1.0001, 2, 3.7, 900, 1e-8, 1e9]).map((x, i) => [
      x,
      held([0.3, -1.7, 2.2, -0.01, 3.1][i % 5]! * (1 + fraction(i))),
    ]),
    bound: (want, x, y) => (4 + Math.abs(y * Math.log(x))) * 2 ** -46 * Math.abs(want) + FLUSHED,
  },
};

const REFERENCES: Readonly<Record<Exclude<CompensatedOperation, keyof typeof HOST_FUNCTIONS>, Trial["reference"]>> = {
  "+": (x, y) => x + y,
  "-": (x, y) => x - y,
  "*": (x, y) => x * y,
  "/": (x, y) => x / y,
  power: (x, y) => x ** y,
};

/** What potentials and the powers of a coupled schedule's q are made of. */
export function trialOf(operation: CompensatedOperation): Trial {
  const { include, call } = callOf(operation);
  const binary = operation in REFERENCES;
  return {
    name: /\w/.test(operation) ? `${operation}(${binary ? "x, y" : "x"})` : `x ${operation} y`,
    call: call("x", "y"),
    include: include ?? "field/compensated.wgsl",
    reference: { ...HOST_FUNCTIONS, ...REFERENCES }[operation],
    ...OF_POTENTIALS[operation],
  };
}

const FILE = { include: "field/compensated.wgsl" };

/** What every lattice kernel is made of. The first two, and what is kept, are exact: float64 holds sums and products of two float32. */
export const ALWAYS: readonly Trial[] = [
  {
    ...FILE,
    name: "x + y of float32",
    call: "twoSum(x.x, y.x)",
    operands: PAIRS.map(single),
    reference: (x, y) => x + y,
    bound: () => 0,
  },
  {
    ...FILE,
    name: "x y of float32",
    call: "twoProduct(x.x, y.x)",
    operands: PAIRS.map(single),
    reference: (x, y) => x * y,
    bound: () => 0,
  },
  { ...FILE, name: "x + y", call: "plus(x, y)", operands: PAIRS, reference: (x, y) => x + y, bound: ofLarger },
  { ...FILE, name: "x - y", call: "minus(x, y)", operands: PAIRS, reference: (x, y) => x - y, bound: ofLarger },
  { ...FILE, name: "x y", call: "times(x, y)", operands: PAIRS, reference: (x, y) => x * y, bound: relative(-46) },
  {
    ...FILE,
    name: "x rounded to 48 bits",
    call: "kept(x)",
    operands: PAIRS,
    reference: (x) => {
      const larger = Math.fround(x);
      const anchor = 3 * 2 ** (Math.floor(Math.log2(Math.abs(larger))) - 25);
      return larger + Math.fround(Math.fround(x - larger + anchor) - anchor);
    },
    bound: () => 0,
  },
  {
    ...FILE,
    name: "x + y, y part by part",
    call: "added(added(x, y.x), y.y)",
    operands: PAIRS,
    reference: (x, y) => x + y,
    bound: ofLarger,
  },
  {
    include: "field/compensated_sum.wgsl",
    name: "the sum of 64 products",
    call: "sumOfProducts(operation, lane)",
    operands: PAIRS,
    reference: () => PAIRS.reduce((sum, [x, y]) => sum + x * y, 0),
    bound: () => 2 ** -45 * PAIRS.reduce((sum, [x, y]) => sum + Math.abs(x * y), 0),
  },
];
