/**
 * The mean energies of a state on the host, in float64 on its cores, before any engine has it: kernels in packages/wasm/assembly/energies.ts,
 * and the potential's own module.
 */
import { availableParallelism } from "node:os";
import { readPlainModule } from "@slowroll/wasm";
import { assemblePotential } from "../../potential/assemble.ts";
import type { Potential } from "../../potential/potential.ts";
import { FEW_SITES, sharedOf, stateArray } from "../hostState.ts";
import { type LatticeJob, type LatticeState, STENCILS } from "../latticeJob.ts";
import { openAside } from "./aside.ts";
import { planMemory } from "./control.ts";
import { layoutOf } from "./layout.ts";
import { gatherMoments, MOMENTS } from "./records.ts";

const REDUCTIONS = [{ kind: "momentum" }, { kind: "gradient" }, { kind: "potential" }] as const;

const SIZE = 8;

/** One realisation's: the sums over its fields of <pi^2> and of -<phi Laplacian phi>, and <V>. */
export interface MeanEnergies {
  readonly momentumSquare: number;
  readonly gradient: number;
  readonly potential: number;
}

/**
 * [realisations].
 * @param threads host threads to use at most.
 * @throws InterruptedError, WorkerLostError, EngineUnavailableError.
 */
export async function meanEnergies(
  job: Pick<LatticeJob, "grid" | "realisations" | "fields"> & { readonly potential: Potential },
  state: LatticeState,
  threads: number = availableParallelism(),
  signal?: AbortSignal,
): Promise<MeanEnergies[]> {
  const { grid, realisations, fields, potential } = job;
  const { dimensions, points, stencil } = grid;
  const weights = STENCILS[stencil];
  const { planes, rowBytes, planeBytes, lead } = layoutOf(job, SIZE);
  const isSmall = state.field.length < FEW_SITES;
  const workers = isSmall ? 1 : Math.min(threads, realisations * planes);
  const fieldBytes = (1 + weights.length) * planeBytes;
  const plan = planMemory();
  const areas = Array.from({ length: workers }, () => ({
    field: plan.place(fields * fieldBytes + 2 * lead) + lead,
    momentum: plan.place(fields * fieldBytes),
    row: plan.place(rowBytes + 64),
    record: plan.place(MOMENTS * SIZE),
  }));
  const sums = stateArray(realisations * fields * planes * MOMENTS);
  const session = await openAside(
    {
      kernels: readPlainModule("energies"),
      special: readPlainModule("special"),
      potential: await assemblePotential(potential, "float64"),
      arrays: [sharedOf(state.field), sharedOf(state.momentum), sums.buffer],
      bytes: plan.bytes,
      workers,
      setup: (worker) => {
        const { field, momentum, row } = areas[worker]!;
        return [
          ["setGrid", dimensions, points, realisations, fields, rowBytes, planeBytes, fieldBytes],
          ["setStencil", weights.length, weights[0]!, weights[1] ?? 0, weights[2] ?? 0],
          ["setLattice", field, field, momentum, 0, row],
        ];
      },
    },
    "lattice.points",
    isSmall,
  );
  try {
    await session.run((worker) => [["sumEnergies", areas[worker]!.field, areas[worker]!.record]], { signal });
  } finally {
    await session.close();
  }
  const {
    momentumSquare,
    gradient,
    potential: value,
  } = gatherMoments({ ...job, reductions: REDUCTIONS }, sums, planes);
  /** Over realisation r's fields. */
  const total = (values: Float64Array, r: number): number =>
    values.subarray(r * fields, (r + 1) * fields).reduce((sum, of) => sum + of, 0);
  return Array.from({ length: realisations }, (_, r) => ({
    momentumSquare: total(momentumSquare!, r),
    gradient: total(gradient!, r),
    potential: value![r]!,
  }));
}
