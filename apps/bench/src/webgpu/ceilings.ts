/** What the adapter can do at best, measured in the same run as what is compared with it. */
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";
import { type KernelDeclaration, loadKernel } from "@slowroll/core/engine/webgpu/kernel";
import { timeDispatch } from "@slowroll/core/engine/webgpu/timing";
import { type Ceilings, median } from "../report.ts";

const copy: KernelDeclaration<"source" | "target_"> = { name: "bench/copy", bindings: ["source", "target_"] };
const multiplyAdd: KernelDeclaration<"result"> = { name: "bench/multiply_add", bindings: ["result"] };
const nothing: KernelDeclaration<"result"> = { name: "bench/nothing", bindings: ["result"] };

const ROUNDS = 256;

/** Measures the three ceilings; the best of the samples counts, since a ceiling is what is possible. */
export async function measureCeilings(gpu: Gpu, samples: number): Promise<Ceilings> {
  const software = gpu.adapter.type === "software";
  // Larger than the last cache of the device, or it would be the cache that is measured.
  const bytes = software ? 64 * 2 ** 20 : 2 ** 29;
  const source = await gpu.buffer("source", bytes);
  const target = await gpu.buffer("target", bytes);
  const invocations = software ? 2 ** 14 : 2 ** 20;
  const small = await gpu.buffer("result", 16 * invocations);
  try {
    const copyKernel = await loadKernel(gpu, copy);
    const groups = bytes / 16 / 64;
    const x = Math.min(groups, gpu.limits.maxComputeWorkgroupsPerDimension);
    const copyTimes = await timeDispatch(
      gpu,
      {
        pipeline: copyKernel.pipeline,
        bindings: await copyKernel.bind({ source, target_: target }),
        workgroups: [x, Math.ceil(groups / x), 1],
      },
      samples,
    );
    const arithmetic = await loadKernel(gpu, multiplyAdd, { constants: { ROUNDS } });
    const arithmeticTimes = await timeDispatch(
      gpu,
      {
        pipeline: arithmetic.pipeline,
        bindings: await arithmetic.bind({ result: small }),
        workgroups: [invocations / 64, 1, 1],
      },
      samples,
    );
    const empty = await loadKernel(gpu, nothing);
    const emptyTimes = await timeDispatch(
      gpu,
      { pipeline: empty.pipeline, bindings: await empty.bind({ result: small }), workgroups: [1, 1, 1] },
      samples,
    );
    return {
      copyBytesPerSecond: (2 * bytes) / Math.min(...copyTimes),
      flopsPerSecond: (invocations * 64 * ROUNDS) / Math.min(...arithmeticTimes),
      dispatchSeconds: median(emptyTimes),
    };
  } finally {
    for (const buffer of [source, target, small]) buffer.destroy();
  }
}
