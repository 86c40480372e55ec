/**
 * A potential as WGSL on the compensated numbers of shaders/field/compensated.wgsl: + - * /, whole powers and square roots to 2^-44 or
 * so; every other function from its float32 value and slope at the larger part, f(x) + f'(x) y, which is good to a float32's rounding of f.
 */
import { float32, type Language } from "./emit.ts";
import type { Emitted } from "./form.ts";
import type { ElementaryFunction } from "./potential.ts";
import { CALLS, constantAt, emitPotential, literal } from "./wgsl.ts";

/** f' of each function that is carried by value and slope, of the text of a float32 x. */
const SLOPES: Readonly<
  Record<Exclude<ElementaryFunction, "sqrt" | "abs" | "sign">, (x: string, call: CallText) => string>
> = {
  exp: (x, call) => call("exp", x),
  expm1: (x, call) => call("exp", x),
  log: (x) => `1.0 / ${x}`,
  sin: (x, call) => call("cos", x),
  cos: (x, call) => `-${call("sin", x)}`,
  tanh: (x, call) => call("sechSquared", x),
  sechSquared: (x, call) => `-2.0 * ${call("tanh", x)} * ${call("sechSquared", x)}`,
};
type CallText = (name: ElementaryFunction | "power", ...x: string[]) => string;

function number(value: number): string {
  const high = float32(value);
  const low = Math.fround(value - high);
  return `Number(${literal(high)}, ${Math.abs(low) < 2 ** -126 ? "0.0" : literal(low)})`;
}

const compensated = (lines: string[], includes: Set<string>): Language => {
  const single: CallText = (name, ...x) => {
    const { include, call } = CALLS[name];
    if (include) includes.add(include);
    return call(x[0]!, x[1]!);
  };
  const names = { "+": "plus", "-": "minus", "*": "times", "/": "over" } as const;
  return {
    number,
    field: (index) => `phi[${index}]`,
    constant: (index) => `${constantAt(index)}.xy`,
    negate: (x) => `-${x}`,
    binary: (operator, left, right) => `${names[operator]}(${left}, ${right})`,
    reciprocal: (x) => `over(exactly(1.0), ${x})`,
    function: (name) => (x, y) => {
      if (name === "sqrt") return `squareRoot(${x})`;
      if (name === "sign") return `exactly(sign(${x}.x))`;
      if (name === "abs") return `${x} * sign(${x}.x)`;
      if (name === "power") {
        // Of x^y: y/x x^y dx + log(x) x^y dy.
        const value = single("power", `${x}.x`, `${y}.x`);
        const slopes = `${y}.x / ${x}.x * ${x}.y + ${single("log", `${x}.x`)} * ${y}.y`;
        return `lifted(${value}, ${value}, Number(0.0, ${slopes}))`;
      }
      return `lifted(${single(name, `${x}.x`)}, ${SLOPES[name](`${x}.x`, single)}, ${x})`;
    },
    define: (index, text) => {
      lines.push(`  let t${index} = ${text};`);
      return `t${index}`;
    },
  };
};

/** The WGSL of V and its gradient, Fields being an array of Number. Throws InputError where a constant does not fit float32. */
export function emitCompensatedWgsl(potential: Emitted): string {
  return emitPotential(potential, "Number", compensated);
}
