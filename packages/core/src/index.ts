/**
 * The library: everything the command line does is a call of these. A study goes in as plain data, an engine runs its jobs, a result with
 * the contract's keys comes out.
 */
export { enableFusedMultiplyAdd } from "@slowroll/wasm";
export { parseConfig, sweepPoints } from "./config/parse.ts";
export { type Config, type ConfigCommand, jsonSchema } from "./config/schema.ts";
export { type Dictionary, dictionary, stepEquation } from "./duality/dictionary.ts";
export { compareDuals, exactDual, secondOrderDual, slowRollDual } from "./duality/dual.ts";
export { type KernelResult, kernelStudy } from "./duality/kernel.ts";
export { type DualityResult, dualityStudy } from "./duality/run.ts";
export { measureScaling, type ScalingResult } from "./duality/scaling.ts";
export type { DualityStudy } from "./duality/study.ts";
export type { Engine, JobControl, LatticeReport } from "./engine/engine.ts";
export type { EnsembleBatch, EnsembleJob } from "./engine/ensembleJob.ts";
export type { LatticeJob, LatticeState } from "./engine/latticeJob.ts";
export { lazyEngine, openEngine } from "./engine/open.ts";
export {
  DeviceLostError,
  DivergenceError,
  EngineUnavailableError,
  ExpressionError,
  GpuValidationError,
  InputError,
  InterruptedError,
  OutOfDeviceMemoryError,
  ShaderCompileError,
  SlowrollError,
  UnwritableError,
  WorkerLostError,
} from "./errors.ts";
export { type Background, createBackground, loadBackground } from "./field/background.ts";
export { bunchDavies } from "./field/bunchDavies.ts";
export { integrate } from "./field/integrate.ts";
export type { Checkpointing } from "./field/lattice.ts";
export type { FieldResult } from "./field/result.ts";
export { type FieldRun, fieldStudy } from "./field/run.ts";
export { buildSchedule } from "./field/schedule.ts";
export type { FieldStudy } from "./field/study.ts";
export { fieldSweep, type SweepEntry, type SweepResult, type SweepRun } from "./field/sweep.ts";
export type { SweepPoint } from "./field/sweepPoint.ts";
export { type FieldCheckpoint, readCheckpoint, writeCheckpoint } from "./files/checkpoint.ts";
export { type CosmoLatticeState, readCosmoLattice } from "./files/cosmolattice.ts";
export { createTrajectoryFile, type TrajectoryFile } from "./files/trajectories.ts";
export { createTransform, type HalfComplex, type Transform } from "./fourier/transform.ts";
export { type Eigen, eigen } from "./linalg/eigen.ts";
export { type Activation, activationNamed, activations } from "./network/activations.ts";
export { prepareData } from "./network/data.ts";
export { type NetworkResult, networkStudy } from "./network/run.ts";
export type { NetworkStudy } from "./network/study.ts";
export { builtins } from "./potential/builtins/index.ts";
export { checkPotential } from "./potential/check.ts";
export { compilePotential } from "./potential/compile.ts";
export type { Potential, PotentialSpec } from "./potential/potential.ts";
export { emitWgsl } from "./potential/wgsl.ts";
export { normals } from "./random/normal.ts";
export { philox4x32 } from "./random/philox.ts";
export { infiniteWidthKernels } from "./theory/kernels.ts";
export { quadraticPrediction, recursion, testPrediction } from "./theory/prediction.ts";
