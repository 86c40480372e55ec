/** What tests of lattices on more than one engine or device share. */
import type { CoupledSchedule } from "@slowroll/core/engine/engine";
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";

/** An expansion in alpha-time with alpha = 1/2, strongly coupled, whose steps are those of a scheme of higher order: one goes back. */
export const coupledSchedule = (operations: number, realisations: number): CoupledSchedule => ({
  kind: "coupled",
  durations: Float64Array.from({ length: operations }, (_, o) => [0.02, -0.011, 0.02][o % 3]!),
  initial: Float64Array.from({ length: 3 * realisations }, (_, i) => [1 + i / 50, 0.4, i][i % 3]!),
  acceleration: {
    momentumSquare: { factor: -0.2, power: -4 },
    gradient: { factor: 0.04, power: 0 },
    potential: { factor: 0.25, power: 2 },
  },
  laplacian: { factor: 1, power: 1.5 },
  force: { factor: 1, power: 3.5 },
  drift: { factor: 1, power: -2.5 },
  clock: { factor: 1, power: 0.5 },
});

/** The same device, said to hold so many bytes in a binding. */
export function narrowed(gpu: Gpu, maxStorageBufferBindingSize: number): Gpu {
  const limits: Record<string, unknown> = {};
  for (const name in gpu.limits) limits[name] = gpu.limits[name as keyof GPUSupportedLimits];
  return { ...gpu, limits: { ...limits, maxStorageBufferBindingSize } as unknown as GPUSupportedLimits };
}
