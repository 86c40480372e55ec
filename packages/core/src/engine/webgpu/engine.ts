/** The WebGPU engine: both jobs on one device. */
import { EngineUnavailableError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { evolveInTurn } from "../inTurn.ts";
import type { AdapterChoice } from "./adapter.ts";
import { assertErrorFree } from "./field/errorFree.ts";
import { evolveLattice } from "./field/lattice.ts";
import type { LatticePrecision } from "./field/latticeNumbers.ts";
import { planLattice } from "./field/latticePlan.ts";
import { type Gpu, openGpu } from "./gpu.ts";
import { assertRoom, type EnsembleOptions, trainEnsemble } from "./network/ensemble.ts";

/** The engine of an open device, which it owns from then on. */
export function webGpuEngine(gpu: Gpu, precision: LatticePrecision = "float32", options: EnsembleOptions = {}): Engine {
  const assertTrains = (): void => {
    if (precision !== "float32")
      throw new EngineUnavailableError(
        `the webgpu engine trains no networks in precision ${precision}: use float32, or float64 with --engine cpu`,
        { path: "precision" },
      );
  };
  return {
    info: { kind: "webgpu", ...gpu.adapter, precision, threads: 0, reason: gpu.reason },
    async assertRoom(job) {
      assertTrains();
      assertRoom(gpu, job, options);
    },
    async trainEnsemble(job, onBatch, control) {
      assertTrains();
      return trainEnsemble(gpu, job, onBatch, control, options);
    },
    evolveLattice: (job, control) =>
      evolveInTurn(
        job,
        {
          plan: (asked) => planLattice(gpu, precision, asked).memory,
          evolve: (part, own, ready) => evolveLattice(gpu, precision, part, own, ready),
        },
        control,
      ),
    close: async () => gpu.close(),
  };
}

/** @throws EngineUnavailableError where there is no adapter of that choice, or where its compiler breaks compensated sums. */
export async function openWebGpuEngine(adapter: AdapterChoice, precision: LatticePrecision): Promise<Engine> {
  const gpu = await openGpu(adapter);
  try {
    if (precision === "compensated") await assertErrorFree(gpu);
  } catch (error) {
    gpu.close();
    throw error;
  }
  return webGpuEngine(gpu, precision);
}
