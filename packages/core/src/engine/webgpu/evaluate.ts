/** A potential's WGSL evaluated at given field values, for checks. */
import type { Potential } from "../../potential/potential.ts";
import { emitWgsl } from "../../potential/wgsl.ts";
import { ownBuffers } from "./buffers.ts";
import { type Gpu, openGpu } from "./gpu.ts";
import { type KernelDeclaration, loadKernel } from "./kernel.ts";
import { encode } from "./submit.ts";

const evaluate: KernelDeclaration<"phi" | "value" | "gradient"> = {
  name: "potential/evaluate",
  bindings: ["phi", "value", "gradient"],
};

/**
 * V [points] and its slopes [points][fields] in float32 at `phi` [points][fields] on `gpu`, or on a device opened for it.
 * @throws ShaderCompileError, EngineUnavailableError.
 */
export async function evaluatePotential(
  potential: Potential,
  phi: Float32Array,
  gpu?: Gpu,
): Promise<{ value: Float32Array; gradient: Float32Array }> {
  const own = gpu ?? (await openGpu("auto"));
  const buffers = ownBuffers(own);
  try {
    const kernel = await loadKernel(own, evaluate, { code: emitWgsl(potential) });
    const input = await buffers.upload("phi", phi);
    const points = phi.length / potential.fields.length;
    const value = await buffers.make("value", 4 * points);
    const gradient = await buffers.make("gradient", phi.byteLength);
    const bindings = await kernel.bind({ phi: input, value, gradient });
    const encoder = own.device.createCommandEncoder({ label: "evaluate" });
    const pass = encoder.beginComputePass({ label: "evaluate" });
    encode(pass, {
      pipeline: kernel.pipeline,
      bindings,
      workgroups: [Math.ceil(points / kernel.workgroup[0]), 1, 1],
    });
    pass.end();
    own.device.queue.submit([encoder.finish()]);
    return { value: await own.download(value, 4 * points), gradient: await own.download(gradient, phi.byteLength) };
  } finally {
    buffers.destroy();
    if (!gpu) own.close();
  }
}
