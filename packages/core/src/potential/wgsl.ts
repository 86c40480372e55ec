/**
 * A potential as WGSL: `potentialValue(phi: Fields, realisation: u32) -> f32` and `potentialGradient(phi: Fields, realisation: u32) ->
 * Fields`, Fields being an array of all fields at a site. Numbers that differ by realisation are read from `constants`, which the kernel
 * binds (shaders/field/constants.wgsl); where there are none the realisation is of no matter. Shared parts are computed once; integer powers are multiplications, and functions are the accurate ones of
 * shaders/special, since WGSL's own are good to few digits on some adapters.
 */
import { emitter, float32, type Language } from "./emit.ts";
import type { Emitted, FormExpression } from "./form.ts";
import type { ElementaryFunction, Expression } from "./potential.ts";

/** How functions are called, and the file under shaders/ that has them where WGSL has not. */
export type Calls = Readonly<
  Record<ElementaryFunction | "power", { include?: string; call: (x: string, y: string) => string }>
>;

const CALLS: Calls = {
  exp: { call: (x) => `exp(${x})` },
  expm1: { include: "special/hyperbolic.wgsl", call: (x) => `expMinusOne(${x})` },
  log: { include: "special/log.wgsl", call: (x) => `logarithm(${x})` },
  sqrt: { call: (x) => `sqrt(${x})` },
  sin: { include: "special/trigonometry.wgsl", call: (x) => `sinCos(vec4f(${x})).sin.x` },
  cos: { include: "special/trigonometry.wgsl", call: (x) => `sinCos(vec4f(${x})).cos.x` },
  tanh: { include: "special/hyperbolic.wgsl", call: (x) => `safeTanh(${x})` },
  sechSquared: { include: "special/hyperbolic.wgsl", call: (x) => `sechSquared(${x})` },
  abs: { call: (x) => `abs(${x})` },
  sign: { call: (x) => `sign(${x})` },
  power: { include: "special/power.wgsl", call: (x, y) => `realPower(${x}, ${y})` },
};

/** A float32 literal that round-trips. Throws InputError where float32 cannot hold the value. */
export function literal(value: number): string {
  const digits = float32(value).toPrecision(9);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

/** The vec4f of a number that differs by realisation, in a function that emitPotential writes. */
export const constantAt = (index: number): string => `constants[own + ${index}u]`;

/** A language's functions by a table of calls, whose files go to `includes`. */
export const caller =
  (calls: Calls, includes: Set<string>): Language["function"] =>
  (name) => {
    const { include, call } = calls[name];
    if (include) includes.add(include);
    return (x, y) => call(x!, y!);
  };

/** WGSL whose statements go to `lines` and whose needs to `includes`. */
const wgsl = (
  lines: string[],
  includes: Set<string>,
  field = (index: number): string => `phi[${index}]`,
): Language => ({
  number: (value) => (value < 0 ? `(${literal(value)})` : literal(value)),
  field,
  constant: (index) => `${constantAt(index)}.x`,
  negate: (x) => `-${x}`,
  binary: (operator, left, right) => `${left} ${operator} ${right}`,
  reciprocal: (x) => `1.0 / ${x}`,
  function: caller(CALLS, includes),
  define: (index, text) => {
    lines.push(`  let t${index} = ${text};`);
    return `t${index}`;
  },
});

/** x^power: multiplications and a square root for whole and half powers. */
function powerOf(x: Expression, power: number): Expression {
  if (Number.isInteger(power)) return { kind: "integerPower", base: x, exponent: power };
  if (power === 0.5) return { kind: "call", name: "sqrt", argument: x };
  return { kind: "realPower", base: x, exponent: { kind: "number", value: power } };
}

/** Monomials factor q^power by the names of their functions. */
export type Monomials = Readonly<Record<string, { factor: number; power: number }>>;

/** A language whose statements go to `lines` and whose needs to `includes`; `field` is the operand of a field, `phi[index]` unless given. */
type Written = (lines: string[], includes: Set<string>, field?: (index: number) => string) => Language;

/** Each monomial as `fn name(q: f32) -> f32`, or of the other numbers of a language. Throws InputError where a constant does not fit float32. */
export function emitMonomials(monomials: Monomials, number = "f32", language: Written = wgsl): string {
  const includes = new Set<string>();
  const functions = Object.entries(monomials).flatMap(([name, { factor, power }]) => {
    const lines: string[] = [];
    const scale: Expression = { kind: "number", value: factor };
    const value: Expression =
      power === 0
        ? scale
        : { kind: "binary", operator: "*", left: scale, right: powerOf({ kind: "field", index: 0 }, power) };
    const result = emitter(language(lines, includes, () => "q"))(value);
    return [`fn ${name}(q: ${number}) -> ${number} {`, ...lines, `  return ${result};`, "}"];
  });
  return [...[...includes].map((name) => `// include: ${name}`), ...functions].join("\n");
}

/** The WGSL of V and its gradient in the numbers of a language, `number` being their type. */
export function emitPotential({ fields, tree, count = 0 }: Emitted, number: string, language: Written): string {
  const includes = new Set<string>();
  /** The statements that compute the expressions, and the operands that then stand for them. */
  const statements = (expressions: readonly FormExpression[]): readonly [string[], string[]] => {
    const lines = count > 0 ? [`  let own = realisation * ${count}u;`] : [];
    return [lines, expressions.map(emitter(language(lines, includes)))];
  };
  const [valueLines, [value]] = statements([tree.value]);
  const [gradientLines, gradient] = statements(tree.gradient);
  return [
    `const FIELDS = ${fields.length}u;`,
    `alias Fields = array<${number}, FIELDS>;`,
    ...[...includes].map((name) => `// include: ${name}`),
    `fn potentialValue(phi: Fields, realisation: u32) -> ${number} {`,
    ...valueLines,
    `  return ${value};`,
    "}",
    "fn potentialGradient(phi: Fields, realisation: u32) -> Fields {",
    ...gradientLines,
    `  return Fields(${gradient.join(", ")});`,
    "}",
  ].join("\n");
}

/** The WGSL of V and its gradient in float32. Throws InputError where a constant does not fit it. */
export function emitWgsl(potential: Emitted): string {
  return emitPotential(potential, "f32", wgsl);
}
