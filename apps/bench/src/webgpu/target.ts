/** The WebGPU engine: every kernel from its case, and gpu.js on the same matrix step and stencil. */
import type { AdapterChoice } from "@slowroll/core/engine/webgpu/adapter";
import {
  checkCase,
  drawFrom,
  type KernelCase,
  type LoadedCase,
  loadCase,
} from "@slowroll/core/engine/webgpu/cases/case";
import { coupledCases } from "@slowroll/core/engine/webgpu/cases/coupledCases";
import { fieldCases } from "@slowroll/core/engine/webgpu/cases/fieldCases";
import { fourierCases } from "@slowroll/core/engine/webgpu/cases/fourierCases";
import { networkCases } from "@slowroll/core/engine/webgpu/cases/networkCases";
import { webGpuEngine } from "@slowroll/core/engine/webgpu/engine";
import { assertErrorFree } from "@slowroll/core/engine/webgpu/field/errorFree";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import type { KernelDeclaration } from "@slowroll/core/engine/webgpu/kernel";
import { chooseTile } from "@slowroll/core/engine/webgpu/network/tileSearch";
import { nameOf, type Tile } from "@slowroll/core/engine/webgpu/network/tiles";
import { timeDispatch } from "@slowroll/core/engine/webgpu/timing";
import { measurePeers, type PeerResult, productWork, stencilWork } from "../peers.ts";
import { type Measurement, median } from "../report.ts";
import type { Benchmark, Target } from "../target.ts";
import { measureCeilings } from "./ceilings.ts";

/** The tile that a tiled product of that shape takes on this adapter once it has been measured. */
async function measuredTile<Shape>(
  gpu: Gpu,
  declaration: KernelDeclaration<string>,
  { build, tiled }: { build: KernelCase<Shape>["build"]; tiled: NonNullable<KernelCase<Shape>["tiled"]> },
  shape: Shape,
): Promise<Tile> {
  let loaded: LoadedCase | undefined;
  try {
    return await chooseTile(gpu, tiled.product(shape), Number.POSITIVE_INFINITY, async (tile) => {
      const built = build(tiled.inTile(shape, tile), drawFrom(4));
      // All tiles are bound at once: to the same buffers, which may be large.
      loaded ??= await loadCase(gpu, declaration, built);
      return loaded.dispatchAs(built);
    });
  } finally {
    loaded?.destroy();
  }
}

async function measureCase<Shape>(
  gpu: Gpu,
  { declaration, checks, timed, build, tiled }: KernelCase<Shape>,
  samples: number,
): Promise<Measurement> {
  const { name } = declaration;
  // The third shape is one of several odd sizes that the tests check too.
  let checked = checks[2] as Shape;
  let shape: Shape = timed[gpu.adapter.type];
  let inTile = "";
  if (tiled) {
    const tile = await measuredTile(gpu, declaration, { build, tiled }, shape);
    [checked, shape] = [tiled.inTile(checked, tile), tiled.inTile(shape, tile)];
    inTile = `, tile ${nameOf(tile)}`;
  }
  const wrong = await checkCase(gpu, declaration, build(checked, drawFrom(3)));
  if (wrong > 1)
    throw new Error(`${name} is wrong by ${wrong.toPrecision(2)} times its rounding bound: its speed means nothing`);
  const built = build(shape, drawFrom(4));
  const loaded = await loadCase(gpu, declaration, built);
  try {
    const timings = await timeDispatch(gpu, loaded.dispatch, samples);
    const size = Object.entries(timed[gpu.adapter.type] as object)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ");
    return { name, size: size + inTile, precision: "float32", timings, work: built };
  } finally {
    loaded.destroy();
  }
}

function kernelsOf(gpu: Gpu): Benchmark<Measurement>[] {
  const benchmark = <Shape>(kernelCase: KernelCase<Shape>): Benchmark<Measurement> => ({
    title: kernelCase.declaration.name,
    measure: async ({ samples }) => [await measureCase(gpu, kernelCase, samples)],
  });
  const [sites, march, global] = coupledCases;
  return [
    ...networkCases.map(benchmark),
    ...fieldCases.map(benchmark),
    ...[benchmark(sites), benchmark(march), benchmark(global)],
    ...fourierCases.map(benchmark),
  ];
}

/** gpu.js and plain typed arrays on a small product and lattice; the rates of the engine's kernels, on sizes of theirs, are taken just before. */
async function gpuJsPeers(gpu: Gpu, samples: number): Promise<PeerResult[]> {
  const draw = drawFrom(5);
  const [rows, inner, columns, points] = [256, 256, 128, 48];
  const product = await measureCase(gpu, caseNamed(networkCases, "network/dense_forward"), samples);
  const lattice = await measureCase(gpu, caseNamed(fieldCases, "field/lattice_step_march"), samples);
  const products = product.work.flops / median(product.timings);
  // A site moves 16 bytes.
  const updates = lattice.work.bytes / 16 / median(lattice.timings);
  const step = { laplacian: 0.1, force: 0.01, drift: 0.1 };
  return measurePeers(
    [
      productWork(draw(rows * inner), draw(inner * columns), rows, inner, columns, products),
      stencilWork(draw(points ** 3), draw(points ** 3), points, step, updates),
    ],
    samples,
  );
}

const caseNamed = <Shape>(cases: readonly KernelCase<Shape>[], name: string): KernelCase<Shape> =>
  cases.find(({ declaration }) => declaration.name === name)!;

/** @throws EngineUnavailableError where there is no adapter of that choice. */
export async function webGpuTarget(adapter: AdapterChoice): Promise<Target> {
  const gpu = await openGpu(adapter);
  // A software adapter's tiles hardly differ, and take longer to compile than its jobs to run.
  const searchTiles = gpu.adapter.type === "hardware";
  const engine = webGpuEngine(gpu, "float32", { searchTiles });
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
    layeredEngine: webGpuEngine(gpu, "float32", { searchTiles, layered: true }),
    measureCeilings: (samples) => measureCeilings(gpu, samples),
    kernels: kernelsOf(gpu),
    peers: [{ title: "peers gpu.js, float32", measure: ({ samples }) => gpuJsPeers(gpu, Math.min(samples, 5)) }],
    close: () => engine.close(),
  };
}
