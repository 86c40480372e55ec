/**
 * A potential as a WebAssembly module, the CPU's twin of wgsl.ts: 16 bytes of sites at a time, through as many fields as there are. A kernel
 * calls it once a row of sites, which costs little; a call a vector would cost half the speed. All slopes come from one loop, so that they
 * share their parts. Functions beyond arithmetic and roots are imported from packages/wasm's special module.
 *
 * Exports, with addresses and strides in bytes and rows padded to whole vectors (the loop rounds `count`, above 0, up):
 *   value(fields, fieldStride, out, count, constants): V at each of `count` sites, field f's row standing at fields + f*fieldStride;
 *   gradient(fields, fieldStride, out, outStride, count, constants): dV/dphi_f to out + f*outStride;
 *   slopesAndSum(as gradient): the same, and gives the sum of V over the sites, in float64.
 * At `constants` stand the realisation's own numbers (form.ts), in the module's precision; where there are none it is of no matter.
 * Every vector is read in all fields before any is written, so `out` may be `fields`.
 */
import { emitter, float32, type Language } from "./emit.ts";
import type { Emitted, FormExpression } from "./form.ts";
import type { ElementaryFunction } from "./potential.ts";

export type Precision = "float32" | "float64";

const NATIVE: ReadonlySet<string> = new Set<ElementaryFunction>(["sqrt", "abs"]);
const VECTORS = {
  float32: { shape: "f32x4", lanes: 4, bits: 32 },
  float64: { shape: "f64x2", lanes: 2, bits: 64 },
} as const;
const OPERATORS = { "+": "add", "-": "sub", "*": "mul", "/": "div" } as const;

const get = (name: string): string => `(local.get $${name})`;
const set = (name: string, text: string): string => `(local.set $${name} ${text})`;

/** Numbers as WAT reads them back to the same bits. */
const literal = (value: number, precision: Precision): string => {
  const rounded = precision === "float32" ? float32(value) : value;
  return Object.is(rounded, -0) ? "-0" : `${rounded}`;
};

/** One function's parts, in the order in which they are first needed. */
interface Parts {
  /** Indices of the fields read. */
  readonly fields: Set<number>;
  /** What numbers are: they stand in locals set before the loop. Node 24 would make an inline one anew in every step, for up to half the speed. */
  readonly constants: string[];
  /** Statements of the loop's body, which name t0, t1, ... */
  readonly lines: string[];
}

/** WAT whose statements, constants and fields go to `parts`, and the functions it calls to `imports`. */
function wat(precision: Precision, parts: Parts, imports: Set<string>): Language {
  const { shape, lanes, bits } = VECTORS[precision];
  const constant = (text: string): string => {
    if (!parts.constants.includes(text)) parts.constants.push(text);
    return get(`c${parts.constants.indexOf(text)}`);
  };
  const number = (value: number): string =>
    constant(`(v128.const ${shape}${` ${literal(value, precision)}`.repeat(lanes)})`);
  return {
    number,
    constant: (index) => constant(`(v128.load${bits}_splat offset=${(index * bits) / 8} ${get("constants")})`),
    field: (index) => {
      parts.fields.add(index);
      return get(`phi${index}`);
    },
    negate: (x) => `(${shape}.neg ${x})`,
    binary: (operator, left, right) => `(${shape}.${OPERATORS[operator]} ${left} ${right})`,
    reciprocal: (x) => `(${shape}.div ${number(1)} ${x})`,
    function: (name) => {
      if (NATIVE.has(name)) return (x) => `(${shape}.${name} ${x})`;
      const imported = name === "power" ? "pow" : name;
      imports.add(imported);
      return (...x) => `(call $${imported} ${x.join(" ")})`;
    },
    define: (index, text) => {
      parts.lines.push(set(`t${index}`, text));
      return get(`t${index}`);
    },
  };
}

