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

/** Takes one sample: seconds of one dispatch, from as many of them in a row as take a time that can be told. */
export type Sample = () => Promise<number>;

/** Samples of one dispatch, of `seconds` each. What its first run costs more is over when this resolves. */
export async function sampler(gpu: Gpu, dispatch: Dispatch, seconds = 0.03): Promise<Sample> {
  await passSeconds(gpu, dispatch, 1);
  const once = await passSeconds(gpu, dispatch, 1);
  const repeats = Math.max(1, Math.min(MAX_REPEATS, Math.ceil(seconds / Math.max(once, 1e-7))));
  return async () => (await passSeconds(gpu, dispatch, repeats)) / repeats;
}

/** `samples` timings of one dispatch, seconds each. */
export async function timeDispatch(gpu: Gpu, dispatch: Dispatch, samples: number): Promise<number[]> {
  const sample = await sampler(gpu, dispatch);
  const timings: number[] = [];
  for (let s = 0; s < samples; s++) timings.push(await sample());
  return timings;
}
