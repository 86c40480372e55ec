/** Time of one dispatch: many of them in one pass, by the device's own clock where it has one, by the host's otherwise. */
import type { Gpu } from "./gpu.ts";
import { type Dispatch, encode } from "./submit.ts";

const MAX_REPEATS = 4096;

/** Seconds that `repeats` dispatches in one pass take. */
async function passSeconds(gpu: Gpu, dispatch: Dispatch, repeats: number): Promise<number> {
  const { device } = gpu;
  const timed = gpu.features.has("timestamp-query");
  const querySet = timed ? device.createQuerySet({ label: "pass", type: "timestamp", count: 2 }) : undefined;
  const encoder = device.createCommandEncoder({ label: "bench" });
  const pass = encoder.beginComputePass({
    label: "bench",
    ...(querySet ? { timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } } : {}),
  });
  for (let r = 0; r < repeats; r++) encode(pass, dispatch);
  pass.end();
  const resolved = querySet && (await gpu.buffer("timestamps", 16, GPUBufferUsage.QUERY_RESOLVE));
  if (querySet && resolved) encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
  const start = performance.now();
  device.queue.submit([encoder.finish()]);
  await gpu.finished();
  let seconds = (performance.now() - start) / 1000;
  if (resolved) {
    const [begin, end] = new BigUint64Array((await gpu.download(resolved, 16)).buffer);
    // A clock that did not move is no clock.
    if (end! > begin!) seconds = Number(end! - begin!) * 1e-9;
    resolved.destroy();
    querySet?.destroy();
  }
  return seconds;
}

/** `samples` timings of one dispatch, seconds each, each of as many of them in a row as take `sampleSeconds`. */
export async function timeDispatch(
  gpu: Gpu,
  dispatch: Dispatch,
  samples: number,
  sampleSeconds = 0.03,
): Promise<number[]> {
  await passSeconds(gpu, dispatch, 1);
  const once = await passSeconds(gpu, dispatch, 1);
  const repeats = Math.max(1, Math.min(MAX_REPEATS, Math.ceil(sampleSeconds / Math.max(once, 1e-7))));
  const timings: number[] = [];
  for (let s = 0; s < samples; s++) timings.push((await passSeconds(gpu, dispatch, repeats)) / repeats);
  return timings;
}
