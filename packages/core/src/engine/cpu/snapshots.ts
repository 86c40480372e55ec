/** The lattice job's snapshots on the CPU: the shared memory is the host's too, so that histograms and slices are read where they stand. */
import type { LatticeJob, Picture, Snapshot } from "../engine.ts";
import { type Elements, eachSite, type Layout } from "./layout.ts";

/** The field's arrays at `address`, and how they stand there. */
export interface Standing {
  readonly job: LatticeJob;
  readonly layout: Layout;
  readonly elements: Elements;
  readonly address: number;
}

function histogram(
  { job, layout, elements, address }: Standing,
  rf: number,
  { bins, reach }: Extract<Picture, { kind: "histogram" }>,
) {
  const sites = job.grid.points ** job.grid.dimensions;
  const each = (visit: (value: number) => void): void => eachSite(job, layout, elements, address, rf, visit);
  let reference: number | undefined;
  let sum = 0;
  let square = 0;
  // Relative to the first site, so that small fluctuations on a large mean keep their digits.
  each((value) => {
    reference ??= value;
    sum += value - reference;
    square += (value - reference) ** 2;
  });
  const mean = reference! + sum / sites;
  const half = reach * Math.sqrt(Math.max(0, square / sites - (sum / sites) ** 2));
  const low = mean - half;
  const high = mean + half;
  const counts = new Float64Array(bins);
  each((value) => {
    const bin = high > low ? Math.floor(((value - low) / (high - low)) * bins) : 0;
    counts[Math.max(0, Math.min(bins - 1, bin))]!++;
  });
  return { low, high, counts };
}

/** [realisations][fields][points^2]. */
function slices({ job, layout, elements, address }: Standing, index: number): Float64Array {
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

/** The picture of a kind that a job asks for. */
export const askedFor = <K extends Picture["kind"]>({ snapshots }: Pick<LatticeJob, "snapshots">, kind: K) =>
  snapshots?.pictures.find((picture): picture is Extract<Picture, { kind: K }> => picture.kind === kind);

/** A snapshot of the field that stands where `standing` says; spectra are the workers' and are handed in. */
export function takeSnapshot(standing: Standing, spectra: Snapshot): Snapshot {
  const { job } = standing;
  const bars = askedFor(job, "histogram");
  const slice = askedFor(job, "slice");
  return {
    ...spectra,
    ...(bars
      ? {
          histograms: Array.from({ length: job.realisations * job.fields }, (_, rf) => histogram(standing, rf, bars)),
        }
      : {}),
    ...(slice ? { slices: slices(standing, slice.index) } : {}),
  };
}
