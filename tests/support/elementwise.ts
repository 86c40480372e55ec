/** Evaluates a WGSL function elementwise on a device, for comparing shader functions with float64. */
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";
import { unrollLoops } from "@slowroll/core/engine/webgpu/unroll";
import { resolveIncludes } from "@slowroll/shaders";

/**
 * `expression` in `x: vec4u` (four words of `input`) as vec4f, for each four words of the input; `code` holds what it calls.
 * Words are given and returned as the array's bits, so that the caller decides what they mean.
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
@group(0) @binding(0) var<storage, read> input: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= ${count}u) { return; }
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
  const bindings = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [inputBuffer, outputBuffer].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindings);
  pass.dispatchWorkgroups(Math.ceil(count / 64));
  pass.end();
  device.queue.submit([encoder.finish()]);
  const result = (await gpu.download(outputBuffer)).slice(0, input.length);
  inputBuffer.destroy();
  outputBuffer.destroy();
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
