/**
 * Each network's empirical kernel from its units and the sensitivities of its outputs to them, layer by layer: shaders/network/
 * kernel_layer.wgsl. With several outputs each has sensitivities of its own, C times the columns of the deltas that training needs.
 */
import { type EnsembleJob, kernelPartsOf } from "../engine.ts";
import { along, type Bind, type Bound } from "./bound.ts";
import type { Layer } from "./denseProducts.ts";
import * as kernels from "./ensembleKernels.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";
import type { EnsembleState } from "./ensembleState.ts";
import { encode } from "./submit.ts";

export interface EmpiricalKernels {
  /** Encodes the kernels of `count` networks, or their parts, from their present units into record `record`. */
  encode(pass: GPUComputePassEncoder, record: number, count: number): void;
  /** [records][networks][4 columns][columns], columns [outputs][chunks]; a kernel's parts one after another as so many records. */
  readonly recorded: GPUBuffer;
}

/** `backward` takes the sensitivities from each hidden layer to the one below, last first. Throws ShaderCompileError, OutOfDeviceMemoryError. */
export async function bindEmpiricalKernels(
  bound: Bind,
  job: EnsembleJob,
  { chunks, outputs, outputChunks, layers: shapes, batch }: EnsemblePlan,
  state: EnsembleState,
  layers: readonly Layer[],
  backward: readonly Bound[],
): Promise<EmpiricalKernels> {
  const { inputDimension, width } = job.architecture;
  const parts = kernelPartsOf(job);
  const { rows } = shapes[0]!;
  const recorded = await state.storage("kernels", 64 * batch * outputChunks ** 2 * job.recordKernels.length * parts);
  const last = layers[layers.length - 1]!;
  const outermost = await bound(
    kernels.outputSensitivity,
    {},
    { slope: last.slope, weights: state.output.weights, sensitivity: last.sensitivity },
    { width, rows, chunks },
    (...of) => [along(width * chunks)(...of)[0], outputs],
  );
  // Part l belongs to the weights into layer l, the last part to the outputs'.
  const products: Bound[] = [];
  for (let l = 0; l <= layers.length; l++) {
    const upper = layers[l];
    const lower = layers[l - 1];
    products.push(
      await bound(
        kernels.kernelLayer,
        { constants: { OUTPUTS: outputs } },
        { sensitivity: (upper ?? last).sensitivity, below: lower?.hidden ?? state.inputs, kernels: recorded },
        {
          units: upper ? width : 0,
          rows,
          inputs: lower ? width + 1 : inputDimension + 1,
          rowsBelow: lower ? rows : 0,
          chunks,
          accumulate: parts > 1 ? 0 : l,
        },
        () => [outputChunks, chunks],
      ),
    );
  }
  return {
    recorded,
    encode(pass, record, count) {
      for (const part of [outermost, ...backward]) encode(pass, part(count));
      for (const [l, part] of products.entries()) encode(pass, part(count, record * parts + (parts > 1 ? l : 0)));
    },
  };
}
