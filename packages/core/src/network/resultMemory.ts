/** What a network study's result takes of the host, beside what its engine takes. */
import { assertHeap, GARBAGE, listBytes } from "../lists.ts";
import { quadraticMass } from "../theory/prediction.ts";
import type { JobSetup } from "./setup.ts";
import type { NetworkStudy } from "./study.ts";

/** Bytes of theory's moments over samples at one record, of one output or of the loss: measured. */
const SAMPLED = 2200;
/** Matrices [D][D] that every result has of each output: covariances, kernels, theory's covariance. */
const MATRICES = 5;

/**
 * Bytes that the host takes for the result of a study of so many `records`, and so many `kernels` among them.
 * @throws InputError where the result does not fit V8's heap.
 */
export function planResult(
  { data, potential, subsets }: Pick<JobSetup, "data" | "potential" | "subsets">,
  { network, observe }: Pick<NetworkStudy, "network" | "observe">,
  records: number,
  kernels: number,
): number {
  const { points: D, outputs: C } = data;
  const matrices =
    (MATRICES * C + (observe?.kernelMatrices ? kernels : 0)) * listBytes(D, D) +
    (observe?.kernelsEvery === undefined ? 0 : listBytes(kernels, D)) +
    (observe?.parameterNorms ? 2 * listBytes(kernels, network.depth + 1) : 0);
  const samples = subsets !== undefined || quadraticMass(potential) === undefined;
  // Mean and std of the networks, of theory, and of the networks' linearisations; the mean along modes; the error that samples leave.
  const series = 5 + (samples ? 1 : 0) + (observe?.linearised ? 2 : 0);
  const trajectories =
    series * (C > 1 ? listBytes(records, D, C) : listBytes(records, D)) + (samples ? records * (C + 1) * SAMPLED : 0);
  assertHeap([
    { bytes: trajectories, path: "training.recordEvery", mend: "record less often" },
    { bytes: matrices, path: "observe.kernelsEvery", mend: "record kernels less often" },
  ]);
  /** Moments of the outputs and the standard deviations out of them, [T][D][C] in float64. */
  const statistics = 3 * 8 * records * D * C;
  return statistics + GARBAGE * (trajectories + matrices);
}
