/** A lattice's snapshots: at which steps which are wanted, and the contract's spectra, histograms and slices from what the engine gives. */
import type { Histogram, Observation, Picture, Snapshot } from "../engine/latticeJob.ts";
import { listed } from "../lists.ts";
import { recordedSteps } from "../recordedSteps.ts";
import { oscillatorsOf } from "./occupation.ts";
import type { FieldResult, HistogramResult, Moment, Series, SliceResult, SpectrumResult } from "./result.ts";
import type { Setup } from "./setup.ts";
import { developSpectra } from "./spectra.ts";
import type { LatticeSpec } from "./study.ts";
import { axisSquares } from "./waves.ts";

/** Of a histogram. */
export const HISTOGRAM_BINS = 100;
/** Histograms reach this many rms to either side of the mean. */
export const REACH = 5;

export interface Album {
  /** Ascending steps at which snapshots are taken. */
  readonly steps: readonly number[];
  /** Some follow from what is observed with the snapshot. */
  pictures(momentsOf: (made: Observation) => readonly Moment[]): readonly Picture[];
  /** The result's keys from the snapshots and what was observed with each: its step, and the moments of the realisations. */
  develop(
    snapshots: readonly Snapshot[],
    madeWith: (afterOperation: number) => { readonly step: number; readonly moments: readonly Moment[] },
  ): Pick<FieldResult, "spectra" | "histograms" | "slices">;
}

export function planPictures(setup: Setup, lattice: LatticeSpec, steps: number): Album {
  const { spectraEvery, histogramEvery, slicesEvery, velocitySpectra, occupationNumbers } = setup.study.observe ?? {};
  const wanted = (every: number | undefined): Set<number> => new Set(every ? recordedSteps(steps, every) : []);
  const due = { spectra: wanted(spectraEvery), histograms: wanted(histogramEvery), slices: wanted(slicesEvery) };
  const { fields, named } = setup;
  const perField = <T>(value: (f: number) => T): T | T[] =>
    named ? Array.from({ length: fields }, (_, f) => value(f)) : value(0);

  const histogram = (time: number, { histogramLow, histogramHigh, histogramCounts }: Histogram): HistogramResult => ({
    time,
    low: perField((f) => histogramLow[f]!),
    high: perField((f) => histogramHigh[f]!),
    counts: perField((f) => listed(histogramCounts.subarray(f * HISTOGRAM_BINS, (f + 1) * HISTOGRAM_BINS))) as Series,
  });
  const slice = (time: number, values: Float64Array): SliceResult => {
    const { points } = lattice;
    const rows = (f: number): number[][] =>
      Array.from({ length: points }, (_, y) =>
        listed(values.subarray((f * points + y) * points, (f * points + y + 1) * points)),
      );
    return { time, values: perField(rows) as SliceResult["values"] };
  };
  return {
    steps: [...new Set([...due.spectra, ...due.histograms, ...due.slices])].sort((p, q) => p - q),
    pictures(momentsOf) {
      const asked: Picture[] = [];
      if (due.spectra.size > 0) {
        asked.push({ kind: "spectrum" });
        // pi = a^3 dphi/dt.
        const factor = (made: Observation) =>
          Float64Array.from(momentsOf(made), ({ scaleFactor }) => scaleFactor ** -3);
        if (velocitySpectra) asked.push({ kind: "momentumSpectrum", factor });
        const of = (made: Observation, curvature: Float64Array) => oscillatorsOf(momentsOf(made), curvature);
        if (occupationNumbers) asked.push({ kind: "oscillators", waveSquares: axisSquares(lattice), of });
      }
      if (due.histograms.size > 0) asked.push({ kind: "histogram", bins: HISTOGRAM_BINS, reach: REACH });
      if (due.slices.size > 0 && lattice.dimensions > 1) asked.push({ kind: "slice", index: 0 });
      return asked;
    },
    develop(snapshots, madeWith) {
      const spectrum = due.spectra.size > 0 ? developSpectra(setup, lattice) : undefined;
      const spectra: SpectrumResult[] = [];
      const histograms: HistogramResult[] = [];
      const slices: SliceResult[] = [];
      for (const shot of snapshots) {
        const { step, moments } = madeWith(shot.afterOperation);
        const time = moments.reduce((sum, moment) => sum + moment.time, 0) / moments.length;
        if (spectrum && shot.spectra && due.spectra.has(step)) spectra.push(spectrum(time, shot, moments));
        if (shot.histogramCounts && due.histograms.has(step)) histograms.push(histogram(time, shot as Histogram));
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
