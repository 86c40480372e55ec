/** Whether an adapter's compiler leaves the error-free sum and product of field/compensated.wgsl exact: tried before a run relies on it. */
import { EngineUnavailableError } from "../../errors.ts";
import { normals } from "../../random/normal.ts";
import type { Gpu } from "./gpu.ts";
import { type KernelDeclaration, loadKernel, type Specialisation } from "./kernel.ts";
import { NUMBERS } from "./latticeNumbers.ts";
import { encode } from "./submit.ts";

const check: KernelDeclaration<"pairs" | "results"> = {
  name: "field/compensated_check",
  bindings: ["pairs", "results"],
};

/** Pairs that are tried. */
const COUNT = 4096;

/**
 * `arithmetic` says what `twoSum` and `twoProduct` are. Float64 holds the sum and the product of these numbers exactly.
 * @throws EngineUnavailableError where a sum or a product is not exact.
 */
export async function assertErrorFree(
  gpu: Gpu,
  arithmetic: Specialisation = { includes: [NUMBERS.compensated.include] },
): Promise<void> {
  // Magnitudes spread over 2^-6 .. 2^6, so that little is lost of one number in some pairs and most of it in others.
  const pairs = Float32Array.from(normals(1, 0, 0, 2 * COUNT), (value, i) => value * 2 ** ((i % 13) - 6));
  const buffers: GPUBuffer[] = [];
  try {
    const kernel = await loadKernel(gpu, check, arithmetic);
    const input = await gpu.upload("pairs", pairs);
    const results = await gpu.buffer("results", 16 * COUNT);
    const uniform = kernel.uniform("params", { count: COUNT });
    const params = await gpu.upload("check parameters", new Uint32Array(uniform), GPUBufferUsage.UNIFORM);
    buffers.push(input, results, params);
    const bindings = await kernel.bind({ pairs: input, results, params });
    const encoder = gpu.device.createCommandEncoder({ label: "check of sums" });
    const pass = encoder.beginComputePass({ label: "check of sums" });
    encode(pass, { pipeline: kernel.pipeline, bindings, workgroups: [Math.ceil(COUNT / kernel.workgroup[0]), 1, 1] });
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const got = await gpu.download(results, 16 * COUNT);
    for (let i = 0; i < COUNT; i++) {
      const [a, b] = [pairs[2 * i]!, pairs[2 * i + 1]!];
      const exact = got[4 * i]! + got[4 * i + 1]! === a + b && got[4 * i + 2]! + got[4 * i + 3]! === a * b;
      if (!exact)
        throw new EngineUnavailableError(
          `${gpu.adapter.name} does not round as precision compensated needs: use precision: float64 (--engine cpu)`,
          { path: "precision" },
        );
    }
  } finally {
    for (const buffer of buffers) buffer.destroy();
  }
}
