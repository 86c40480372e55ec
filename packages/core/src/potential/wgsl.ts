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
  // Outside its domain the accurate logarithm has no meaning, WGSL's own gives what the adapter gives: not a finite number.
  log: { include: "special/log.wgsl", call: (x) => `select(log(${x}), accurateLog(vec2f(${x})).x, ${x} > 0.0)` },
  sqrt: { call: (x) => `sqrt(${x})` },
  sin: { include: "special/trigonometry.wgsl", call: (x) => `sinCos(vec4f(${x})).sin.x` },
  cos: { include: "special/trigonometry.wgsl", call: (x) => `sinCos(vec4f(${x})).cos.x` },
  tanh: { include: "special/hyperbolic.wgsl", call: (x) => `safeTanh(${x})` },
};

/** A float32 literal that round-trips. Throws InputError where float32 cannot hold the value. */
function literal(value: number): string {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) {
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

  emit(expression: Expression): string {
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
        // x^y = exp(y log x), for x > 0; a field outside that domain gives no finite number, as in float64.
        const { include, call } = CALLS.log;
        this.includes.add(include!);
        const base = this.emit(expression.base);
        const logarithm = this.named(call(base));
        return this.named(`exp(${this.emit(expression.exponent)} * ${logarithm})`);
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
