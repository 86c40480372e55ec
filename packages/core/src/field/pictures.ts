/** A lattice's snapshots: at which steps which are wanted, and the contract's spectra, histograms and slices from what the engine gives. */
import type { Picture, Snapshot } from "../engine/engine.ts";
import type { FieldResult, HistogramResult, Series, SliceResult, SpectrumResult } from "./result.ts";
import { recordedSteps } from "./schedule.ts";
import type { Setup } from "./setup.ts";
import { type Bins, binsOf } from "./spectra.ts";
import type { LatticeSpec } from "./study.ts";

const BINS = 100;
/** Histograms reach this many rms to either side of the mean. */
export const REACH = 5;

export interface Album {
  /** Ascending steps at which snapshots are taken. */
  readonly steps: readonly number[];
  readonly pictures: readonly Picture[];
  /** The result's keys from the snapshots and the cosmic times of their steps. */
  develop(
    snapshots: readonly Snapshot[],
    timeOf: (afterOperation: number) => { readonly step: number; readonly time: number },
  ): Pick<FieldResult, "spectra" | "histograms" | "slices">;
}

export function planPictures(setup: Setup, lattice: LatticeSpec, steps: number, realisations: number): Album {
  const { spectraEvery, histogramEvery, slicesEvery } = setup.study.observe ?? {};
  const wanted = (every: number | undefined): Set<number> => new Set(every ? recordedSteps(steps, every) : []);
  const due = { spectra: wanted(spectraEvery), histograms: wanted(histogramEvery), slices: wanted(slicesEvery) };
  const pictures: Picture[] = [];
  if (due.spectra.size > 0) pictures.push({ kind: "spectrum" });
  if (due.histograms.size > 0) pictures.push({ kind: "histogram", bins: BINS, reach: REACH });
  if (due.slices.size > 0 && lattice.dimensions > 1) pictures.push({ kind: "slice", index: 0 });
  const { fields, named } = setup;
  const perField = <T>(value: (f: number) => T): T | T[] =>
    named ? Array.from({ length: fields }, (_, f) => value(f)) : value(0);

  const spectrum = (bins: Bins, time: number, sums: Float64Array): SpectrumResult => {
    const size = sums.length / (realisations * fields);
    /** Mean over the realisations and its standard error, [bins] each. */
    const statistics = (f: number): { mean: number[]; error: number[] } => {
      const powers = Array.from({ length: realisations }, (_, r) =>
        bins.index.map((bin, b) => bins.weights[b]! * sums[(r * fields + f) * size + bin]!),
      );
      const mean = bins.k.map((_, b) => powers.reduce((sum, power) => sum + power[b]!, 0) / realisations);
      const error = mean.map((value, b) => {
        const squares = powers.reduce((sum, power) => sum + (power[b]! - value) ** 2, 0);
        return Math.sqrt(squares / (realisations * (realisations - 1)));
      });
      return { mean, error };
    };
    const each = Array.from({ length: fields }, (_, f) => statistics(f));
    return {
      time,
      k: bins.k,
      count: bins.count,
      power: perField((f) => each[f]!.mean) as Series,
      ...(realisations > 1 ? { error: perField((f) => each[f]!.error) as Series } : {}),
    };
  };
  const histogram = (time: number, all: NonNullable<Snapshot["histograms"]>): HistogramResult => ({
    time,
    low: perField((f) => all[f]!.low),
    high: perField((f) => all[f]!.high),
    counts: perField((f) => Array.from(all[f]!.counts)) as Series,
  });
  const slice = (time: number, values: Float64Array): SliceResult => {
    const { points } = lattice;
    const rows = (f: number): number[][] =>
      Array.from({ length: points }, (_, y) =>
        Array.from(values.subarray((f * points + y) * points, (f * points + y + 1) * points)),
      );
    return { time, values: perField(rows) as SliceResult["values"] };
  };
  return {
    steps: [...new Set([...due.spectra, ...due.histograms, ...due.slices])].sort((p, q) => p - q),
    pictures,
    develop(snapshots, timeOf) {
      const bins = due.spectra.size > 0 ? binsOf(lattice) : undefined;
      const spectra: SpectrumResult[] = [];
      const histograms: HistogramResult[] = [];
      const slices: SliceResult[] = [];
      for (const shot of snapshots) {
        const { step, time } = timeOf(shot.afterOperation);
        if (bins && shot.spectra && due.spectra.has(step)) spectra.push(spectrum(bins, time, shot.spectra));
        if (shot.histograms && due.histograms.has(step)) histograms.push(histogram(time, shot.histograms));
        if (shot.slices && due.slices.has(step)) slices.push(slice(time, shot.slices));
      }
      return {
        ...(due.spectra.size > 0 ? { spectra } : {}),
        ...(due.histograms.size > 0 ? { histograms } : {}),
        ...(due.slices.size > 0 && lattice.dimensions > 1 ? { slices } : {}),
      };
    },
  };
}
