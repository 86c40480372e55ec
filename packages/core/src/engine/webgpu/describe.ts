/** What `slowroll doctor` tells of WebGPU: the adapters found, or why there is none, with what each can do. */
import { EngineUnavailableError, SlowrollError } from "../../errors.ts";
import type { AdapterDescription } from "./adapter.ts";
import { assertErrorFree } from "./field/errorFree.ts";
import type { LatticePrecision } from "./field/latticeNumbers.ts";
import { type Gpu, openGpu } from "./gpu.ts";
import { readTiles } from "./network/tileCache.ts";
import { nameOf } from "./network/tiles.ts";

export interface AdapterReport {
  readonly choice: "hardware" | "software";
  /** Absent where there is no such adapter. */
  readonly adapter?: AdapterDescription;
  /** Why there is none, and what to do about it. */
  readonly missing?: string;
  /** What it keeps a state in; `compensated` for lattices only. */
  readonly precisions?: readonly LatticePrecision[];
  readonly limits?: Readonly<Record<string, number>>;
  readonly features?: readonly string[];
  /** Smallest difference seen between two timestamps, seconds; null without timestamps. */
  readonly timestampSeconds?: number | null;
  /** Tiles measured best so far, by class of product. */
  readonly tiles?: Readonly<Record<string, string>>;
}

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Timestamps of a row of empty passes; their smallest positive difference is the clock's resolution as far as it shows. */
async function timestampResolution(gpu: Gpu): Promise<number | null> {
  if (!gpu.features.has("timestamp-query")) return null;
  const count = 32;
  const querySet = gpu.device.createQuerySet({ label: "timestamps", type: "timestamp", count });
  const resolved = await gpu.buffer("timestamps", 8 * count, GPUBufferUsage.QUERY_RESOLVE);
  const encoder = gpu.device.createCommandEncoder({ label: "timestamps" });
  for (let pass = 0; pass < count / 2; pass++) {
    const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * pass, endOfPassWriteIndex: 2 * pass + 1 };
    encoder.beginComputePass({ label: "empty", timestampWrites }).end();
  }
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  gpu.device.queue.submit([encoder.finish()]);
  const times = Array.from(new BigUint64Array((await gpu.download(resolved, 8 * count)).buffer));
  const steps = times.map((time, i) => Number(time - times[Math.max(0, i - 1)]!)).filter((step) => step > 0);
  resolved.destroy();
  querySet.destroy();
  return steps.length > 0 ? Math.min(...steps) * 1e-9 : null;
}

/** `compensated` only where the adapter's compiler leaves its sums alone. */
async function precisionsOf(gpu: Gpu): Promise<LatticePrecision[]> {
  try {
    await assertErrorFree(gpu);
    return ["float32", "compensated"];
  } catch (error) {
    if (error instanceof EngineUnavailableError) return ["float32"];
    throw error;
  }
}

async function describeOne(choice: "hardware" | "software"): Promise<AdapterReport> {
  let gpu: Gpu;
  try {
    gpu = await openGpu(choice);
  } catch (error) {
    if (error instanceof SlowrollError) return { choice, missing: error.message };
    throw error;
  }
  try {
    return {
      choice,
      adapter: gpu.adapter,
      precisions: await precisionsOf(gpu),
      limits: Object.fromEntries(LIMITS.map((name) => [name, gpu.limits[name]])),
      features: [...gpu.features].sort(),
      timestampSeconds: await timestampResolution(gpu),
      tiles: Object.fromEntries(Array.from(readTiles(gpu), ([product, tile]) => [product, nameOf(tile)])),
    };
  } finally {
    gpu.close();
  }
}

/** Hardware first: the software driver, once loaded, stands before any other in this process. */
export async function describeAdapters(): Promise<AdapterReport[]> {
  return [await describeOne("hardware"), await describeOne("software")];
}
