/**
 * Spectra of a lattice in slabs, field by field. The last and middle axes are transformed within each slab. For the first, which crosses
 * them, the modes of some rows of every plane are gathered from all slabs into one array at a time; there they are transformed along it
 * and binned, and go nowhere else.
 */
import type { LatticeJob } from "../../latticeJob.ts";
import type { Buffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { submit } from "../submit.ts";
import { modesOf } from "./fourierKernels.ts";
import { type Layout, thickest } from "./latticeSlabs.ts";
import type { StateArrays } from "./latticeSteps.ts";
import type { SpectrumSizes } from "./spectrum.ts";
import { binGroups, modeBytes, type Transforms } from "./transforms.ts";

/** Adds to `spectra`, [fields][bins], those of three-dimensional fields of one realisation. */
export async function addSlabSpectra(
  gpu: Gpu,
  transforms: Transforms,
  buffers: Buffers,
  { grid, fields }: Pick<LatticeJob, "grid" | "fields">,
  layout: Layout,
  sizes: SpectrumSizes,
  slabs: readonly StateArrays[],
  spectra: Float64Array,
): Promise<void> {
  const { points } = grid;
  const { slabs: planned, ghosts, plane, stride } = layout;
  const width = thickest(layout);
  const modes: GPUBuffer[] = [];
  for (const _ of planned) modes.push(await buffers.make("modes of a slab", sizes.modes));
  const gathered = await buffers.make("modes of some rows", sizes.modes);
  const partials = await buffers.make("spectrum sums", sizes.partials);
  for (let from = 0; from < fields; from++) {
    for (const [s, { planes }] of planned.entries()) {
      const stood = { skipped: from, fields: 1, rows: planes * points, stride, first: ghosts * plane };
      submit(gpu, "modes of a slab", [
        await transforms.rows(slabs[s]!, slabs[0]!, modes[s]!, stood),
        await transforms.columns(modes[s]!, modesOf(points), planes * modesOf(points)),
      ]);
    }
    for (let first = 0; first < points; first += width) {
      const held = Math.min(width, points - first);
      const encoder = gpu.device.createCommandEncoder({ label: "modes of some rows" });
      for (const [s, slab] of planned.entries())
        for (let z = 0; z < slab.planes; z++) {
          const source = modeBytes(points, z * points + first);
          const target = modeBytes(points, (slab.first + z) * held);
          encoder.copyBufferToBuffer(modes[s]!, source, gathered, target, modeBytes(points, held));
        }
      gpu.device.queue.submit([encoder.finish()]);
      const lines = held * modesOf(points);
      const rows = points * held;
      submit(gpu, "spectrum", [
        await transforms.columns(gathered, lines, lines),
        await transforms.bins(gathered, partials, 1, { skipped: from, rows, width: held, first }),
      ]);
      await transforms.add(partials, 1, binGroups(rows).groups, spectra, from);
    }
  }
}
