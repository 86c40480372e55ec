/** What a built-in potential states about itself: a new one is one file with this, entered in index.ts. */
export interface Parameter {
  readonly default: number;
  readonly positive?: boolean;
  readonly nonZero?: boolean;
}

export interface Builtin {
  readonly name: string;
  /** V in phi and the parameters; its derivatives are taken symbolically. */
  readonly expression: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Other names under which a parameter may be given, with its value from theirs. */
  readonly aliases?: Readonly<
    Record<string, { readonly parameter: string; readonly value: (given: number) => number }>
  >;
  /** Values of phi between which V and V' are finite in float32 with the default parameters. */
  readonly domain: readonly [number, number];
  readonly reference: string;
}
