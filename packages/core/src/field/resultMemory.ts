/** What the results of field studies take of V8's heap. */
import { spectrumBins } from "../engine/latticeJob.ts";
import { OBSERVATION } from "../engine/memory.ts";
import { assertHeap, listBytes, type ResultPart } from "../lists.ts";
import { recordedSteps } from "../recordedSteps.ts";
import { HISTOGRAM_BINS } from "./pictures.ts";
import type { Setup } from "./setup.ts";

/** Bytes of one record without a lattice while a result is made of it: measured. */
const RECORD = 1200;
/** Lists of one number a record, and of one a field. */
const COLUMNS = 8;
const SERIES = 7;

/** Records of a study that makes one every so many steps. */
const recordsOf = ({ study: { time } }: Setup, every: number): number =>
  recordedSteps(Math.ceil(time.end / time.step), every).length;

/** What a study's result keeps. */
function keptOf(setup: Setup): ResultPart[] {
  const { study, fields, named } = setup;
  const { lattice, observe, time } = study;
  const records = recordsOf(setup, time.recordEvery);
  const series = named ? listBytes(records, fields) : listBytes(records);
  const parts = [
    {
      bytes: COLUMNS * listBytes(records) + SERIES * series,
      path: "time.recordEvery",
      mend: "record less often",
    },
  ];
  if (!lattice) return parts;
  const { points } = lattice;
  const { spectraEvery, histogramEvery, slicesEvery, velocitySpectra, occupationNumbers } = observe ?? {};
  const pictures = (every: number | undefined, path: string, each: number): void => {
    if (every === undefined) return;
    parts.push({ bytes: recordsOf(setup, every) * fields * each, path: `observe.${path}`, mend: "take fewer" });
  };
  // Each with its error.
  const spectra = 2 * (1 + (velocitySpectra ? 1 : 0) + (occupationNumbers ? 1 : 0));
  pictures(spectraEvery, "spectraEvery", spectra * listBytes(spectrumBins(lattice)));
  pictures(histogramEvery, "histogramEvery", listBytes(HISTOGRAM_BINS));
  if (lattice.dimensions > 1) pictures(slicesEvery, "slicesEvery", listBytes(points, points));
  return parts;
}

/** Throws InputError where the results of these studies, which are made one after another, do not fit V8's heap together. */
export function assertResults(setups: readonly Setup[]): void {
  const made = setups.map((setup) => {
    const { time, lattice } = setup.study;
    return recordsOf(setup, time.recordEvery) * (lattice ? OBSERVATION : RECORD);
  });
  assertHeap([
    ...setups.flatMap(keptOf),
    { bytes: Math.max(...made), path: "time.recordEvery", mend: "record less often" },
  ]);
}
