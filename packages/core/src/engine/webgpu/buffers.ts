/** Buffers of one owner: what makes several can end anywhere, and leaves none on the device. */
import type { Gpu } from "./gpu.ts";

/** Buffers that are destroyed together. */
export interface Buffers {
  /** Throws OutOfDeviceMemoryError. */
  make(label: string, bytes: number): Promise<GPUBuffer>;
  upload(label: string, data: Float32Array | Uint32Array, usage?: GPUBufferUsageFlags): Promise<GPUBuffer>;
  destroy(): void;
}

export function ownBuffers(gpu: Gpu): Buffers {
  const owned: GPUBuffer[] = [];
  const own = (buffer: GPUBuffer): GPUBuffer => {
    owned.push(buffer);
    return buffer;
  };
  return {
    make: async (label, bytes) => own(await gpu.buffer(label, bytes)),
    upload: async (label, data, usage) => own(await gpu.upload(label, data, usage)),
    destroy() {
      for (const buffer of owned) buffer.destroy();
    },
  };
}
