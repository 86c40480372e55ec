/** The whole jobs that are timed, as data: resident and layered training, empirical kernels, and a lattice's evolution. */
import type { Engine } from "@slowroll/core/engine/engine";
import type { JobBenchmark, Scale } from "./job.ts";
import { expandingLattice, lattice } from "./lattices.ts";
import { empiricalKernels, leftOut, type NetworkShape, training, trainingName } from "./networks.ts";

const WIDTHS = [64, 256, 1024, 4096] as const;

const TRAININGS: readonly NetworkShape[] = [
  ...[8, 128].flatMap((data) => [1, 2].flatMap((depth) => WIDTHS.map((width) => ({ width, depth, data })))),
  ...[1, 2].map((depth) => ({ width: 1024, depth, data: 8, outputs: 10 })),
];
/** Trained both by the resident kernel, as one of the above, and layer by layer. */
const LAYERED: NetworkShape = { width: 256, depth: 1, data: 8 };
const KERNELS: NetworkShape = { width: 1024, depth: 1, data: 8 };

/**
 * Networks whose kernels are taken; sides and operations of the lattices, on a GPU as many as a run has that tries sweeps of two operations.
 * A software adapter's speed is no adapter's: it shows that they run.
 */
const AMOUNTS = {
  gpu: { kernels: 64, lattices: [[256, 4000]], expanding: [[256, 1000]] },
  cpu: {
    kernels: 64,
    lattices: [
      [128, 200],
      [256, 40],
    ],
    expanding: [[128, 100]],
  },
  software: { kernels: 4, lattices: [[32, 20]], expanding: [[16, 20]] },
} as const;

export interface Jobs {
  readonly timed: readonly JobBenchmark[];
  /** What this scale has no time for, and why. */
  readonly leftOut: readonly { readonly name: string; readonly size: string; readonly reason: string }[];
}

/**
 * The jobs of an engine of that scale; an engine of compensated numbers evolves lattices alone. `layeredEngine` trains a shape once more
 * that the engine has a faster way for.
 */
export async function jobBenchmarks(engine: Engine, scale: Scale, layeredEngine?: Engine): Promise<Jobs> {
  const { kernels, lattices, expanding } = AMOUNTS[scale];
  const shapes = engine.info.precision === "compensated" ? [] : TRAININGS;
  const timed = await Promise.all([
    ...shapes.filter((shape) => !leftOut(shape, scale)).map((shape) => training(engine, shape, scale)),
    ...(layeredEngine ? [training(layeredEngine, LAYERED, scale, ", layer by layer")] : []),
    ...(shapes.length > 0 ? [false, true] : []).map((waited) => empiricalKernels(engine, KERNELS, kernels, waited)),
    ...lattices.map(([points, operations]) => lattice(engine, points, operations)),
    ...expanding.map(([points, operations]) => expandingLattice(engine, points, operations)),
  ]);
  return {
    timed,
    leftOut: shapes.flatMap((shape) => {
      const reason = leftOut(shape, scale);
      return reason ? [{ name: trainingName(shape), size: `width ${shape.width}`, reason }] : [];
    }),
  };
}
