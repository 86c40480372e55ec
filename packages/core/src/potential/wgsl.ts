/**
 * A potential as WGSL: `potentialValue(phi: Fields) -> f32` and `potentialGradient(phi: Fields) -> Fields`, Fields being an array of all
 * fields at a site. Shared parts are computed once; integer powers are multiplications, and functions are the accurate ones of
 * shaders/special, since WGSL's own are good to few digits on some adapters.
 */
import { InputError } from "../errors.ts";
import type { ElementaryFunction, Expression, Potential } from "./potential.ts";

const CALLS: Readonly<Record<ElementaryFunction, { include?: string; call: (x: string) => string }>> = {
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
};

/** The least normal float32; adapters may flush smaller numbers to 0. */
const SMALLEST = 2 ** -126;

/** A float32 literal that round-trips. Throws InputError where float32 cannot hold the value. */
function literal(value: number): string {
  const single = Math.fround(value);
  if (!Number.isFinite(single) || (value !== 0 && Math.abs(single) < SMALLEST)) {
    throw new InputError(`the potential holds the constant ${value}, which float32 cannot; rescale its parameters`, {
      path: "potential",
    });
  }
  const digits = single.toPrecision(9);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

/** Emits one function's statements; equal parts get one name. */
class Emitter {
  readonly lines: string[] = [];
  private readonly names = new Map<string, string>();
  private readonly emitted = new Map<Expression, string>();
  readonly includes: Set<string>;

  constructor(includes: Set<string>) {
    this.includes = includes;
  }

  /** The name of a value computed by `text`. */
  private named(text: string): string {
    let name = this.names.get(text);
    if (!name) {
      name = `t${this.names.size}`;
      this.names.set(text, name);
      this.lines.push(`  let ${name} = ${text};`);
    }
    return name;
  }

  /** The WGSL name or literal of `expression`; the lines that compute it come first. */
  emit(expression: Expression): string {
    const found = this.emitted.get(expression);
    if (found) return found;
    const text = this.text(expression);
    this.emitted.set(expression, text);
    return text;
  }

  private text(expression: Expression): string {
    switch (expression.kind) {
      case "number":
        return expression.value < 0 ? `(${literal(expression.value)})` : literal(expression.value);
      case "field":
        return `phi[${expression.index}]`;
      case "negate":
        return this.named(`-${this.emit(expression.argument)}`);
      case "binary":
        return this.named(`${this.emit(expression.left)} ${expression.operator} ${this.emit(expression.right)}`);
      case "integerPower": {
        const positive = this.integerPower(this.emit(expression.base), Math.abs(expression.exponent));
        return expression.exponent < 0 ? this.named(`1.0 / ${positive}`) : positive;
      }
      case "realPower": {
        // x^(k + 1/2) = x^k sqrt(x) needs no logarithm.
        const { base, exponent } = expression;
        const whole = exponent.kind === "number" ? exponent.value - 0.5 : Number.NaN;
        if (Number.isInteger(whole) && Math.abs(whole) <= 64) {
          const root = this.named(`sqrt(${this.emit(base)})`);
          return this.named(`${root} ${whole < 0 ? "/" : "*"} ${this.integerPower(this.emit(base), Math.abs(whole))}`);
        }
        this.includes.add("special/power.wgsl");
        return this.named(`realPower(${this.emit(base)}, ${this.emit(exponent)})`);
      }
      case "call": {
        const { include, call } = CALLS[expression.name];
        if (include) this.includes.add(include);
        return this.named(call(this.emit(expression.argument)));
      }
    }
  }

  private integerPower(base: string, exponent: number): string {
    if (exponent === 1) return base;
    const half = this.integerPower(base, Math.floor(exponent / 2));
    const square = this.named(`${half} * ${half}`);
    return exponent % 2 === 0 ? square : this.named(`${square} * ${base}`);
  }
}

/** The WGSL of V and its gradient. Throws InputError where a constant does not fit float32. */
export function emitWgsl(potential: Potential): string {
  const includes = new Set<string>();
  const value = new Emitter(includes);
  const valueName = value.emit(potential.tree.value);
  const gradient = new Emitter(includes);
  const slopes = potential.tree.gradient.map((expression) => gradient.emit(expression));
  return [
    `const FIELDS = ${potential.fields.length}u;`,
    "alias Fields = array<f32, FIELDS>;",
    ...[...includes].map((name) => `// include: ${name}`),
    "fn potentialValue(phi: Fields) -> f32 {",
    ...value.lines,
    `  return ${valueName};`,
    "}",
    "fn potentialGradient(phi: Fields) -> Fields {",
    ...gradient.lines,
    `  return Fields(${slopes.join(", ")});`,
    "}",
  ].join("\n");
}
