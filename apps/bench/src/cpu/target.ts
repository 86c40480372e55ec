/** The CPU engine: its ceilings, products and transforms on all workers at once, and peers on the same jobs. */
import { availableParallelism } from "node:os";
import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
import { packedBytes } from "@slowroll/core/engine/cpu/ensemble";
import { createPool, type Pool, type Session } from "@slowroll/core/engine/cpu/pool";
import type { Engine } from "@slowroll/core/engine/engine";
import { EngineUnavailableError } from "@slowroll/core/errors";
import { assemblePotential } from "@slowroll/core/potential/assemble";
import { compilePotential } from "@slowroll/core/potential/compile";
import { uniforms } from "@slowroll/core/random/normal";
import { readBenchModule } from "@slowroll/wasm";
import { lattice } from "../lattices.ts";
import { enginePeers } from "../peers/engine.ts";
import { measurePeers, type PeerResult, productWork, stencilWork } from "../peers.ts";
import { type Ceilings, type Measurement, median } from "../report.ts";
import type { Benchmark, MeasureOptions, Target } from "../target.ts";
import { FOURIER_KERNELS, FOURIER_SIDES, measureFourier } from "./fourier.ts";

type Precision = "float32" | "float64";
const PRECISIONS = ["float32", "float64"] as const;

/** Bytes of one worker's copy: larger than its share of the last cache. */
const COPY_BYTES = 64 * 2 ** 20;
const DATA = 4096;
/** Side of the lattice that peers evolve too. */
const POINTS = 128;

/** A session of the benchmark's own module; each worker has `bytes` bytes of its own. */
async function openSession(pool: Pool, bytes: number): Promise<{ session: Session; base(worker: number): number }> {
  const potential = await assemblePotential(await compilePotential("quadratic"), "float32");
  const base = (worker: number): number => DATA + worker * bytes;
  const session = await pool.open(
    {
      activation: "linearRow32",
      potential,
      kernels: readBenchModule(),
      bytes: base(pool.threads),
      workers: pool.threads,
      setup: () => [],
    },
    "slowroll-bench",
  );
  return { session, base };
}

/** Rounds of one call of the multiply-add ceiling, and operations of each on one lane. */
const ROUNDS = 20_000;
const ROUND_FLOPS = 24;

/** Operations a second of all workers on sums in registers; `target` has room for a vector. */
async function multiplyAdds(
  session: Session,
  bits: 32 | 64,
  target: (worker: number) => number,
  repeats = 200,
): Promise<number> {
  const { seconds, values } = await session.run((w) => [[`multiplyAdd${bits}`, ROUNDS, repeats, target(w)]], {});
  return values.reduce((sum, value) => sum + value, 0) / seconds;
}

async function measureCeilings(pool: Pool, samples: number): Promise<Ceilings> {
  const { session, base } = await openSession(pool, 2 * COPY_BYTES);
  const best = async (run: () => Promise<number>): Promise<number> => {
    let largest = 0;
    for (let s = 0; s <= samples; s++) largest = Math.max(largest, await run());
    return largest;
  };
  const repeats = 4;
  const copyBytesPerSecond = await best(async () => {
    const { seconds } = await session.run((w) => [["copy", base(w), base(w) + COPY_BYTES, COPY_BYTES, repeats]], {});
    return (2 * COPY_BYTES * repeats * session.workers) / seconds;
  });
  const flops = (bits: 32 | 64) => best(() => multiplyAdds(session, bits, base));
  const dispatches: number[] = [];
  for (let s = 0; s < 200; s++) dispatches.push((await session.run(() => [], {})).seconds);
  return {
    copyBytesPerSecond,
    flopsPerSecond: await flops(32),
    float64FlopsPerSecond: await flops(64),
    dispatchSeconds: median(dispatches),
  };
}

