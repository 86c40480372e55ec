export interface Loadable {
  readonly memory: WebAssembly.Memory;
  readonly special?: WebAssembly.Module | undefined;
  readonly potential?: WebAssembly.Module | undefined;
  readonly curvature?: WebAssembly.Module | undefined;
  readonly lattice?: WebAssembly.Module | undefined;
  readonly kernels: WebAssembly.Module;
  readonly activation?: string | undefined;
  readonly arrays?: readonly SharedArrayBuffer[] | undefined;
}

export function load(program: Loadable): Readonly<Record<string, (...values: number[]) => number>>;
