/** The WebGPU engine: every kernel from its case, and gpu.js on the same matrix step and stencil. */
import type { AdapterChoice } from "@slowroll/core/engine/webgpu/adapter";
import { checkCase, drawFrom, type KernelCase, loadCase } from "@slowroll/core/engine/webgpu/cases/case";
import { coupledCases } from "@slowroll/core/engine/webgpu/cases/coupledCases";
import { fieldCases } from "@slowroll/core/engine/webgpu/cases/fieldCases";
import { fourierCases } from "@slowroll/core/engine/webgpu/cases/fourierCases";
import { networkCases } from "@slowroll/core/engine/webgpu/cases/networkCases";
import { webGpuEngine } from "@slowroll/core/engine/webgpu/engine";
import { assertErrorFree } from "@slowroll/core/engine/webgpu/errorFree";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { timeDispatch } from "@slowroll/core/engine/webgpu/timing";
import { measurePeers, type PeerWork, productWork, stencilWork } from "../peers.ts";
import { type Ceilings, judge, type KernelResult } from "../report.ts";
import type { Target } from "../target.ts";
import { measureCeilings } from "./ceilings.ts";

async function measureCase<Shape>(
  gpu: Gpu,
  { declaration, checks, timed, build }: KernelCase<Shape>,
  samples: number,
  ceilings: Ceilings,
): Promise<KernelResult> {
  const { name } = declaration;
  // The third shape is one of several odd sizes that the tests check too.
  const wrong = await checkCase(gpu, declaration, build(checks[2]!, drawFrom(3)));
  if (wrong > 1)
    throw new Error(`${name} is wrong by ${wrong.toPrecision(2)} times its rounding bound: its speed means nothing`);
  const shape = timed[gpu.adapter.type];
  const built = build(shape, drawFrom(4));
  const loaded = await loadCase(gpu, declaration, built);
  try {
    const timings = await timeDispatch(gpu, loaded.dispatch, samples);
    const size = Object.entries(shape as object)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ");
    return judge({ name, size, precision: "float32" }, timings, built, ceilings);
  } finally {
    loaded.destroy();
  }
}

/** @throws EngineUnavailableError where there is no adapter of that choice. */
export async function webGpuTarget(adapter: AdapterChoice): Promise<Target> {
  const gpu = await openGpu(adapter);
  const engine = webGpuEngine(gpu);
  const { reason: _reason, ...info } = engine.info;
  return {
    info,
    precisions: ["float32", "compensated"],
    scale: gpu.adapter.type === "software" ? "software" : "gpu",
    async engine(precision) {
      if (precision !== "compensated") return engine;
      await assertErrorFree(gpu);
      return webGpuEngine(gpu, precision);
    },
    measureCeilings: (samples) => measureCeilings(gpu, samples),
    async measureKernels(ceilings, { filter, samples, onStart }) {
      const results: KernelResult[] = [];
      const measure = async <Shape>(kernelCase: KernelCase<Shape>): Promise<void> => {
        if (!kernelCase.declaration.name.includes(filter)) return;
        onStart(kernelCase.declaration.name);
        results.push(await measureCase(gpu, kernelCase, samples, ceilings));
      };
      for (const networkCase of networkCases) await measure(networkCase);
      for (const fieldCase of fieldCases) await measure(fieldCase);
      const [sweep, global] = coupledCases;
      await measure(sweep);
      await measure(global);
      for (const fourierCase of fourierCases) await measure(fourierCase);
      return results;
    },
    async measurePeers(kernels, { filter, samples, onStart }) {
      if (!"peers gpu.js".includes(filter)) return [];
      const found = (name: string): KernelResult | undefined => kernels.find((kernel) => kernel.name === name);
      const draw = drawFrom(5);
      const [rows, inner, columns, points] = [256, 256, 128, 48];
      const product = found("network/dense_forward");
      const lattice = found("field/lattice_step");
      const works: PeerWork[] = [];
      if (product)
        works.push(productWork(draw(rows * inner), draw(inner * columns), rows, inner, columns, product.rate));
      if (lattice) {
        const step = { laplacian: 0.1, force: 0.01, drift: 0.1 };
        // The kernel's rate is in bytes or operations; a site moves 16 bytes and takes 20 operations.
        const rate = lattice.rate / (lattice.unit === "B/s" ? 16 : 20);
        works.push(stencilWork(draw(points ** 3), draw(points ** 3), points, step, rate));
      }
      if (works.length > 0) onStart("peers gpu.js");
      return measurePeers(works, Math.min(samples, 5));
    },
    close: () => engine.close(),
  };
}