/** A product's export, its shape, and the plain sum that one element of C must be. */
interface ProductKernel {
  readonly name: "product" | "dots" | "descend";
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Element (m, n) from A and B with rows `stride` apart. */
  element(a: ArrayLike<number>, b: ArrayLike<number>, stride: number, m: number, n: number): number;
}

const sizeOf = ({ rows, inner, columns }: ProductKernel): string => `${rows} x ${inner} x ${columns}`;

const sumOver = (inner: number, term: (k: number) => number): number => {
  let sum = 0;
  for (let k = 0; k < inner; k++) sum += term(k);
  return sum;
};

const forward = (rows: number, inner: number): ProductKernel => ({
  name: "product",
  rows,
  columns: 512,
  inner,
  element: (a, b, stride, m, n) => sumOver(inner, (k) => a[m * stride + k]! * b[k * stride + n]!),
});
const back = (rows: number, inner: number): ProductKernel => ({
  name: "dots",
  rows,
  columns: 512,
  inner,
  element: (a, b, stride, m, n) => sumOver(inner, (k) => a[m * stride + k]! * b[n * stride + k]!),
});
const update = (rows: number, inner: number): ProductKernel => ({
  name: "descend",
  rows,
  columns: 512,
  inner,
  element: (a, b, stride, m, n) => sumOver(inner, (k) => a[k * stride + m]! * b[k * stride + n]!),
});
const SQUARE = forward(512, 512);
/** Square products, and those of a layer of 512 units with 8 data. */
const PRODUCTS = [SQUARE, back(512, 512), update(512, 512), forward(8, 512), back(8, 512), update(512, 8)];

/** Rows of 512 elements and a cache line, as a layer's are. */
const STRIDE = 528;
const MATRIX = 512 * STRIDE;
const SAMPLE_SECONDS = 0.05;

async function measureProduct(
  pool: Pool,
  kernel: ProductKernel,
  precision: Precision,
  samples: number,
): Promise<Measurement> {
  const size = precision === "float64" ? 8 : 4;
  const matrix = MATRIX * size + 1024;
  const { session, base } = await openSession(
    pool,
    3 * matrix + packedBytes(Math.max(kernel.rows, kernel.inner), kernel.columns, size),
  );
  const { buffer } = session.memory;
  const view = (address: number): Float32Array | Float64Array =>
    size === 8 ? new Float64Array(buffer, address, MATRIX) : new Float32Array(buffer, address, MATRIX);
  const { name, rows, columns, inner } = kernel;
  const next = uniforms(7, 0);
  for (let worker = 0; worker < session.workers; worker++) {
    for (const m of [0, 1]) {
      const elements = view(base(worker) + m * matrix);
      for (let i = 0; i < MATRIX; i++) elements[i] = 2 * next() - 1;
    }
  }
  const bits = size === 8 ? 64 : 32;
  const call = (worker: number) => {
    const [a, b, c, scratch] = [0, 1, 2, 3].map((m) => base(worker) + m * matrix) as [number, number, number, number];
    return [`${name}${bits}`, a, b, c, STRIDE, rows, columns, inner, scratch, 0, 0] as const;
  };
  await session.run((worker) => [call(worker)], {});
  const [a, b, c] = [view(base(0)), view(base(0) + matrix), view(base(0) + 2 * matrix)];
  for (const [m, n] of [
    [0, 0],
    [rows - 1, columns - 1],
    [rows >> 1, 37],
  ] as const) {
    const wrong = Math.abs(c[m * STRIDE + n]! - kernel.element(a, b, STRIDE, m, n));
    if (!(wrong < (inner + 8) * (size === 8 ? 2 ** -52 : 2 ** -23)))
      throw new Error(`${name} is wrong by ${wrong.toExponential(1)}: its speed means nothing`);
  }
  const flops = 2 * rows * columns * inner;
  const repeats = Math.max(1, Math.ceil((SAMPLE_SECONDS * 2e10) / flops));
  const timings: number[] = [];
  const ceilingsBeside: number[] = [];
  // Before and after each timing, and of as many operations: clocks and neighbours change within a second, and what takes a core away for
  // some milliseconds must have the same chance to meet either. Its one vector goes where the products lay out theirs.
  const ceilingRepeats = Math.ceil((flops * repeats * bits) / (ROUND_FLOPS * ROUNDS * 128));
  const ceiling = (): Promise<number> =>
    multiplyAdds(session, bits, (worker) => base(worker) + 3 * matrix, ceilingRepeats);
  let before = await ceiling();
  for (let s = 0; s <= samples; s++) {
    const { seconds } = await session.run((worker) => new Array(repeats).fill(call(worker)), {});
    const after = await ceiling();
    if (s > 0) {
      timings.push(seconds / repeats);
      ceilingsBeside.push((before + after) / 2);
    }
    before = after;
  }
  const work = { flops: flops * session.workers, bytes: 0, unit: "flop/s" };
  return { name: `linalg/${name}`, size: sizeOf(kernel), precision, timings, ceilingsBeside, work };
}

