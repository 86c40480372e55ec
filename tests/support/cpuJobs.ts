/** Jobs of the CPU engine that tests interrupt, end and repeat: as long as their steps, and as large as their points or width. */
import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import type { LatticeJob } from "@slowroll/core/engine/latticeJob";
import { activationNamed } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";

export const engineOf = (threads = 2) => openCpuEngine({ precision: "float64", threads, reason: "test" });

export async function latticeJob(points: number, operations: number): Promise<LatticeJob> {
  const sites = points ** 3;
  return {
    grid: { dimensions: 3, points, spacing: 1, stencil: 2 },
    realisations: 1,
    fields: 1,
    potential: await compilePotential("quartic"),
    initial: async () => ({ field: new Float64Array(sites).fill(1), momentum: new Float64Array(sites) }),
    schedule: { kind: "prescribed", coefficients: new Float64Array(3 * operations).fill(1e-4) },
    observeAfter: [operations],
    reductions: [{ kind: "field" }],
  };
}

export async function ensembleJob(width: number, steps: number, depth = 1): Promise<EnsembleJob> {
  return {
    architecture: {
      inputDimension: 1,
      depth,
      width,
      activation: activationNamed("erf"),
      weightStd: 1.5,
      biasStd: 0.1,
    },
    inputs: Float64Array.of(-1, 1),
    targets: Float64Array.of(1, 0),
    potential: await compilePotential("quadratic"),
    learningRate: 0.01,
    momentum: 0,
    steps,
    seed: 1,
    networks: { first: 0, count: 4 },
    recordOutputs: [steps],
    recordKernels: [],
  };
}
/** After so many milliseconds such a job is well under way. */
export const UNDER_WAY = 150;
