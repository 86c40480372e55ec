/** The outputs' products with the last hidden layer: readout with the force, and backward with the descent fused in. */
import { emitWgsl } from "../../../potential/wgsl.ts";
import { along, type Bound } from "./bound.ts";
import type { Layer } from "./denseProducts.ts";
import * as kernels from "./ensembleKernels.ts";
import type { EnsembleState } from "./ensembleState.ts";
import { sharing } from "./firstLayer.ts";
import type { Setting } from "./tiledProducts.ts";

/**
 * Outputs that a kernel takes at once, with their sums in registers: for each it reads the weights, for all of them once the units. Even
 * parts, eight at most: a readout's invocation then sums as many vectors as a skinny product's of two groups of data.
 */
export const outputBlock = (outputs: number): number => Math.ceil(outputs / Math.ceil(outputs / 8));

export interface OutputLayer {
  /** The force, and the outputs where a record is given, into `recorded`, [records][networks][outputs][chunks]. */
  readout(recorded: GPUBuffer): Promise<Bound>;
  /** Deltas of the last hidden layer with the weights of before the step, then the descent. */
  backward(): Promise<Bound>;
}

/** `last` is the hidden layer below. Each throws ShaderCompileError, OutOfDeviceMemoryError. */
export function outputLayer(
  { gpu, job, plan, bind }: Setting,
  { output, targets }: Pick<EnsembleState, "output" | "targets">,
  last: Layer,
  force: GPUBuffer,
): OutputLayer {
  const { learningRate, momentum } = job;
  const { data, outputs, chunks } = plan;
  const { hidden, slope, delta } = last;
  const units = job.architecture.width + 1;
  const { rows } = plan.layers[0]!;
  const BLOCK = outputBlock(outputs);
  return {
    readout: (recorded) =>
      bind(
        kernels.readout,
        { constants: { OUTPUTS: outputs, BLOCK }, code: emitWgsl(job.potential) },
        { hidden, weights: output.weights, targets, force, outputs: recorded },
        { units, rows, chunks, data },
        () => [Math.ceil(outputs / BLOCK), chunks],
      ),
    backward() {
      const { lanes, includes } = sharing(gpu.adapter.type, chunks);
      return bind(
        kernels.outputBackward,
        { includes, constants: { OUTPUTS: outputs, BLOCK, MOMENTUM: momentum > 0 } },
        { ...output, force, hidden, slope, delta },
        { units, rows, chunks, learningRate, momentum },
        along(units * lanes),
      );
    },
  };
}
