/** Dispatches that are bound once and recorded many times, of which some write a record whose place a dynamic offset picks. */

import type { Gpu } from "../gpu.ts";
import { type Kernel, type KernelDeclaration, loadKernel, type Specialisation } from "../kernel.ts";
import { recordStride, slotData } from "../slots.ts";
import type { Dispatch } from "../submit.ts";
import type { EnsembleState } from "./ensembleState.ts";

/** A dispatch that is bound and waits for the number of networks and, if it records, the record's place. */
export type Bound = (count: number, record?: number) => Dispatch;

/**
 * Binds a kernel to buffers and parameters that live as long as the state; `groups` are its workgroups for one network, of which a dispatch
 * has at most `most` along one dimension.
 */
export type Bind = <B extends string>(
  declaration: KernelDeclaration<B>,
  specialisation: Specialisation,
  buffers: Readonly<Record<B, GPUBuffer>>,
  params: Readonly<Record<string, number>>,
  groups: (kernel: Kernel<B>, most: number) => readonly [number, number],
) => Promise<Bound>;

/** Workgroups of a kernel that goes along `items` units, and again where there are more of them than invocations. */
export const along = (items: number) => (kernel: Kernel<string>, most: number) =>
  [Math.min(most, Math.ceil(items / kernel.workgroup[0])), 1] as const;

/** What binds the kernels of one batch's trainer, whose kernels with a `slot` write into one of `records` places, or none. */
export async function createBind(gpu: Gpu, state: EnsembleState, records: number): Promise<Bind> {
  // One slot for each record, and a last one that means none.
  const stride = recordStride(gpu.limits);
  const slots = slotData(stride, records + 1, (r) => [r < records ? r : 0xffffffff]);
  const slot = await state.constant("record slots", slots, GPUBufferUsage.UNIFORM);
  return async (declaration, specialisation, buffers, params, groups) => {
    const kernel = await loadKernel(gpu, declaration, specialisation);
    const isRecording = declaration.dynamic !== undefined;
    const uniform = new Uint32Array(kernel.uniform("params", params));
    const bindings = await kernel.bind({
      ...buffers,
      params: await state.constant(`${declaration.name} parameters`, uniform, GPUBufferUsage.UNIFORM),
      ...(isRecording ? { slot } : {}),
    });
    const [x, y] = groups(kernel, gpu.limits.maxComputeWorkgroupsPerDimension);
    return (count, record = records) => ({
      pipeline: kernel.pipeline,
      bindings,
      workgroups: [x, y, count],
      ...(isRecording ? { offsets: [record * stride] } : {}),
    });
  };
}
