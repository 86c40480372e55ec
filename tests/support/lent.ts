/** An engine on a device that several share, one after the other, and that outlives them: what they have in common is compiled once. */
import type { Engine } from "@slowroll/core/engine/engine";
import { webGpuEngine } from "@slowroll/core/engine/webgpu/engine";

export const lentEngine = (...given: Parameters<typeof webGpuEngine>): Engine => ({
  ...webGpuEngine(...given),
  close: async () => {},
});
