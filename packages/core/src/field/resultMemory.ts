/** What the results of field studies take of the host. */
import type { JobControl } from "../engine/engine.ts";
import { spectrumBins } from "../engine/latticeJob.ts";
import { assertHeap, GARBAGE, listBytes, type ResultPart } from "../lists.ts";
import { realisationsOf } from "./initial.ts";
import { HISTOGRAM_BINS } from "./pictures.ts";
import type { Setup } from "./setup.ts";
import type { LatticeSpec } from "./study.ts";

/** Bytes of one record while a result is made of it, on a lattice and without, of a picture beside its numbers, and of a mode at a record: measured. */
const OBSERVATION = 2600;
const RECORD = 1200;
const PICTURE = 2000;
const MODE = 130;
/** Bytes of a number beside nulls, and of any other. */
const NUMBER_OR_NULL = 24;
const NUMBER = 8;
/** Lists of one number a record, and of one a field. */
const COLUMNS = 8;
const SERIES = 7;

/** Records of a study that makes one every so many steps. */
const recordsOf = ({ study: { time } }: Setup, every: number): number => 1 + Math.ceil(time.end / time.step / every);

/** What the result keeps of single modes. */
function modesOf({ study, fields }: Setup, records: number): ResultPart[] {
  const { length = 0 } = study.modes?.wavenumbers ?? [];
  const numbers = fields + (fields > 1 ? fields ** 2 : 0);
  const bytes = length * records * (MODE + NUMBER * numbers);
  return [{ bytes, path: "modes.wavenumbers", mend: "follow fewer or record less often" }];
}

/** What the result keeps of a lattice's pictures. */
function picturesOf(setup: Setup, lattice: LatticeSpec): ResultPart[] {
  const { observe } = setup.study;
  const { dimensions, points } = lattice;
  const realisations = realisationsOf(setup);
  const bin = NUMBER * (observe?.velocitySpectra ? 2 : 1) + (observe?.occupationNumbers ? NUMBER_OR_NULL : 0);
  const each = {
    spectraEvery: (realisations > 1 ? 2 : 1) * bin * spectrumBins(lattice),
    histogramEvery: NUMBER * HISTOGRAM_BINS,
    slicesEvery: dimensions > 1 ? listBytes(points, points) : 0,
  };
  return (["spectraEvery", "histogramEvery", "slicesEvery"] as const).map((kind) => {
    const every = observe?.[kind];
    const taken = every === undefined ? 0 : recordsOf(setup, every);
    return { bytes: taken * (PICTURE + setup.fields * each[kind]), path: `observe.${kind}`, mend: "take fewer" };
  });
}

/** What a study's result keeps. */
function keptOf(setup: Setup): ResultPart[] {
  const { study, fields, named } = setup;
  const records = recordsOf(setup, study.time.recordEvery);
  const series = named ? listBytes(records, fields) : listBytes(records);
  return [
    { bytes: COLUMNS * listBytes(records) + SERIES * series, path: "time.recordEvery", mend: "record less often" },
    ...modesOf(setup, records),
    ...(study.lattice ? picturesOf(setup, study.lattice) : []),
  ];
}

/**
 * Bytes that the results of these studies, which are made one after another, take of the host beside what the engine keeps of its records.
 * @throws InputError where they do not fit V8's heap together
 */
export function planResults(setups: readonly Setup[]): number {
  const kept = setups.flatMap(keptOf);
  const made = setups.map((setup) => {
    const { time, lattice } = setup.study;
    return recordsOf(setup, time.recordEvery) * (lattice ? OBSERVATION : RECORD);
  });
  const making = Math.max(...made);
  assertHeap([...kept, { bytes: making, path: "time.recordEvery", mend: "record less often" }]);
  return kept.reduce((sum, { bytes }) => sum + bytes, GARBAGE * making);
}

/** The control of jobs of which results are made that take so many bytes: what such a job takes is told with them. */
export const withResults = (control: JobControl, results: number): JobControl => ({
  ...control,
  onLatticeMemory: ({ bytes, parts, ...rest }) =>
    control.onLatticeMemory?.({ ...rest, bytes: bytes + results, parts: { ...parts, results } }),
});