/** What a loop needs to sum a vector over the sites. */
interface Summation {
  readonly locals: readonly string[];
  /** Statements of the loop before and after the vector of this turn is made, and after the loop, with the result at last. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly total: readonly string[];
}

const NO_SUM: Summation = { locals: [], before: [], after: [], total: [] };

/** A vector is added in the turn after its own, so that the last one's lanes past the end, as `count` has gone below 0, can be left out. */
function summation(value: string, precision: Precision): Summation {
  const { lanes } = VECTORS[precision];
  const vector = get("v");
  const upper = `(i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 ${vector} ${vector})`;
  const parts = precision === "float64" ? [vector] : [vector, upper].map((pair) => `(f64x2.promote_low_f32x4 ${pair})`);
  const add = parts.map((pair, i) => set(`sum${i}`, `(f64x2.add ${get(`sum${i}`)} ${pair})`));
  const left = `(i32.add ${get("count")} (i32.const ${lanes}))`;
  const inside =
    precision === "float64"
      ? `(i64x2.lt_s (v128.const i64x2 0 1) (i64x2.splat (i64.extend_i32_s ${left})))`
      : `(i32x4.lt_s (v128.const i32x4 0 1 2 3) (i32x4.splat ${left}))`;
  const lane = (i: number, lane: number): string => `(f64x2.extract_lane ${lane} ${get(`sum${i}`)})`;
  const sums = parts.map((_, i) => `(f64.add ${lane(i, 0)} ${lane(i, 1)})`);
  return {
    locals: ["v", ...parts.map((_, i) => `sum${i}`)],
    before: add,
    after: [set("v", value)],
    total: [set("v", `(v128.and ${vector} ${inside})`), ...add, sums.reduce((x, y) => `(f64.add ${x} ${y})`)],
  };
}

/**
 * The exported function `name`, which writes each of `expressions` to a row of its own, `outStride` bytes apart where there are several, and
 * gives the sum of `summed` over the sites if there is one.
 */
function emitFunction(
  name: string,
  parameters: readonly string[],
  expressions: readonly FormExpression[],
  precision: Precision,
  imports: Set<string>,
  summed?: FormExpression,
): string {
  const { lanes } = VECTORS[precision];
  const parts: Parts = { fields: new Set(), constants: [], lines: [] };
  const emit = emitter(wat(precision, parts, imports));
  const results = expressions.map(emit);
  const sum = summed === undefined ? NO_SUM : summation(emit(summed), precision);
  const fields = [...parts.fields].sort((f, g) => f - g);

  /** The locals that point into row `index` of `base`. */
  const row = (local: string, base: string, stride: string, index: number): string =>
    set(local, index === 0 ? get(base) : `(i32.add ${get(base)} (i32.mul ${get(stride)} (i32.const ${index})))`);
  const pointers = [...fields.map((f) => `in${f}`), ...results.map((_, f) => `out${f}`)];
  const vectors = [
    ...parts.constants.map((_, index) => `c${index}`),
    ...fields.map((f) => `phi${f}`),
    ...parts.lines.map((_, index) => `t${index}`),
    ...sum.locals,
  ];
  const signature = `${parameters.map((parameter) => ` (param $${parameter} i32)`).join("")}${summed === undefined ? "" : " (result f64)"}`;
  return [
    `  (func (export "${name}")${signature}`,
    ...pointers.map((local) => `    (local $${local} i32)`),
    ...vectors.map((local) => `    (local $${local} v128)`),
    ...fields.map((f) => `    ${row(`in${f}`, "fields", "fieldStride", f)}`),
    ...results.map((_, f) => `    ${row(`out${f}`, "out", "outStride", f)}`),
    ...parts.constants.map((text, i) => `    ${set(`c${i}`, text)}`),
    "    (loop $vectors",
    ...fields.map((f) => `      ${set(`phi${f}`, `(v128.load ${get(`in${f}`)})`)}`),
    ...[...sum.before, ...parts.lines, ...sum.after].map((line) => `      ${line}`),
    ...results.map((result, f) => `      (v128.store ${get(`out${f}`)} ${result})`),
    ...pointers.map((local) => `      ${set(local, `(i32.add ${get(local)} (i32.const 16))`)}`),
    `      (br_if $vectors (i32.gt_s (local.tee $count (i32.sub ${get("count")} (i32.const ${lanes}))) (i32.const 0))))`,
    ...sum.total.map((line) => `    ${line}`),
    "  )",
  ].join("\n");
}

/** The WebAssembly text of V and its gradient. Throws InputError where a constant does not fit float32. */
export function emitWat(potential: Emitted, precision: Precision): string {
  const imports = new Set<string>();
  const { value, gradient } = potential.tree;
  const parameters = ["fields", "fieldStride", "out", "outStride", "count", "constants"];
  const one = parameters.filter((name) => name !== "outStride");
  const functions = [
    emitFunction("value", one, [value], precision, imports),
    emitFunction("gradient", parameters, gradient, precision, imports),
    // The slopes and V from parts computed once.
    emitFunction("slopesAndSum", parameters, gradient, precision, imports, value),
  ];
  const signature = (name: string): string => `(param v128${name === "pow" ? " v128" : ""}) (result v128)`;
  const { bits } = VECTORS[precision];
  return [
    "(module",
    '  (import "env" "memory" (memory 1 65536 shared))',
    ...[...imports].map((name) => `  (import "special" "${name}${bits}" (func $${name} ${signature(name)}))`),
    `${functions.join("\n")})`,
  ].join("\n");
}
