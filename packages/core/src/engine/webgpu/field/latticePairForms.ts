/**
 * The forms of the kernel that makes two operations of a prescribed schedule in one sweep: site by site (lattice_pair.wgsl), and for float32
 * marching with vectors of four sites (lattice_pair_march.wgsl), which takes fewer instructions and reads of the caches.
 */
import { type LatticeJob, STENCILS } from "../../latticeJob.ts";
import type { Gpu } from "../gpu.ts";
import type { KernelDeclaration, UniformValues } from "../kernel.ts";
import { type LatticeSpecialisation, latticePair } from "./latticeKernels.ts";
import { VECTOR, vectorSlab } from "./latticeMarch.ts";
import { type Layout, slabUniform } from "./latticeSlabs.ts";

/** Threads along x and y of a workgroup, which are the tile's sites. */
const TILE = { COLUMNS: 32, LINES: 8 } as const;
/** Planes that a workgroup marches over: those it makes for the margin, twice the stencil's reach, cost little beside them. */
const DEPTH = 32;
/** Vectors of both windows that an invocation of the marching form keeps at most. */
const WINDOWS = 16;
/** Vectors along its tile in three dimensions, as many as a GPU reads at once. */
const COLUMNS = 32;
/**
 * Its invocations in a workgroup at most: in two dimensions, where a tile is a stretch of a line and a margin costs little; and in three, where
 * few have much of a margin, as many as a multiprocessor of NVIDIA's has registers for twice where the windows hold three vectors each, and
 * once where they hold more.
 */
const FLAT_INVOCATIONS = 256;
const invocationsOf = (windows: number): number => (windows > 12 ? 384 : 512);
/** A sweep's kernel in the form that suits a job, and how its workgroups share each slab. */
export interface PairForm {
  readonly kernel: KernelDeclaration<"field" | "momentum" | "fieldNext" | "momentumNext">;
  readonly specialisation: LatticeSpecialisation;
  readonly slabs: readonly {
    readonly params: UniformValues;
    readonly workgroups: readonly [number, number, number];
  }[];
}

/** How a workgroup's invocations lie: over a tile of vectors, and a margin of `margin` beside it and of `edge` lines before and behind. */
interface Tile {
  readonly columns: number;
  readonly lines: number;
  readonly margin: 0 | 1;
  readonly edge: number;
}

/** The tile of at most so many invocations with which all workgroups together have the fewest. One as long as a line needs no margin beside it. */
function pairTile([width, across]: readonly [number, number], edge: number, columnsAtMost: number, most: number) {
  let best: (Tile & { readonly all: number }) | undefined;
  for (let columns = 1; columns <= Math.min(width, columnsAtMost); columns++) {
    const margin = columns === width ? 0 : 1;
    for (let lines = 1; lines <= across; lines++) {
      const invocations = (columns + 2 * margin) * (lines + 2 * edge);
      if (invocations > most) break;
      const all = Math.ceil(width / columns) * Math.ceil(across / lines) * invocations;
      if (!best || all < best.all) best = { columns, lines, margin, edge, all };
    }
  }
  return best;
}

type FormOf = (
  gpu: {
    readonly limits: Pick<GPUSupportedLimits, "maxComputeInvocationsPerWorkgroup" | "maxComputeWorkgroupStorageSize">;
  },
  job: Pick<LatticeJob, "grid" | "realisations" | "fields">,
  layout: Layout,
  specialisation: LatticeSpecialisation,
) => PairForm | undefined;

/** Vectors of both windows of the marching form; undefined where it does not fit numbers of so many words. */
export function windowsOf({ grid, fields }: Pick<LatticeJob, "grid" | "fields">, words: number): number | undefined {
  const { dimensions, points, stencil } = grid;
  const windows = 2 * fields * (2 * STENCILS[stencil].length + 1);
  return dimensions > 1 && points % VECTOR === 0 && words === 1 && windows <= WINDOWS ? windows : undefined;
}

/** The form in which invocations march with vectors of four sites; undefined where it does not fit. */
const marchingPairs: FormOf = ({ limits }, job, layout, { numbers, constants, ...specialisation }) => {
  const { grid, realisations, fields } = job;
  const reach = STENCILS[grid.stencil].length;
  const windows = windowsOf(job, numbers.words);
  if (windows === undefined || (layout.ghosts > 0 && layout.ghosts < 2 * reach)) return undefined;
  const slabs = layout.slabs.map((planned) => vectorSlab(grid, layout, planned));
  const [along, across] = slabs[0]!.own;
  const isFlat = grid.dimensions === 2;
  const most = Math.min(
    isFlat ? FLAT_INVOCATIONS : invocationsOf(windows),
    limits.maxComputeInvocationsPerWorkgroup,
    Math.floor(limits.maxComputeWorkgroupStorageSize / (2 * 16 * fields)),
  );
  const tile = pairTile([along, across], isFlat ? 0 : reach, isFlat ? most : COLUMNS, most);
  if (!tile) return undefined;
  const { columns, lines, margin, edge } = tile;
  return {
    kernel: latticePair.march,
    specialisation: {
      ...specialisation,
      numbers,
      constants: { ...constants, SPAN: 2 * reach + 1, COLUMNS: columns, LINES: lines, MARGIN: margin, EDGE: edge },
    },
    slabs: slabs.map((slab) => {
      const chunks = Math.ceil(slab.own[2] / DEPTH);
      return {
        params: { slab, depth: DEPTH, chunks },
        workgroups: [Math.ceil(along / columns), Math.ceil(across / lines), chunks * realisations],
      };
    }),
  };
};

/** The form site by site; undefined where the adapter has no room for its tile. */
const sitePairs: FormOf = ({ limits }, { grid, realisations, fields }, layout, specialisation) => {
  const { numbers, constants } = specialisation;
  const reach = Number(constants.REACH);
  const bytes = 4 * numbers.words * fields * (2 * reach + 2) * (TILE.COLUMNS + 2 * reach) * (TILE.LINES + 2 * reach);
  if (grid.dimensions !== 3 || layout.ghosts > 0) return undefined;
  if (TILE.COLUMNS * TILE.LINES > limits.maxComputeInvocationsPerWorkgroup) return undefined;
  if (bytes > limits.maxComputeWorkgroupStorageSize) return undefined;
  const chunks = Math.ceil(grid.points / DEPTH);
  return {
    kernel: latticePair.sites,
    specialisation: { ...specialisation, constants: { ...constants, ...TILE } },
    slabs: [
      {
        params: { slab: slabUniform(grid, layout, layout.slabs[0]!), depth: DEPTH, chunks },
        workgroups: [Math.ceil(grid.points / TILE.COLUMNS), Math.ceil(grid.points / TILE.LINES), chunks * realisations],
      },
    ],
  };
};

export const pairForms = { sites: sitePairs, march: marchingPairs } as const;

/** The form of the sweeps for a job on this adapter; undefined where there is none. */
export function pairForm(
  gpu: Pick<Gpu, "limits">,
  job: LatticeJob,
  layout: Layout,
  specialisation: LatticeSpecialisation,
): PairForm | undefined {
  const form = marchingPairs(gpu, job, layout, specialisation) ?? sitePairs(gpu, job, layout, specialisation);
  const most = gpu.limits.maxComputeWorkgroupsPerDimension;
  return form?.slabs.every(({ workgroups }) => workgroups[2] <= most) ? form : undefined;
}
