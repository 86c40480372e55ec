/** The steps of a spectrum on the device as dispatches: rows of a field, columns of its modes, and the bins' partial sums. */
import { type Grid, spectrumBins } from "../../latticeJob.ts";
import type { Buffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { loadKernel, type Specialisation } from "../kernel.ts";
import type { Dispatch } from "../submit.ts";
import {
  fourierColumns,
  fourierRows,
  fourierSpectrum,
  lineSpecialisation,
  linesOf,
  modesOf,
  spectrumSpecialisation,
  twiddleTable,
  type Weighting,
  workgroupsFor,
} from "./fourierKernels.ts";
import type { StateArrays } from "./latticeSteps.ts";

/** Rows that one workgroup sums, where there are not so many that MAX_GROUPS would be passed. */
const ROWS_PER_GROUP = 4;
const MAX_GROUPS = 1024;

/** Workgroups that sum the bins of so many rows, and the rows of each. */
export function binGroups(rows: number): { readonly groups: number; readonly rowsPerGroup: number } {
  const rowsPerGroup = Math.max(ROWS_PER_GROUP, Math.ceil(rows / MAX_GROUPS));
  return { groups: Math.ceil(rows / rowsPerGroup), rowsPerGroup };
}

/** Rows of some fields: where the fields begin, how many, and how their rows stand in the array. See rows.wgsl. */
interface Rows {
  readonly skipped: number;
  readonly fields: number;
  readonly rows: number;
  readonly stride: number;
  readonly first: number;
}

/** What of a state is transformed, and what its modes are weighted by; where not given, the field and |n|^d. */
export interface Blend {
  /** [all fields][2]: what field and momentum are multiplied with; of `fields` mixed ones a realisation [all fields][fields][2]. */
  readonly mixture?: { readonly factors: Float32Array; readonly fields?: number };
  readonly weights?: {
    readonly by: Exclude<Weighting, "|n|^d">;
    /** As in Oscillators. */
    readonly waveSquares: Float64Array;
    readonly massSquared: Float64Array;
  };
}

export interface Transforms {
  /** Modes of rows of `state`; `first` is the one that holds the first site. */
  rows(state: StateArrays, first: StateArrays, modes: GPUBuffer, rows: Rows): Promise<Dispatch>;
  /** Transforms so many lines in place, whose numbers are `stride` apart and which lie in groups of `stride`. */
  columns(modes: GPUBuffer, stride: number, lines: number): Promise<Dispatch>;
  /** Partial sums [fields][groups][bins] of modes [fields][rows], `skipped` fields being before: of the rows of each plane, `width` from index `first` on. */
  bins(
    modes: GPUBuffer,
    partials: GPUBuffer,
    fields: number,
    where: Pick<Rows, "skipped" | "rows" | "first"> & { readonly width: number },
  ): Promise<Dispatch>;
  /** Adds partial sums of fields `from`, `from + 1`, ... to [fields][bins] of `spectra`, in float64. */
  add(partials: GPUBuffer, fields: number, groups: number, spectra: Float64Array, from: number): Promise<void>;
}

/** Bytes of the tables of a grid's transforms; of so many fields' mixtures, each of `mixed` of them, and weights where they have them. */
export function tableBytes(points: number, fields: number, mixed: number) {
  return {
    twiddles: 8 * points,
    mixture: 8 * fields * mixed,
    waveSquares: 4 * modesOf(points),
    massSquared: 4 * fields,
  };
}

/** Compiles them for a grid and a blend; `includes` says what a number of the field is. All that they need stands in `buffers`. */
export async function openTransforms(
  gpu: Gpu,
  grid: Pick<Grid, "dimensions" | "points">,
  includes: NonNullable<Specialisation["includes"]>,
  buffers: Buffers,
  { mixture, weights }: Blend = {},
): Promise<Transforms> {
  const { points } = grid;
  const { maxComputeWorkgroupStorageSize: room, maxComputeWorkgroupsPerDimension: most } = gpu.limits;
  const bins = spectrumBins(grid);
  const atOnce = linesOf(points, room);
  const ofRows = lineSpecialisation(points, atOnce, "rows", mixture ? (mixture.fields ?? true) : false);
  const rowKernel = await loadKernel(gpu, fourierRows, { ...ofRows, includes });
  const columnKernel = await loadKernel(gpu, fourierColumns, lineSpecialisation(points, atOnce, "columns"));
  const binKernel = await loadKernel(gpu, fourierSpectrum, spectrumSpecialisation(grid, weights?.by));

  const uniform = (label: string, data: ArrayBuffer): Promise<GPUBuffer> =>
    buffers.upload(label, new Uint32Array(data), GPUBufferUsage.UNIFORM);
  const twiddles = await buffers.upload("twiddles", twiddleTable(points));
  // What a kernel does not ask for is bound all the same.
  const given = async (label: string, values: ArrayLike<number> | undefined): Promise<GPUBuffer> =>
    values ? buffers.upload(label, Float32Array.from(values)) : twiddles;
  const mixing = await given("mixture", mixture?.factors);
  const waveSquares = await given("squares of waves", weights?.waveSquares);
  const massSquared = await given("squares of masses", weights?.massSquared);
  return {
    async rows({ field, momentum }, first, modes, values) {
      const params = await uniform("row parameters", rowKernel.uniform("params", { ...values, opaqueZero: 0 }));
      return {
        pipeline: rowKernel.pipeline,
        bindings: await rowKernel.bind({
          field,
          firstField: first.field,
          twiddles,
          modes,
          momentum,
          firstMomentum: first.momentum,
          mixture: mixing,
          params,
        }),
        workgroups: workgroupsFor(Math.ceil((values.fields * Math.ceil(values.rows / 2)) / atOnce), most),
      };
    },
    async columns(modes, stride, lines) {
      const params = await uniform("column parameters", columnKernel.uniform("params", { stride, lines }));
      return {
        pipeline: columnKernel.pipeline,
        bindings: await columnKernel.bind({ twiddles, modes, params }),
        workgroups: workgroupsFor(Math.ceil(lines / atOnce), most),
      };
    },
    async bins(modes, partials, fields, where) {
      const { groups, rowsPerGroup } = binGroups(where.rows);
      const params = await uniform("spectrum parameters", binKernel.uniform("params", { ...where, rowsPerGroup }));
      return {
        pipeline: binKernel.pipeline,
        bindings: await binKernel.bind({ modes, partials, waveSquares, massSquared, params }),
        workgroups: [groups, fields, 1],
      };
    },
    async add(partials, fields, groups, spectra, from) {
      const sums = await gpu.download(partials, 4 * fields * groups * bins);
      // Millions of a large plane, which take five times as long one by one.
      for (let f = 0, at = 0; f < fields; f++) {
        const first = (from + f) * bins;
        for (let group = 0; group < groups; group++)
          for (let bin = 0; bin < bins; bin++) spectra[first + bin]! += sums[at++]!;
      }
    },
  };
}

/** Bytes of the modes of so many rows. */
export const modeBytes = (points: number, rows: number): number => 8 * rows * modesOf(points);
