/**
 * The sums over a plane's sites that a kick adds to (latticeWat.ts): those that drive the expansion, at `target`, and the moments of each field,
 * at `record`. A row's sites, or a block of them, are summed in vectors like the fields', in the sum's part; parts are added to pairs of
 * float64, and these, after all rows, to the numbers in memory.
 */
import { get, type Precision, set } from "../../potential/wat.ts";
import { FIELD_MOMENTS, WIDE_MOMENTS } from "./latticeMoments.ts";
import { at, type Row } from "./latticeRows.ts";
import { arithmetic, pairs } from "./latticeVectors.ts";
import type { LatticeKernels } from "./latticeWat.ts";
import { MOMENT, MOMENTS } from "./records.ts";

/** The sums that drive the expansion, in their order at `target`. */
const DRIVING = ["squares", "gradients", "potentials"] as const;

/** A sum over a plane's sites, the local of its two lanes, and what float64 numbers it is added to. */
interface Sum {
  readonly local: string;
  readonly targets: readonly Row[];
  /** What a row's part of it is in. */
  readonly precision: Precision;
}

const ZERO = "(v128.const i64x2 0 0)";

const momentOf = (moment: string, f: number): string => `${moment}Of${f}`;
/** The sum of a row, or of a block of it. */
const part = (local: string): string => `${local}Part`;

/** The local of a sum that drives the expansion, and that of a field's moment, in which a row's part is summed. */
export const drivingPart = (sum: (typeof DRIVING)[number]): string => part(sum);
export const momentPart = (moment: (typeof FIELD_MOMENTS)[number], f: number): string => part(momentOf(moment, f));

/** The statements of all sums, of the moments too where there are `records`: each field's reference stands in every lane of reference`f`. */
export function planeSums({ form, precision, fused, layout }: LatticeKernels, records: boolean) {
  const fields = records ? form.fields.map((_, f) => f) : [];
  const wide = arithmetic("f64x2", fused);
  const record = (f: number, moment: keyof typeof MOMENT): Row => ({
    pointer: "record",
    offset: 8 * (f * layout.planes * MOMENTS + MOMENT[moment]),
  });
  const sums: Sum[] = [
    ...DRIVING.map((local, i) => ({
      local,
      precision,
      targets: [
        { pointer: "target", offset: 8 * i },
        ...(records && local === "potentials" ? [record(0, "potential")] : []),
      ],
    })),
    ...fields.flatMap((f) =>
      FIELD_MOMENTS.map((moment) => ({
        local: momentOf(moment, f),
        precision: WIDE_MOMENTS.includes(moment) ? ("float64" as const) : precision,
        targets: [record(f, moment)],
      })),
    ),
  ];
  return {
    /** All parts are 0. */
    cleared: sums.map(({ local }) => set(part(local), ZERO)),
    /** The parts are added to their sums. */
    gathered: sums.map(({ local, precision }) =>
      set(local, pairs(get(part(local)), precision).reduce(wide.add, get(local))),
    ),
    /** The sums are added to the numbers in memory, and references written there. */
    stored: [
      ...sums.flatMap(({ local, targets }) => {
        const [even, odd] = [0, 1].map((lane) => `(f64x2.extract_lane ${lane} ${get(local)})`);
        return targets.map((target) =>
          at("f64.store", target, `(f64.add ${at("f64.load", target)} (f64.add ${even} ${odd}))`),
        );
      }),
      ...fields.map((f) =>
        at("f64.store", record(f, "reference"), `(f64x2.extract_lane 0 ${pairs(get(`reference${f}`), precision)[0]})`),
      ),
    ],
  };
}
