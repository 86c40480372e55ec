/**
 * The lattice job's spectra on WebGPU: rows, then columns of each further axis, then the bins, some fields at a time in one array of
 * half-complex modes [fields][points]..[points/2 + 1]. Only the bins' partial sums are read.
 */
import { InputError } from "../../errors.ts";
import { type Grid, type LatticeJob, type Snapshot, spectrumBins } from "../engine.ts";
import {
  fourierColumns,
  fourierRows,
  fourierSpectrum,
  lineSpecialisation,
  linesOf,
  longestLine,
  modesOf,
  spectrumSpecialisation,
  twiddleTable,
  workgroupsFor,
} from "./fourierKernels.ts";
import type { Gpu } from "./gpu.ts";
import { loadKernel, type Specialisation } from "./kernel.ts";
import { type Dispatch, encode } from "./submit.ts";

/** Bytes of modes at a time, where one field takes less. */
const BATCH_BYTES = 64 * 2 ** 20;
/** Rows that one workgroup sums, where there are not so many that MAX_GROUPS would be passed. */
const ROWS_PER_GROUP = 4;
const MAX_GROUPS = 1024;

const bytesOf = ({ dimensions, points }: Pick<Grid, "dimensions" | "points">): number =>
  8 * points ** (dimensions - 1) * modesOf(points);

/** @throws InputError where this adapter cannot transform a field of the grid. */
export function assertSpectrum(gpu: Gpu, grid: Pick<Grid, "dimensions" | "points">): void {
  const { maxComputeWorkgroupStorageSize, maxStorageBufferBindingSize, maxBufferSize } = gpu.limits;
  const longest = longestLine(maxComputeWorkgroupStorageSize);
  const refuse = (why: string): never => {
    throw new InputError(`${why}; use fewer points, leave spectra out, or --engine cpu`, { path: "lattice.points" });
  };
  if (grid.points > longest)
    refuse(`spectra on this adapter are made of at most ${longest} points along a side, not ${grid.points}`);
  const largest = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  if (bytesOf(grid) > largest)
    refuse(`the modes of a spectrum take ${bytesOf(grid)} bytes, one binding of this adapter holds ${largest}`);
}

/**
 * Spectra of all realisations and fields of `field`, [realisations][fields][sites]: see Snapshot.spectra. `includes` says what a number
 * of the field is.
 */
export async function takeSpectra(
  gpu: Gpu,
  { grid, realisations, fields }: Pick<LatticeJob, "grid" | "realisations" | "fields">,
  { includes }: Required<Pick<Specialisation, "includes">>,
  field: GPUBuffer,
): Promise<NonNullable<Snapshot["spectra"]>> {
  const { dimensions, points } = grid;
  const { maxComputeWorkgroupStorageSize: room, maxComputeWorkgroupsPerDimension: most } = gpu.limits;
  const rows = points ** (dimensions - 1);
  const bins = spectrumBins(grid);
  const all = realisations * fields;
  const batch = Math.min(all, most, Math.max(1, Math.floor(BATCH_BYTES / bytesOf(grid))));
  const rowsPerGroup = Math.max(ROWS_PER_GROUP, Math.ceil(rows / MAX_GROUPS));
  const groups = Math.ceil(rows / rowsPerGroup);

  const atOnce = linesOf(points, room);
  const rowKernel = await loadKernel(gpu, fourierRows, { ...lineSpecialisation(points, atOnce, "rows"), includes });
  const columnKernel = await loadKernel(gpu, fourierColumns, lineSpecialisation(points, atOnce, "columns"));
  const binKernel = await loadKernel(gpu, fourierSpectrum, spectrumSpecialisation(grid));

  const owned: GPUBuffer[] = [];
  const own = async (made: Promise<GPUBuffer>): Promise<GPUBuffer> => {
    owned.push(await made);
    return owned[owned.length - 1]!;
  };
  const uniform = (label: string, data: ArrayBuffer): Promise<GPUBuffer> =>
    own(gpu.upload(label, new Uint32Array(data), GPUBufferUsage.UNIFORM));
  try {
    const twiddles = await own(gpu.upload("twiddles", twiddleTable(points)));
    const modes = await own(gpu.buffer("modes", batch * bytesOf(grid)));
    const partials = await own(gpu.buffer("spectrum sums", 4 * batch * groups * bins));
    const binParams = await uniform("spectrum parameters", binKernel.uniform("params", { rows, rowsPerGroup }));
    const binBindings = await binKernel.bind({ modes, partials, params: binParams });
    const spectra = new Float64Array(all * bins);
    for (let first = 0; first < all; first += batch) {
      const count = Math.min(batch, all - first);
      const rowParams = await uniform(
        "row parameters",
        rowKernel.uniform("params", { firstField: first, fields: count, rows, opaqueZero: 0 }),
      );
      const dispatches: Dispatch[] = [
        {
          pipeline: rowKernel.pipeline,
          bindings: await rowKernel.bind({ field, twiddles, modes, params: rowParams }),
          workgroups: workgroupsFor(Math.ceil((count * Math.ceil(rows / 2)) / atOnce), most),
        },
      ];
      for (let axis = 1; axis < dimensions; axis++) {
        const stride = modesOf(points) * points ** (axis - 1);
        const lines = (count * rows * modesOf(points)) / points;
        const params = await uniform("column parameters", columnKernel.uniform("params", { stride, lines }));
        dispatches.push({
          pipeline: columnKernel.pipeline,
          bindings: await columnKernel.bind({ twiddles, modes, params }),
          workgroups: workgroupsFor(Math.ceil(lines / atOnce), most),
        });
      }
      dispatches.push({ pipeline: binKernel.pipeline, bindings: binBindings, workgroups: [groups, count, 1] });
      const encoder = gpu.device.createCommandEncoder({ label: "spectrum" });
      const pass = encoder.beginComputePass({ label: "spectrum" });
      for (const dispatch of dispatches) encode(pass, dispatch);
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
      const sums = await gpu.download(partials, 4 * count * groups * bins);
      for (const [i, sum] of sums.entries()) {
        const f = first + Math.floor(i / (groups * bins));
        spectra[f * bins + (i % bins)]! += sum;
      }
    }
    return spectra;
  } finally {
    for (const buffer of owned) buffer.destroy();
  }
}
