/** The norms of a batch's weights and of their way from the start, reduced on the device: shaders/network/parameter_norms.wgsl. */
import { keyOfSeed } from "../../../random/philox.ts";
import type { EnsembleJob } from "../../ensembleJob.ts";
import type { Gpu } from "../gpu.ts";
import { loadKernel } from "../kernel.ts";
import { recordStride, slotData } from "../slots.ts";
import { type Dispatch, encode } from "../submit.ts";
import { parameterNorms } from "./ensembleKernels.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";
import type { EnsembleState } from "./ensembleState.ts";

export interface ParameterNorms {
  /** Encodes the norms of `count` networks with their present weights into record `record`. */
  encode(pass: GPUComputePassEncoder, record: number, count: number): void;
  /** Of `count` networks, float64 [count][records][layers][2]. */
  read(count: number): Promise<Float64Array>;
}

export async function createParameterNorms(
  gpu: Gpu,
  job: EnsembleJob,
  plan: EnsemblePlan,
  state: EnsembleState,
): Promise<ParameterNorms> {
  const kernel = await loadKernel(gpu, parameterNorms);
  const records = job.recordKernels.length;
  const { draws } = state;
  const parts = draws.length;
  const groups = plan.normGroups;
  const norms = await state.storage("parameter norms", 8 * plan.batch * records * parts * groups);
  const stride = recordStride(gpu.limits);
  const slots = slotData(stride, records, (r) => [r]);
  const slot = await state.constant("norm slots", slots, GPUBufferUsage.UNIFORM);
  const seed = keyOfSeed(job.seed);
  const bindings: GPUBindGroup[] = [];
  for (const [part, { weights, params }] of draws.entries()) {
    const values = new Uint32Array(kernel.uniform("params", { ...params, seed, part, parts }));
    const uniform = await state.constant("norm parameters", values, GPUBufferUsage.UNIFORM);
    bindings.push(await kernel.bind({ weights, norms, params: uniform, origin: state.origin, slot }));
  }
  return {
    encode(pass, record, count) {
      for (const binding of bindings) {
        const dispatch: Dispatch = {
          pipeline: kernel.pipeline,
          bindings: binding,
          workgroups: [groups, 1, count],
          offsets: [record * stride],
        };
        encode(pass, dispatch);
      }
    },
    async read(count) {
      const raw = await gpu.download(norms, 8 * records * count * parts * groups);
      const layers = state.layers.length + 1;
      const result = new Float64Array(count * records * layers * 2);
      for (let r = 0, from = 0; r < records; r++) {
        for (let m = 0; m < count; m++) {
          for (const { layer } of draws) {
            const to = ((m * records + r) * layers + layer) * 2;
            for (let i = 0; i < 2 * groups; i++) result[to + (i % 2)]! += raw[from++]!;
          }
        }
      }
      return result;
    },
  };
}
