/**
 * A potential as WGSL on the compensated numbers of shaders/field/compensated.wgsl: + - * /, whole powers and square roots to 2^-44 or so,
 * all other functions by those of shaders/special/compensated, to 2^-42 or so of their values.
 */
import { float32, type Language } from "./emit.ts";
import type { Emitted } from "./form.ts";
import type { ElementaryFunction } from "./potential.ts";
import { type Calls, caller, constantAt, emitMonomials, emitPotential, literal, type Monomials } from "./wgsl.ts";

/** What code on compensated numbers is made of. */
export type CompensatedOperation = "+" | "-" | "*" | "/" | ElementaryFunction | "power";

const BINARY = { "+": "safePlus", "-": "safeMinus", "*": "safeTimes", "/": "over" } as const;

const CALLS: Calls = {
  exp: { include: "special/compensated/exponential.wgsl", call: (x) => `exponential(${x})` },
  expm1: { include: "special/compensated/exponential.wgsl", call: (x) => `exponentialLessOne(${x})` },
  log: { include: "special/compensated/logarithm.wgsl", call: (x) => `naturalLogarithm(${x})` },
  sqrt: { call: (x) => `squareRoot(${x})` },
  sin: { include: "special/compensated/trigonometry.wgsl", call: (x) => `sine(${x})` },
  cos: { include: "special/compensated/trigonometry.wgsl", call: (x) => `cosine(${x})` },
  tanh: { include: "special/compensated/hyperbolic.wgsl", call: (x) => `hyperbolicTangent(${x})` },
  sechSquared: { include: "special/compensated/hyperbolic.wgsl", call: (x) => `hyperbolicSecantSquared(${x})` },
  abs: { call: (x) => `${x} * sign(${x}.x)` },
  sign: { call: (x) => `exactly(sign(${x}.x))` },
  power: { include: "special/compensated/power.wgsl", call: (x, y) => `realPowerOf(${x}, ${y})` },
};

function number(value: number): string {
  const high = float32(value);
  const low = Math.fround(value - high);
  return `Number(${literal(high)}, ${Math.abs(low) < 2 ** -126 ? "0.0" : literal(low)})`;
}

/** How an operation on x and, where it takes two numbers, y is called, and the file under shaders/ that has it where not compensated.wgsl. */
export function callOf(operation: CompensatedOperation): Calls[keyof Calls] {
  if (operation in CALLS) return CALLS[operation as keyof Calls];
  return { call: (x, y) => `${BINARY[operation as keyof typeof BINARY]}(${x}, ${y})` };
}

/** WGSL whose statements go to `lines` and whose needs to `includes`; `used` hears of its operations. */
const compensated =
  (used: Set<CompensatedOperation> = new Set()) =>
  (lines: string[], includes: Set<string>, field = (index: number): string => `phi[${index}]`): Language => {
    const use = (operation: CompensatedOperation): Calls[keyof Calls]["call"] => {
      used.add(operation);
      return callOf(operation).call;
    };
    return {
      number,
      field,
      constant: (index) => `${constantAt(index)}.xy`,
      negate: (x) => `-${x}`,
      binary: (operator, left, right) => use(operator)(left, right),
      reciprocal: (x) => use("/")("exactly(1.0)", x),
      function: (name) => {
        used.add(name);
        return caller(CALLS, includes)(name);
      },
      define: (index, text) => {
        lines.push(`  let t${index} = ${text};`);
        return `t${index}`;
      },
    };
  };

/** The WGSL of V and its gradient, Fields being an array of Number. Throws InputError where a constant does not fit float32. */
export function emitCompensatedWgsl(potential: Emitted): string {
  return emitPotential(potential, "Number", compensated());
}

/** Each monomial as `fn name(q: Number) -> Number`. Throws InputError where a constant does not fit float32. */
export const emitCompensatedMonomials = (monomials: Monomials): string =>
  emitMonomials(monomials, "Number", compensated());

/** What the code of potentials and monomials is made of. */
export function operationsOf(
  potentials: readonly Emitted[],
  monomials: readonly Monomials[] = [],
): Set<CompensatedOperation> {
  const used = new Set<CompensatedOperation>();
  for (const potential of potentials) emitPotential(potential, "Number", compensated(used));
  for (const some of monomials) emitMonomials(some, "Number", compensated(used));
  return used;
}
