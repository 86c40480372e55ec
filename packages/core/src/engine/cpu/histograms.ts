/** The lattice job's histograms on the CPU: packages/wasm/assembly/field/pictures.ts sums and counts, and the host says from where to where. */
import type { Histogram, LatticeJob } from "../latticeJob.ts";
import type { MemoryPlan } from "./control.ts";
import { type Elements, type Layout, overPlanes } from "./layout.ts";
import type { Call } from "./pool.ts";
import { askedFor } from "./spectra.ts";

export interface HistogramsPlan {
  setup(worker: number): readonly Call[];
  /** Those of the field's array at `field`. */
  take(elements: Elements, field: number, run: (calls: readonly Call[]) => Promise<unknown>): Promise<Histogram>;
}

/** Plans them, where they are asked for. */
export function planHistograms(
  plan: MemoryPlan,
  job: LatticeJob,
  { planes, fieldBytes }: Layout,
  { workers, size }: { readonly workers: number; readonly size: 4 | 8 },
): HistogramsPlan | undefined {
  const picture = askedFor(job, "histogram");
  if (!picture) return undefined;
  const { bins, reach } = picture;
  const { grid, realisations, fields } = job;
  const all = realisations * fields;
  const sites = grid.points ** grid.dimensions;
  const spreads = plan.place(16 * all * planes);
  const ranges = plan.place(16 * all);
  const counts = plan.place(4 * all * bins);
  const own = Array.from({ length: workers }, () => plan.place(4 * bins));
  const suffix = size === 4 ? "32" : "64";

  return {
    setup: (worker) => [["setHistogram", bins, spreads, ranges, counts, own[worker]!]],
    async take(elements, field, run) {
      const { buffer } = elements;
      await run([[`sumSpreads${suffix}`, field]]);
      const sums = new Float64Array(buffer, spreads, 2 * all * planes);
      const mean = (rf: number, of: 0 | 1): number => overPlanes(sums, planes, rf, 2, of) / sites;
      const [low, high] = [new Float64Array(all), new Float64Array(all)];
      for (let rf = 0; rf < all; rf++) {
        const above = mean(rf, 0);
        // Relative to the first site, so that small fluctuations on a large mean keep their digits.
        const middle = elements[(field + rf * fieldBytes) / size]! + above;
        const half = reach * Math.sqrt(Math.max(0, mean(rf, 1) - above ** 2));
        low[rf] = middle - half;
        high[rf] = middle + half;
      }
      const ends = new Float64Array(buffer, ranges, 2 * all);
      for (let rf = 0; rf < all; rf++) ends.set([low[rf]!, high[rf]!], 2 * rf);
      const table = new Int32Array(buffer, counts, all * bins).fill(0);
      await run([[`countSites${suffix}`, field]]);
      return { histogramLow: low, histogramHigh: high, histogramCounts: Float64Array.from(table) };
    },
  };
}