function kernelsOf(pool: Pool, precision: Precision): Benchmark<Measurement>[] {
  const products = PRODUCTS.map((kernel) => ({
    title: `linalg/${kernel.name}, ${sizeOf(kernel)}, ${precision}`,
    measure: async ({ samples }: MeasureOptions) => [await measureProduct(pool, kernel, precision, samples)],
  }));
  const transforms = FOURIER_KERNELS.flatMap((kernel) =>
    FOURIER_SIDES.map((points) => ({
      title: `fourier/${kernel}, ${points}^3, ${precision}`,
      measure: async ({ samples }: MeasureOptions) => [await measureFourier(pool, kernel, points, precision, samples)],
    })),
  );
  return [...products, ...transforms];
}

/** gpu.js and plain typed arrays in float32 on the first product and the prescribed lattice, whose rates here are taken just before. */
async function gpuJsPeers(pool: Pool, engine: Engine, samples: number): Promise<PeerResult[]> {
  const { timings, work } = await measureProduct(pool, SQUARE, "float32", samples);
  const evolution = await lattice(engine, POINTS, 200);
  await evolution.run();
  const next = uniforms(5, 0);
  const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * next() - 1);
  const { rows, inner, columns } = SQUARE;
  const step = { laplacian: 0.1, force: 0.01, drift: 0.1 };
  return measurePeers(
    [
      productWork(draw(rows * inner), draw(inner * columns), rows, inner, columns, work.flops / median(timings)),
      stencilWork(draw(POINTS ** 3), draw(POINTS ** 3), POINTS, step, evolution.work / (await evolution.run())),
    ],
    samples,
  );
}

/** @throws EngineUnavailableError where the kernels are not built. */
export function cpuTarget(threads: number = availableParallelism()): Target {
  const pool = createPool(threads);
  const engines = new Map<Precision, Engine>();
  const engine = (precision: Precision): Engine => {
    const opened = engines.get(precision) ?? openCpuEngine({ precision, threads, reason: "" });
    engines.set(precision, opened);
    return opened;
  };
  const { reason: _reason, ...info } = engine("float32").info;
  return {
    info,
    precisions: PRECISIONS,
    scale: "cpu",
    async engine(precision) {
      if (precision === "compensated") throw new EngineUnavailableError("the cpu engine has no precision compensated");
      return engine(precision);
    },
    measureCeilings: (samples) => measureCeilings(pool, samples),
    kernels: PRECISIONS.flatMap((precision) => kernelsOf(pool, precision)),
    peers: [
      ...enginePeers(engine),
      {
        title: "peers gpu.js, float32",
        measure: ({ samples }) => gpuJsPeers(pool, engine("float32"), Math.min(samples, 3)),
      },
    ],
    async close() {
      await Promise.all([pool.close(), ...[...engines.values()].map((opened) => opened.close())]);
    },
  };
}
