/**
 * Expression trees as straight-line code in an engine's language: one named value an operation, equal parts under one name. Integer powers
 * are multiplications, and half-integer ones take a square root more, so that no engine needs a logarithm for either.
 */
import { InputError } from "../errors.ts";
import type { FormExpression } from "./form.ts";
import type { ElementaryFunction } from "./potential.ts";

/** How a language writes operations. Operands are texts: names and literals. */
export interface Language {
  number(value: number): string;
  field(index: number): string;
  /** The `index`-th number of those that differ by realisation: see form.ts. */
  constant(index: number): string;
  negate(x: string): string;
  binary(operator: "+" | "-" | "*" | "/", left: string, right: string): string;
  /** 1/x. */
  reciprocal(x: string): string;
  /** How a function is called; `power` takes base and exponent. */
  function(name: ElementaryFunction | "power"): (...x: string[]) => string;
  /** Writes the statement that names the value of `text`, the `index`th of its function, and gives the operand that stands for it. */
  define(index: number, text: string): string;
}

/** Gives the operand of an expression, its statements written before; all expressions given to one emitter share their parts. */
export function emitter(language: Language): (expression: FormExpression) => string {
  const names = new Map<string, string>();
  const emitted = new Map<FormExpression, string>();

  const named = (text: string): string => {
    const operand = names.get(text) ?? language.define(names.size, text);
    names.set(text, operand);
    return operand;
  };
  const integerPower = (base: string, exponent: number): string => {
    if (exponent === 1) return base;
    const half = integerPower(base, Math.floor(exponent / 2));
    const square = named(language.binary("*", half, half));
    return exponent % 2 === 0 ? square : named(language.binary("*", square, base));
  };
  const operand = (expression: FormExpression): string => {
    switch (expression.kind) {
      case "number":
        return language.number(expression.value);
      case "field":
        return language.field(expression.index);
      case "constant":
        return language.constant(expression.index);
      case "negate":
        return named(language.negate(emit(expression.argument)));
      case "binary":
        return named(language.binary(expression.operator, emit(expression.left), emit(expression.right)));
      case "integerPower": {
        const positive = integerPower(emit(expression.base), Math.abs(expression.exponent));
        return expression.exponent < 0 ? named(language.reciprocal(positive)) : positive;
      }
      case "realPower": {
        // x^(k + 1/2) = x^k sqrt(x) needs no logarithm.
        const { base, exponent } = expression;
        if (exponent.kind === "number" && isHalf(exponent.value)) {
          const whole = exponent.value - 0.5;
          const root = named(language.function("sqrt")(emit(base)));
          return named(language.binary(whole < 0 ? "/" : "*", root, integerPower(emit(base), Math.abs(whole))));
        }
        return named(language.function("power")(emit(base), emit(exponent)));
      }
      case "call":
        return named(language.function(expression.name)(emit(expression.argument)));
    }
  };
  const emit = (expression: FormExpression): string => {
    const text = emitted.get(expression) ?? operand(expression);
    emitted.set(expression, text);
    return text;
  };
  return emit;
}

/** Whether x^exponent is multiplications and a square root, which makes it a matter of the code. */
export const isHalf = (exponent: number): boolean => Number.isInteger(exponent - 0.5) && Math.abs(exponent - 0.5) <= 64;

/** The least normal float32; engines may flush smaller numbers to 0. */
const SMALLEST = 2 ** -126;

/** Whether float32 holds a value, to its rounding. */
export function fitsFloat32(value: number): boolean {
  const single = Math.fround(value);
  return Number.isFinite(single) && (value === 0 || Math.abs(single) >= SMALLEST);
}

/** A constant rounded to float32. Throws InputError where float32 cannot hold it. */
export function float32(value: number): number {
  if (!fitsFloat32(value)) {
    throw new InputError(`the potential holds the constant ${value}, which float32 cannot; rescale its parameters`, {
      path: "potential",
    });
  }
  return Math.fround(value);
}
