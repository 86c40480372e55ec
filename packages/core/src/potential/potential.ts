/**
 * V(phi) as data: one expression in the fields with its parameters' values bound, its first and second derivatives, and a float64
 * evaluation of each. An engine emits its own code from the expression trees (`wgsl.ts`).
 */

/**
 * Elementary functions that every engine provides; all others are written in terms of these. sechSquared is the derivative of tanh:
 * 1 - tanh(x)^2 would lose the slope of a plateau.
 */
export type ElementaryFunction =
  | "exp"
  | "expm1"
  | "log"
  | "sqrt"
  | "sin"
  | "cos"
  | "tanh"
  | "sechSquared"
  | "abs"
  | "sign";

/**
 * An expression tree with all parameters already numbers; its leaves are numbers, fields and `Leaf`. Derivatives share subtrees with what
 * they are the derivative of: walk a tree by remembering nodes (a Map keyed by node), never by plain recursion, which can take exponentially
 * long.
 * Outside their domain (log and sqrt of a negative number, log of 0, a real power of a negative number) expressions are NaN or infinite in
 * float64 and some non-finite number in WGSL, which ends a run as diverged.
 */
export type ExpressionOf<Leaf> =
  | Leaf
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "field"; readonly index: number }
  | { readonly kind: "negate"; readonly argument: ExpressionOf<Leaf> }
  | {
      readonly kind: "binary";
      readonly operator: "+" | "-" | "*" | "/";
      readonly left: ExpressionOf<Leaf>;
      readonly right: ExpressionOf<Leaf>;
    }
  | { readonly kind: "integerPower"; readonly base: ExpressionOf<Leaf>; readonly exponent: number }
  | { readonly kind: "realPower"; readonly base: ExpressionOf<Leaf>; readonly exponent: ExpressionOf<Leaf> }
  | { readonly kind: "call"; readonly name: ElementaryFunction; readonly argument: ExpressionOf<Leaf> };

export type Expression = ExpressionOf<never>;

/** How a config names a potential. */
export type PotentialSpec =
  | string
  | { readonly name: string; readonly parameters?: Readonly<Record<string, number>> }
  | { readonly expression: string; readonly parameters?: Readonly<Record<string, number>> };

export interface Potential {
  /** A built-in's name, or `expression`. */
  readonly name: string;
  /** The text it was parsed from. */
  readonly expression: string;
  /** Names of the fields, in order: ["phi"] for one. */
  readonly fields: readonly string[];
  readonly parameters: Readonly<Record<string, number>>;
  readonly tree: {
    readonly value: Expression;
    /** dV/dphi_f. */
    readonly gradient: readonly Expression[];
    /** d2V/dphi_f dphi_g. */
    readonly hessian: readonly (readonly Expression[])[];
  };
  /** V in float64 at one point of field space. */
  value(...phi: number[]): number;
  /** V at the first `count` of many points, a row of numbers a field. What it returns holds until the next call, and may be longer. */
  values(fields: readonly Float64Array[], count: number): Float64Array;
  /** dV/dphi_f likewise. */
  gradients(f: number, fields: readonly Float64Array[], count: number): Float64Array;
  /** dV/dphi_f in float64 at one point. */
  gradient(f: number, ...phi: number[]): number;
  /** d2V/dphi_f dphi_g in float64 at one point. */
  hessian(f: number, g: number, ...phi: number[]): number;
}
