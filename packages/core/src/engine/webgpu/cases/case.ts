/**
 * A kernel's case: one declaration from which it gets its float64 check on random shapes (tests/conformance) and its benchmark
 * (apps/bench). A case fills the kernel's buffers, says what must come out in plain float64 loops, and counts operations and bytes.
 */
import { uniforms } from "../../../random/normal.ts";
import type { Gpu } from "../gpu.ts";
import { type Kernel, type KernelDeclaration, loadKernel, type Specialisation, type UniformValues } from "../kernel.ts";
import type { Product } from "../network/tileSearch.ts";
import type { Tile } from "../network/tiles.ts";
import { type Dispatch, encode } from "../submit.ts";

export type Data = Float32Array | Uint32Array;

/** Random numbers of order one, as float32 arrays. */
export type Draw = (count: number) => Float32Array;

export interface BuiltCase {
  readonly specialisation?: Specialisation;
  readonly buffers: Readonly<Record<string, Data>>;
  /** Values of the uniform structs by binding name, or the data of a uniform that is none. */
  readonly uniforms: Readonly<Record<string, UniformValues | Float32Array<ArrayBuffer>>>;
  workgroups(kernel: Kernel<string>): readonly [number, number, number];
  /** What must stand in the output buffers afterwards; elements that are NaN here are not the kernel's to write. */
  reference(): Readonly<Record<string, Float64Array>>;
  /** Length of the longest sum: rounding grows with its square root or slower, the bound with itself. */
  readonly terms: number;
  /** Multiplications and additions of products and stencils; activations are not counted. */
  readonly flops: number;
  /** Bytes that must move between memory and the device's cores at least. */
  readonly bytes: number;
}

export interface KernelCase<Shape = never> {
  readonly declaration: KernelDeclaration<string>;
  /** Shapes that checks run: odd sizes, size 1, non-multiples of the workgroup. */
  readonly checks: readonly Shape[];
  /** The shape that is timed, on hardware and on a software adapter. */
  readonly timed: { readonly hardware: Shape; readonly software: Shape };
  build(shape: Shape, draw: Draw): BuiltCase;
  /** Of a tiled product: what it is, and the same in a given tile. */
  readonly tiled?: { product(shape: Shape): Product; inTile(shape: Shape, tile: Tile): Shape };
}

/** Numbers of an array that are drawn; the rest repeat them, so that a benchmark of hundreds of millions begins in seconds. */
const DRAWN = 2 ** 20;

export function drawFrom(seed: number): Draw {
  const next = uniforms(seed, 0);
  return (count) => {
    const values = new Float32Array(count);
    for (let i = 0; i < Math.min(count, DRAWN); i++) values[i] = 2 * next() - 1;
    for (let done = DRAWN; done < count; done *= 2) values.copyWithin(done, 0, Math.min(done, count - done));
    return values;
  };
}

/** A case with its buffers on the device, ready to be dispatched. */
export interface LoadedCase {
  readonly dispatch: Dispatch;
  /** The same buffers in the kernel as a case of the same shape but another tile specialises it. */
  dispatchAs(other: Pick<BuiltCase, "specialisation" | "workgroups">): Promise<Dispatch>;
  /** The named buffers' contents. */
  read(name: string): Promise<Float32Array>;
  destroy(): void;
}

/** Compiles a case's kernel and uploads its buffers. Throws ShaderCompileError, OutOfDeviceMemoryError. */
export async function loadCase(
  gpu: Gpu,
  declaration: KernelDeclaration<string>,
  built: BuiltCase,
): Promise<LoadedCase> {
  const { uniform } = await loadKernel(gpu, declaration, built.specialisation);
  const buffers: Record<string, GPUBuffer> = {};
  for (const [name, data] of Object.entries(built.buffers)) buffers[name] = await gpu.upload(name, data);
  for (const [name, values] of Object.entries(built.uniforms)) {
    const bytes = new Uint32Array(values instanceof Float32Array ? values.buffer : uniform(name, values));
    buffers[name] = await gpu.upload(name, bytes, GPUBufferUsage.UNIFORM);
  }
  const dispatchAs: LoadedCase["dispatchAs"] = async ({ specialisation, workgroups }) => {
    const kernel = await loadKernel(gpu, declaration, specialisation);
    return {
      pipeline: kernel.pipeline,
      bindings: await kernel.bind(buffers),
      workgroups: workgroups(kernel),
      ...(declaration.dynamic ? { offsets: declaration.dynamic.map(() => 0) } : {}),
    };
  };
  return {
    dispatch: await dispatchAs(built),
    dispatchAs,
    read: (name) => gpu.download(buffers[name]!, built.buffers[name]!.byteLength),
    destroy: () => {
      for (const buffer of Object.values(buffers)) buffer.destroy();
    },
  };
}

/**
 * Runs a case once and compares with its reference: the largest error over the bound of float32 rounding, 2^-23 times the number of terms
 * (and a few for what is around the sum) times the largest value of the buffer. At most 1 where the kernel is right.
 */
export async function checkCase(gpu: Gpu, declaration: KernelDeclaration<string>, built: BuiltCase): Promise<number> {
  const loaded = await loadCase(gpu, declaration, built);
  try {
    const encoder = gpu.device.createCommandEncoder({ label: declaration.name });
    const pass = encoder.beginComputePass({ label: declaration.name });
    encode(pass, loaded.dispatch);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    let worst = 0;
    for (const [name, want] of Object.entries(built.reference())) {
      const raw = await loaded.read(name);
      const got = built.buffers[name] instanceof Uint32Array ? new Uint32Array(raw.buffer) : raw;
      let scale = 1e-30;
      for (const value of want) if (Math.abs(value) > scale) scale = Math.abs(value);
      const bound = 2 ** -23 * (built.terms + 8) * scale;
      for (const [i, value] of want.entries()) {
        if (Number.isNaN(value)) continue;
        const error = Math.abs(got[i]! - value) / bound;
        worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
      }
    }
    return worst;
  } finally {
    loaded.destroy();
  }
}
