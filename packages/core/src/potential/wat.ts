/**
 * A potential as a WebAssembly module, the CPU's twin of wgsl.ts: 16 bytes of sites at a time, through as many fields as there are. A kernel
 * calls it once a row of sites, which costs little; a call a vector would cost half the speed. All slopes come from one loop, so that they
 * share their parts. Functions beyond arithmetic and roots are imported from packages/wasm's special module.
 *
 * Exports, with addresses and strides in bytes and rows padded to whole vectors (the loop rounds `count`, above 0, up):
 *   value(fields, fieldStride, out, count, constants): V at each of `count` sites, field f's row standing at fields + f*fieldStride;
 *   gradient(fields, fieldStride, out, outStride, count, constants): dV/dphi_f to out + f*outStride;
 * At `constants` stand the realisation's own numbers (form.ts), in the module's precision; where there are none it is of no matter.
 * Every vector is read in all fields before any is written, so `out` may be `fields`.
 */
import { emitter, float32, type Language } from "./emit.ts";
import type { Emitted, FormExpression } from "./form.ts";
import type { ElementaryFunction } from "./potential.ts";

export type Precision = "float32" | "float64";

const NATIVE: ReadonlySet<string> = new Set<ElementaryFunction>(["sqrt", "abs"]);
export const VECTORS = {
  float32: { shape: "f32x4", lanes: 4, bits: 32 },
  float64: { shape: "f64x2", lanes: 2, bits: 64 },
} as const;
const OPERATORS = { "+": "add", "-": "sub", "*": "mul", "/": "div" } as const;

export const get = (name: string): string => `(local.get $${name})`;
export const set = (name: string, text: string): string => `(local.set $${name} ${text})`;

/** Numbers as WAT reads them back to the same bits. */
const literal = (value: number, precision: Precision): string => {
  const rounded = precision === "float32" ? float32(value) : value;
  return Object.is(rounded, -0) ? "-0" : `${rounded}`;
};

/** One function's parts, in the order in which they are first needed. */
export interface Parts {
  /** Indices of the fields read. */
  readonly fields: Set<number>;
  /** What numbers are: they stand in locals set before the loop. Node 24 would make an inline one anew in every step, for up to half the speed. */
  readonly constants: string[];
  /** Statements of the loop's body, which name t0, t1, ... */
  readonly lines: string[];
}

/** WAT whose statements, constants and fields go to `parts`, and the functions it calls to `imports`. */
export function wat(precision: Precision, parts: Parts, imports: Set<string>): Language {
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

/** The exported function `name`, which writes each of `expressions` to a row of its own, `outStride` bytes apart where there are several. */
function emitFunction(
  name: string,
  parameters: readonly string[],
  expressions: readonly FormExpression[],
  precision: Precision,
  imports: Set<string>,
): string {
  const { lanes } = VECTORS[precision];
  const parts: Parts = { fields: new Set(), constants: [], lines: [] };
  const emit = emitter(wat(precision, parts, imports));
  const results = expressions.map(emit);
  const fields = [...parts.fields].sort((f, g) => f - g);

  /** The locals that point into row `index` of `base`. */
  const row = (local: string, base: string, stride: string, index: number): string =>
    set(local, index === 0 ? get(base) : `(i32.add ${get(base)} (i32.mul ${get(stride)} (i32.const ${index})))`);
  const pointers = [...fields.map((f) => `in${f}`), ...results.map((_, f) => `out${f}`)];
  const vectors = [
    ...parts.constants.map((_, index) => `c${index}`),
    ...fields.map((f) => `phi${f}`),
    ...parts.lines.map((_, index) => `t${index}`),
  ];
  const signature = `${parameters.map((parameter) => ` (param $${parameter} i32)`).join("")}`;
  return [
    `  (func (export "${name}")${signature}`,
    ...pointers.map((local) => `    (local $${local} i32)`),
    ...vectors.map((local) => `    (local $${local} v128)`),
    ...fields.map((f) => `    ${row(`in${f}`, "fields", "fieldStride", f)}`),
    ...results.map((_, f) => `    ${row(`out${f}`, "out", "outStride", f)}`),
    ...parts.constants.map((text, i) => `    ${set(`c${i}`, text)}`),
    "    (loop $vectors",
    ...fields.map((f) => `      ${set(`phi${f}`, `(v128.load ${get(`in${f}`)})`)}`),
    ...parts.lines.map((line) => `      ${line}`),
    ...results.map((result, f) => `      (v128.store ${get(`out${f}`)} ${result})`),
    ...pointers.map((local) => `      ${set(local, `(i32.add ${get(local)} (i32.const 16))`)}`),
    `      (br_if $vectors (i32.gt_s (local.tee $count (i32.sub ${get("count")} (i32.const ${lanes}))) (i32.const 0))))`,
    "  )",
  ].join("\n");
}

/** A module of functions that call `imports`, of packages/wasm's special module. */
export function moduleOf(imports: ReadonlySet<string>, functions: readonly string[], precision: Precision): string {
  const { bits } = VECTORS[precision];
  const signature = (name: string): string => `(param v128${name === "pow" ? " v128" : ""}) (result v128)`;
  return [
    "(module",
    '  (import "env" "memory" (memory 1 65536 shared))',
    ...[...imports].map((name) => `  (import "special" "${name}${bits}" (func $${name} ${signature(name)}))`),
    `${functions.join("\n")})`,
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
  ];
  return moduleOf(imports, functions, precision);
}
