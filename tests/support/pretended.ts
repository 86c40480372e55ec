/**
 * A device of any limits that has no memory and does nothing, but looks at all that it is asked for as WebGPU would: what jobs that are too
 * large to run here ask of a large device.
 */
import { bufferBytes, type Gpu } from "@slowroll/core/engine/webgpu/gpu";

/** Those of an H200 as WebGPU gives them, and of its workgroups. */
export const LARGE = {
  maxBufferSize: 2 ** 38,
  maxStorageBufferBindingSize: 2 ** 32 - 4,
  maxUniformBufferBindingSize: 65_536,
  maxStorageBuffersPerShaderStage: 16,
  minUniformBufferOffsetAlignment: 64,
  minStorageBufferOffsetAlignment: 32,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupStorageSize: 49_152,
};

type Limits = typeof LARGE;

interface Bound {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
  readonly dynamic: boolean;
}

/** What was asked for. */
export interface Asked {
  readonly buffers: { readonly label: string; readonly size: number }[];
  readonly dispatches: { readonly label: string; readonly workgroups: readonly [number, number, number] }[];
}

function require(holds: boolean, what: string): void {
  if (!holds) throw new RangeError(`WebGPU would refuse ${what}`);
}

const whole = (length: number, what: string): void =>
  require(Number.isInteger(length) && length >= 0 && length % 4 === 0, `${what} of ${length} bytes`);
const inside = ({ label, size }: GPUBuffer, offset: number, length: number): void =>
  require(offset >= 0 && offset + length <= size, `bytes ${offset} + ${length} of ${label}, which has ${size}`);

/** A bind group, whose bindings are of its layout and inside of their buffers. */
function bindGroup({ label, layout, entries }: GPUBindGroupDescriptor, limits: Limits): GPUBindGroup {
  const declared = [...(layout as unknown as GPUBindGroupLayoutDescriptor).entries];
  const given = [...entries];
  require(given.length === declared.length, `${given.length} bindings of ${label}, which has ${declared.length}`);
  const bound = given.map(({ binding, resource }): Bound => {
    const { buffer, offset = 0, size = buffer.size - offset } = resource as GPUBufferBinding;
    const entry = declared.find((candidate) => candidate.binding === binding)!.buffer!;
    const most = entry.type === "uniform" ? limits.maxUniformBufferBindingSize : limits.maxStorageBufferBindingSize;
    require(size <= most, `${label}: ${buffer.label} of ${size} bytes in a binding`);
    whole(size, `${label}: ${buffer.label}`);
    inside(buffer, offset, size);
    return { buffer, offset, size, dynamic: entry.hasDynamicOffset ?? false };
  });
  return { label, bound } as unknown as GPUBindGroup;
}

/** A pass whose dispatches go to `asked`. */
function computePass(limits: Limits, asked: Asked) {
  let pipeline = "";
  return {
    setPipeline: ({ label }: GPUComputePipeline) => {
      pipeline = label;
    },
    setBindGroup: (_group: number, bindings: GPUBindGroup, offsets: readonly number[] = []) => {
      const { bound } = bindings as unknown as { bound: readonly Bound[] };
      const dynamic = bound.filter((one) => one.dynamic);
      require(dynamic.length === offsets.length, `${offsets.length} offsets of ${pipeline}`);
      for (const [i, { buffer, offset, size }] of dynamic.entries()) {
        require(offsets[i]! % limits.minUniformBufferOffsetAlignment === 0, `offset ${offsets[i]} of ${buffer.label}`);
        inside(buffer, offset + offsets[i]!, size);
      }
    },
    dispatchWorkgroups: (...workgroups: [number, number, number]) => {
      for (const count of workgroups)
        require(Number.isInteger(count) &&
          count > 0 &&
          count <= limits.maxComputeWorkgroupsPerDimension, `${workgroups.join(" x ")} workgroups of ${pipeline}`);
      asked.dispatches.push({ label: pipeline, workgroups });
    },
    end: () => {},
  };
}

/** A device of those limits, whose buffers and dispatches go to `asked`. */
function pretendedDevice(limits: Limits, asked: Asked): GPUDevice {
  const device = {
    createBuffer({ label = "", size, usage }: GPUBufferDescriptor) {
      require(size <= limits.maxBufferSize, `${label} of ${size} bytes`);
      asked.buffers.push({ label, size });
      return { label, size, usage, destroy: () => {} };
    },
    createBindGroup: (group: GPUBindGroupDescriptor) => bindGroup(group, limits),
    createShaderModule: () => ({}),
    createBindGroupLayout: (layout: GPUBindGroupLayoutDescriptor) => layout,
    createPipelineLayout: (layout: GPUPipelineLayoutDescriptor) => layout,
    createComputePipelineAsync: async ({ label, layout }: GPUComputePipelineDescriptor) => ({
      label,
      getBindGroupLayout: (group: number) =>
        [...(layout as unknown as GPUPipelineLayoutDescriptor).bindGroupLayouts][group],
    }),
    pushErrorScope: () => {},
    popErrorScope: async () => null,
    createCommandEncoder: () => ({
      beginComputePass: () => computePass(limits, asked),
      clearBuffer: () => {},
      finish: () => ({}),
      copyBufferToBuffer: (source: GPUBuffer, from: number, target: GPUBuffer, to: number, length: number) => {
        whole(length, `a copy of ${source.label}`);
        inside(source, from, length);
        inside(target, to, length);
      },
    }),
    queue: {
      submit: () => {},
      writeBuffer: (
        target: GPUBuffer,
        to: number,
        { byteLength }: ArrayBuffer | ArrayBufferView,
        _from = 0,
        length = byteLength,
      ) => {
        whole(length, `what is written to ${target.label}`);
        inside(target, to, length);
      },
    },
  };
  return device as unknown as GPUDevice;
}

/** Throws RangeError, where it is asked, for what WebGPU would refuse. */
export function pretendedGpu(limits: Limits = LARGE): { gpu: Gpu; asked: Asked } {
  // Of Dawn's, which is not loaded.
  Object.assign(globalThis, {
    GPUBufferUsage: { UNIFORM: 0x40 },
    GPUShaderStage: { VERTEX: 1, FRAGMENT: 2, COMPUTE: 4 },
  });
  const asked: Asked = { buffers: [], dispatches: [] };
  const device = pretendedDevice(limits, asked);
  const buffer: Gpu["buffer"] = async (label, byteLength, usage = 0) =>
    device.createBuffer({ label, size: bufferBytes(byteLength), usage });
  const gpu: Gpu = {
    device,
    adapter: { name: "pretended", backend: "vulkan", type: "hardware" },
    identity: "pretended",
    reason: "pretended",
    limits: limits as unknown as GPUSupportedLimits,
    features: new Set(),
    guarded: (promise) => promise,
    checked: async (_label, create) => create(),
    buffer,
    upload: (label, data, usage) => buffer(label, data.byteLength, usage),
    async download(source, byteLength = source.size) {
      inside(source, 0, byteLength);
      return new Float32Array(byteLength / 4);
    },
    async read(source, byteLength, use) {
      inside(source, 0, byteLength);
      use(new Float32Array(byteLength / 4));
    },
    finished: async () => {},
    pipelines: new Map(),
    close: () => {},
  };
  return { gpu, asked };
}
