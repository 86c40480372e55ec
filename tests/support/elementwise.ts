/** Evaluates a WGSL function elementwise on a device, for comparing shader functions with float64. */

import { join, split } from "@slowroll/core/engine/webgpu/field/latticeNumbers";
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";
import { unrollLoops } from "@slowroll/core/engine/webgpu/unroll";
import { resolveIncludes } from "@slowroll/shaders";

/**
 * `expression` in `x: vec4u` (four words of `input`) as vec4f, for each four words of the input; `code` holds what it calls.
 * Words are given and returned as the array's bits, so that the caller decides what they mean. `params.opaqueZero` is there for what
 * hides values from the compiler.
 */
export async function evaluateWgsl(
  gpu: Gpu,
  code: string,
  expression: string,
  input: Uint32Array,
): Promise<Float32Array> {
  const count = Math.ceil(input.length / 4);
  const source = unrollLoops(
    resolveIncludes(`${code}
struct Params { count: u32, opaqueZero: u32 }
@group(0) @binding(0) var<storage, read> input: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) { return; }
  let x = input[id.x];
  output[id.x] = ${expression};
}`),
  );
  const { device } = gpu;
  const padded = new Uint32Array(4 * count);
  padded.set(input);
  const pipeline = await gpu.checked("elementwise", () =>
    device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code: source }), entryPoint: "main" },
    }),
  );
  const inputBuffer = await gpu.upload("input", padded);
  const outputBuffer = await gpu.buffer("output", 16 * count);
  const params = await gpu.upload("params", Uint32Array.of(count, 0), GPUBufferUsage.UNIFORM);
  const bindings = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [inputBuffer, outputBuffer, params].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindings);
  pass.dispatchWorkgroups(Math.ceil(count / 64));
  pass.end();
  device.queue.submit([encoder.finish()]);
  const result = (await gpu.download(outputBuffer)).slice(0, input.length);
  for (const buffer of [inputBuffer, outputBuffer, params]) buffer.destroy();
  return result;
}

/** The bits of float32 numbers. */
export const bitsOf = (values: ArrayLike<number>): Uint32Array => new Uint32Array(Float32Array.from(values).buffer);

/** `count` random numbers between `low` and `high`, and both ends. */
export function samples(low: number, high: number, count = 4000, seed = 1): Float32Array {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from([low, high, ...Array.from({ length: count }, () => low + (high - low) * next())]);
}

/** How far a result may be from what it should be: absolute + relative |want|. */
export interface Bound {
  readonly absolute: number;
  readonly relative: number;
}

/** The largest |got - want| / (absolute + relative |want|): at most 1 where the bound holds. */
export function worst(got: ArrayLike<number>, want: ArrayLike<number>, { absolute, relative }: Bound): number {
  let largest = 0;
  for (let i = 0; i < want.length; i++) {
    const excess = Math.abs(got[i]! - want[i]!) / (absolute + relative * Math.abs(want[i]!));
    largest = Math.max(largest, Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess);
  }
  return largest;
}

/** As many bits of float64 numbers as compensated ones keep, of numbers spread about those given. */
export const spread = (values: ArrayLike<number>): Float64Array =>
  join(split(Float64Array.from(values, (value, i) => value * (1 + (i % 97) * 2 ** -31))));
