/** The WebGPU engine: both jobs on one device. */
import type { Engine } from "../engine.ts";
import type { AdapterChoice } from "./adapter.ts";
import { trainEnsemble } from "./ensemble.ts";
import { type Gpu, openGpu } from "./gpu.ts";
import { evolveLattice } from "./lattice.ts";

/** The engine of an open device, which it owns from then on. */
export function webGpuEngine(gpu: Gpu): Engine {
  return {
    info: { kind: "webgpu", ...gpu.adapter, precision: "float32", threads: 0, reason: gpu.reason },
    trainEnsemble: (job, onBatch, control) => trainEnsemble(gpu, job, onBatch, control),
    evolveLattice: (job, control) => evolveLattice(gpu, job, control),
    close: async () => gpu.close(),
  };
}

/** @throws EngineUnavailableError where there is no adapter of that choice. */
export async function openWebGpuEngine(adapter: AdapterChoice): Promise<Engine> {
  return webGpuEngine(await openGpu(adapter));
}
