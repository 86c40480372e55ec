/** A device that is said to bind or dispatch less at once than it does, so that what no longer fits is met on small jobs. */
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";

type Limits = Pick<GPUSupportedLimits, "maxStorageBufferBindingSize" | "maxComputeWorkgroupsPerDimension">;

/** The same device, said to have such limits. */
export function limited(gpu: Gpu, given: Partial<Limits>): Gpu {
  const limits: Record<string, unknown> = {};
  for (const name in gpu.limits) limits[name] = gpu.limits[name as keyof GPUSupportedLimits];
  return { ...gpu, limits: { ...limits, ...given } as unknown as GPUSupportedLimits };
}

/** The same device, said to hold so many bytes in a binding. */
export const narrowed = (gpu: Gpu, maxStorageBufferBindingSize: number): Gpu =>
  limited(gpu, { maxStorageBufferBindingSize });
