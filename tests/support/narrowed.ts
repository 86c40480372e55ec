/** A device that is said to bind less at once than it does, so that what no longer fits is met on small jobs. */
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";

/** The same device, said to hold so many bytes in a binding. */
export function narrowed(gpu: Gpu, maxStorageBufferBindingSize: number): Gpu {
  const limits: Record<string, unknown> = {};
  for (const name in gpu.limits) limits[name] = gpu.limits[name as keyof GPUSupportedLimits];
  return { ...gpu, limits: { ...limits, maxStorageBufferBindingSize } as unknown as GPUSupportedLimits };
}
