/** The lattice job's snapshots on the CPU: spectra and histograms by the workers, slices copied from the memory that is the host's too. */
import type { LatticeJob, Snapshot } from "../latticeJob.ts";
import type { MemoryPlan } from "./control.ts";
import { planHistograms } from "./histograms.ts";
import type { Elements, Layout } from "./layout.ts";
import type { Call } from "./pool.ts";
import { askedFor, planSpectra, type State } from "./spectra.ts";

/** [realisations][fields][points^2]. */
function slices(job: LatticeJob, layout: Layout, elements: Elements, address: number, index: number): Float64Array {
  const { points, dimensions } = job.grid;
  const { fieldBytes, planeBytes, rowBytes } = layout;
  const out = new Float64Array(job.realisations * job.fields * points ** 2);
  for (let rf = 0, to = 0; rf < job.realisations * job.fields; rf++) {
    for (let y = 0; y < points; y++) {
      const row = dimensions === 3 ? index * planeBytes + y * rowBytes : y * planeBytes;
      const at = (address + rf * fieldBytes + row) / elements.BYTES_PER_ELEMENT;
      for (let x = 0; x < points; x++) out[to++] = elements[at + x]!;
    }
  }
  return out;
}

/** Plans all that a job's snapshots take. Throws InputError where a constant does not fit the precision. */
export function planSnapshots(
  plan: MemoryPlan,
  job: LatticeJob,
  layout: Layout,
  given: { readonly workers: number; readonly size: 4 | 8 },
) {
  const spectra = planSpectra(plan, job, layout, given);
  const histograms = planHistograms(plan, job, layout, given);
  const slice = askedFor(job, "slice");
  return {
    curvature: spectra.curvature,
    setup: (worker: number): Call[] => [...spectra.setup(worker), ...(histograms?.setup(worker) ?? [])],
    /** Writes the tables, once. */
    prepare: spectra.prepare,
    /** One of the state as it stands. */
    async take(elements: Elements, state: State, run: (calls: readonly Call[]) => Promise<unknown>): Promise<Snapshot> {
      const taken = await spectra.take(state, run);
      return {
        ...taken,
        ...(await histograms?.take(elements, state.field, run)),
        ...(slice ? { slices: slices(job, layout, elements, state.field, slice.index) } : {}),
      };
    },
  };
}
