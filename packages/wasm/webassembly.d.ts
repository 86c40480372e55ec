/** The part of WebAssembly's JavaScript interface that we use: @types/node names next to nothing of it, and the DOM's types bring a browser. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: object);
    readonly exports: Readonly<Record<string, (...values: number[]) => number>>;
  }
  function validate(bytes: Uint8Array): boolean;
}
