/** Peers on the same work: gpu.js in each of its modes that runs here, and plain typed arrays, checked against each other first. */
import { createRequire } from "node:module";
import { product, type StencilStep, stencil } from "./plain.ts";
import { median } from "./report.ts";

export interface PeerResult {
  readonly name: string;
  readonly version: string;
  readonly work: string;
  /** Of both sides. */
  readonly precision: "float32" | "float64";
  readonly rate?: number;
  readonly unit: string;
  /** Ours over theirs. */
  readonly ratio?: number;
  readonly missing?: string;
}

/** Work that peers are given, with our rate on it in the same run. */
export interface PeerWork {
  readonly name: string;
  readonly unit: string;
  /** Units of work in one run. */
  readonly count: number;
  readonly ourRate: number;
  /** Runs once in plain TypeScript; what others must give. */
  plain(): Float32Array;
  /** gpu.js's source of the same, with its output's shape and a caller that gives flat numbers. */
  readonly gpuJs: GpuJsWork;
}

interface GpuJsWork {
  readonly source: string;
  readonly output: number[];
  readonly constants: Readonly<Record<string, number>>;
  readonly inputs: readonly unknown[];
}

interface GpuJsInstance {
  createKernel(source: string, settings: object): (...inputs: unknown[]) => unknown;
  destroy(): void;
}
interface GpuJsModule {
  GPU: new (settings: { mode: string }) => GpuJsInstance;
  input(value: Float32Array, size: number[]): unknown;
}

const MODES = ["cpu", "webasm", "headlessgl", "webgpu"] as const;

/** gpu.js, or why it cannot be had. */
function loadGpuJs(): { module: GpuJsModule; version: string } | { missing: string } {
  const require = createRequire(import.meta.url);
  try {
    const { version } = require("gpu.js/package.json") as { version: string };
    return { module: require("gpu.js") as GpuJsModule, version };
  } catch (error) {
    return { missing: (error as Error).message.split("\n")[0]! };
  }
}

/** Kept for good: see adapter.ts. */
const instances: GPU[] = [];

/** Runs `work` with Dawn as `navigator.gpu`, where gpu.js looks for WebGPU and Node has none. */
async function withNavigator<T>(work: () => Promise<T>): Promise<T> {
  const { create } = await import("webgpu");
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  const instance = create([]);
  instances.push(instance);
  Object.defineProperty(globalThis, "navigator", { value: { gpu: instance }, configurable: true });
  try {
    return await work();
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else Reflect.deleteProperty(globalThis, "navigator");
  }
}

function flatten(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return Array.from(value as ArrayLike<unknown>).flatMap(flatten);
}

/** `samples` timings of one run, after a first that compiles. */
async function time(run: () => unknown, samples: number): Promise<number[]> {
  const timings: number[] = [];
  for (let s = 0; s <= samples; s++) {
    const start = performance.now();
    await run();
    if (s > 0) timings.push((performance.now() - start) / 1000);
  }
  return timings;
}

function agrees(got: readonly number[], want: Float32Array): boolean {
  const scale = want.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return got.length === want.length && got.every((value, i) => Math.abs(value - want[i]!) <= 1e-4 * scale);
}

/** Peers' rates on `works`. A peer that is missing, or gives other numbers, is reported as such. */
export async function measurePeers(works: readonly PeerWork[], samples: number): Promise<PeerResult[]> {
  const results: PeerResult[] = [];
  const gpuJs = loadGpuJs();
  for (const work of works) {
    const want = work.plain();
    const { unit } = work;
    const add = (name: string, version: string, outcome: { seconds: number } | { missing: string }): void => {
      const common = { name, version, work: work.name, precision: "float32" as const, unit };
      if ("missing" in outcome) results.push({ ...common, missing: outcome.missing });
      else
        results.push({
          ...common,
          rate: work.count / outcome.seconds,
          ratio: work.ourRate / (work.count / outcome.seconds),
        });
    };
    add("typed arrays", process.version, { seconds: median(await time(work.plain, samples)) });
    for (const mode of MODES) {
      if ("missing" in gpuJs) {
        add(`gpu.js ${mode}`, "-", gpuJs);
        continue;
      }
      const { module, version } = gpuJs;
      const measure = async (): Promise<void> => {
        let instance: GpuJsInstance | undefined;
        try {
          instance = new module.GPU({ mode });
          const { source, output, constants, inputs } = work.gpuJs;
          const kernel = instance.createKernel(source, { output, constants });
          const got = flatten(await kernel(...inputs));
          if (!agrees(got, want)) throw new Error("its numbers differ from the typed arrays'");
          add(`gpu.js ${mode}`, version, { seconds: median(await time(() => kernel(...inputs), samples)) });
        } finally {
          instance?.destroy();
        }
      };
      try {
        await (mode === "webgpu" ? withNavigator(measure) : measure());
      } catch (error) {
        add(`gpu.js ${mode}`, version, { missing: (error as Error).message.split("\n")[0]! });
      }
    }
  }
  return results;
}

const rowsOf = (flat: Float32Array, columns: number): Float32Array[] =>
  Array.from({ length: flat.length / columns }, (_, r) => flat.subarray(r * columns, (r + 1) * columns));

/** The product of a forward step: units [rows] from weights [rows][inner] and activations [inner][columns]. */
export function productWork(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
  ourRate: number,
): PeerWork {
  return {
    name: `matrix step ${rows} x ${inner} x ${columns}`,
    unit: "flop/s",
    count: 2 * rows * inner * columns,
    ourRate,
    plain: () => product(a, b, rows, inner, columns),
    gpuJs: {
      source:
        "function(a, b) { let sum = 0; for (let k = 0; k < this.constants.inner; k++) { sum += a[this.thread.y][k] * b[k][this.thread.x]; } return sum; }",
      output: [columns, rows],
      constants: { inner },
      inputs: [rowsOf(a, inner), rowsOf(b, columns)],
    },
  };
}

/** The drift of a kicked field: gpu.js kernels have one output, so the new field is what is compared. */
export function stencilWork(
  field: Float32Array,
  momentum: Float32Array,
  points: number,
  step: StencilStep,
  ourRate: number,
): PeerWork {
  const planes = (flat: Float32Array): Float32Array[][] =>
    rowsOf(flat, points * points).map((plane) => rowsOf(plane, points));
  return {
    name: `stencil ${points}^3`,
    unit: "site updates/s",
    count: points ** 3,
    ourRate,
    plain: () => stencil(field, momentum.slice(), points, step),
    gpuJs: {
      source: `function(field, momentum) {
        const n = this.constants.points;
        const x = this.thread.x; const y = this.thread.y; const z = this.thread.z;
        let right = x + 1; if (right === n) { right = 0; }
        let left = x - 1; if (x === 0) { left = n - 1; }
        let north = y + 1; if (north === n) { north = 0; }
        let south = y - 1; if (y === 0) { south = n - 1; }
        let up = z + 1; if (up === n) { up = 0; }
        let down = z - 1; if (z === 0) { down = n - 1; }
        const phi = field[z][y][x];
        const sum = field[z][y][right] + field[z][y][left] + field[z][north][x] + field[z][south][x] + field[up][y][x] + field[down][y][x];
        const pi = momentum[z][y][x] + this.constants.laplacian * (sum - 6 * phi) - this.constants.force * phi * phi * phi;
        return phi + this.constants.drift * pi;
      }`,
      output: [points, points, points],
      constants: { points, laplacian: step.laplacian, force: step.force, drift: step.drift },
      inputs: [planes(field), planes(momentum)],
    },
  };
}
