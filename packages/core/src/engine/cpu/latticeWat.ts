/**
 * The lattice's kernels as a WebAssembly module of the job's own: the stencil, the potential's slopes and the update of a row in one loop. How
 * far all that an update reads lies from its site are numbers of the job, and stand in the code as such: one address moves along a row, where
 * kernels for any lattice move one for each neighbour and array, and no slopes are written down only to be read again. That
 * halves a site's time where memory does not set it.
 *
 * Exports, each on a plane of all fields, by what packages/wasm/assembly/field/planes.ts calls them with:
 *   step: pi += laplacian dx^2 Laplacian phi - force dV/dphi, next = phi + drift pi;
 *   kick: two half kicks of pi, the end of one operation and the beginning of the next, and adds to float64 sums at `target` what the sites have
 *     in between: pi^2, -dx^2 (phi - reference) Laplacian phi, the reference being the field's first site, and V. Where the plane a stencil's
 *     reach ahead is `due`, the last that the kicks read, it is drifted first, row by row: what comes from far memory is worked on as it comes.
 *     Where there is a `record`, each field's moments in between are added to it: MOMENT in records.ts.
 */
import { emitter } from "../../potential/emit.ts";
import type { Form } from "../../potential/form.ts";
import { get, moduleOf, type Parts, type Precision, set, VECTORS, wat } from "../../potential/wat.ts";
import { addMoments, FIELD_MOMENTS, WIDE_MOMENTS } from "./latticeMoments.ts";
import {
  after,
  at,
  closeRow,
  declared,
  emitPlane,
  type Neighbourhood,
  type Parameters,
  type Row,
  type RowKernel,
} from "./latticeRows.ts";
import { arithmetic, first, pairs } from "./latticeVectors.ts";
import type { Layout } from "./layout.ts";
import { MOMENT, MOMENTS } from "./records.ts";

/** What a job's kernels are made for. */
export interface LatticeKernels {
  readonly form: Form;
  readonly precision: Precision;
  /** Whether products and sums are fused. */
  readonly fused: boolean;
  readonly dimensions: 1 | 2 | 3;
  readonly points: number;
  /** The stencil's at the distances 1, 2, ...: STENCILS in latticeJob.ts. */
  readonly weights: readonly number[];
  readonly layout: Layout;
  /** Bytes from the field to the momentum: for kicks, which work in place. Without it there are steps. */
  readonly momentumAfter?: number;
}

/** Parameters after the plane, as packages/wasm/assembly/field/planes.ts declares them. */
const STEP: Parameters = {
  field: "i32",
  constants: "i32",
  momentum: "i32",
  next: "i32",
  laplacian: "f64",
  force: "f64",
  drift: "f64",
};
const KICK: Parameters = {
  field: "i32",
  constants: "i32",
  target: "i32",
  laplacian: "f64",
  force: "f64",
  laplacian2: "f64",
  force2: "f64",
  due: "i32",
  drift: "f64",
  record: "i32",
};

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

/** Vectors of float32 that are summed as such before they are added to float64: more would cost the sums digits. */
const BLOCK = 8;

/** The WebAssembly text of a job's kernels. Throws InputError where a constant does not fit float32. */
export function emitLatticeWat(kernels: LatticeKernels): string {
  const { form, precision, fused, dimensions, weights, layout, momentumAfter } = kernels;
  const { shape, bits } = VECTORS[precision];
  const size = (bits / 8) as 4 | 8;
  const reach = weights.length;
  const fields = form.fields.map((_, f) => f);
  const imports = new Set<string>();
  const vectors = arithmetic(shape, fused);
  const { add, sub, mul, madd, nmadd } = vectors;
  const wide = arithmetic("f64x2", fused);
  const load = (row: Row, f: number, sites = 0): string =>
    at("v128.load", after(row, f * layout.fieldBytes + sites * size));
  const store = (row: Row, f: number, value: string): string =>
    at("v128.store", after(row, f * layout.fieldBytes), value);
  const splat = (value: string): string =>
    `(${shape}.splat ${precision === "float64" ? value : `(f32.demote_f64 ${value})`})`;
  const each = (coefficient: string): string => get(`each_${coefficient}`);

  /** Field `f` at the distance i + 1 to either side, along each axis. `ahead` stands for it in the last row. */
  const neighbours = ({ here, across, beyond }: Neighbourhood, f: number, i: number, ahead?: string) => [
    [load(here, f, -(i + 1)), load(here, f, i + 1)] as const,
    ...[across, beyond]
      .flatMap((rows) => rows.slice(i, i + 1))
      .map(([before, behind]) => {
        const last = ahead !== undefined && behind === beyond[reach - 1]![1];
        return [load(before, f), last ? ahead : load(behind, f)] as const;
      }),
  ];

  /** dx^2 times the Laplacian of field `f`, to `lap`. The site, phi`f`, is taken off its neighbours before any factor, so that a uniform field
   * has none at all. */
  function laplacian(around: Neighbourhood, f: number, ahead?: string): string[] {
    return weights.map((_, i) => {
      const sum = neighbours(around, f, i, ahead)
        .map(([before, behind]) => add(before, behind))
        .reduce(add);
      const above = nmadd(get("degree"), get(`phi${f}`), sum);
      // The narrowest stencil's weight is 1.
      if (reach === 1) return set("lap", above);
      return set("lap", i === 0 ? mul(get("weight0"), above) : madd(get(`weight${i}`), above, get("lap")));
    });
  }

  /** The fields to phi0, phi1, ..., the potential's parts, and its results' operands; the numbers it needs go to `constants`. */
  function potential({ here }: Neighbourhood, constants: string[], summed: boolean) {
    const parts: Parts = { fields: new Set(), constants, lines: [] };
    const emit = emitter(wat(precision, parts, imports));
    const slopes = form.tree.gradient.map(emit);
    const value = summed ? emit(form.tree.value) : "";
    return { lines: [...fields.map((f) => set(`phi${f}`, load(here, f))), ...parts.lines], slopes, value };
  }

  /** Statements that set what kernels of those coefficients need before their rows. */
  const prepared = (coefficients: readonly string[], constants: readonly string[]): string[] => [
    ...coefficients.map((name) => set(`each_${name}`, splat(get(name)))),
    set("degree", splat(`(f64.const ${2 * dimensions})`)),
    ...(reach > 1 ? weights.map((weight, i) => set(`weight${i}`, splat(`(f64.const ${weight})`))) : []),
    ...constants.map((text, i) => set(`c${i}`, text)),
  ];

  function step(around: Neighbourhood): RowKernel {
    const constants: string[] = [];
    const momentum = { pointer: "pi", offset: 0 };
    const next = { pointer: "new", offset: 0 };
    const beside = (array: string): string => `(i32.add ${get("row")} (i32.sub ${get(array)} ${get("field")}))`;
    return {
      pointers: { ...around.pointers, pi: beside("momentum"), new: beside("next") },
      turn() {
        const { lines, slopes } = potential(around, constants, false);
        const updates = fields.flatMap((f) => [
          ...laplacian(around, f),
          set("p", nmadd(each("force"), slopes[f]!, madd(each("laplacian"), get("lap"), load(momentum, f)))),
          store(momentum, f, get("p")),
          store(next, f, madd(each("drift"), get("p"), get(`phi${f}`))),
        ]);
        return [...lines, ...updates];
      },
      before: () => prepared(["laplacian", "force", "drift"], constants),
      after: [],
      rowBefore: [],
      rowAfter: (bytes) => fields.flatMap((f) => closeRow(kernels, after(next, f * layout.fieldBytes), bytes)),
    };
  }

  function kick(around: Neighbourhood, { drifts = false, alike = false, records = false }): RowKernel {
    const constants: string[] = [];
    const { here, pointers, beyond } = around;
    const momentum = after(here, momentumAfter!);
    const ahead = drifts ? beyond[reach - 1]?.[1] : undefined;
    const momentOf = (moment: string, f: number): string => `${moment}Of${f}`;
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
      ...(records ? fields : []).flatMap((f) =>
        FIELD_MOMENTS.map((moment) => ({
          local: momentOf(moment, f),
          precision: WIDE_MOMENTS.includes(moment) ? ("float64" as const) : precision,
          targets: [record(f, moment)],
        })),
      ),
    ];
    /** The sum of a row, or of a block of it. */
    const part = (local: string): string => `${local}Part`;
    const gathered = sums.map(({ local, precision }) =>
      set(local, pairs(get(part(local)), precision).reduce(wide.add, get(local))),
    );
    return {
      pointers,
      turn(count) {
        /** 0 past the row's end. */
        const counted = (vector: string): string => first(count, vector, bits);
        const summed = (local: string, sum: (soFar: string) => string): string =>
          set(part(local), sum(get(part(local))));
        const { lines, slopes, value } = potential(around, constants, true);
        const drift = (f: number): string[] =>
          ahead
            ? [
                set("ahead", madd(each("drift"), load(after(ahead, momentumAfter!), f), load(ahead, f))),
                store(ahead, f, get("ahead")),
              ]
            : [];
        const force = (strength: string, pull: string, f: number): string =>
          nmadd(each(pull), slopes[f]!, mul(each(strength), get("lap")));
        const above = (f: number): string => counted(sub(get(`phi${f}`), get(`reference${f}`)));
        const moments = (f: number): string[] => {
          const sites = {
            field: counted(get(`phi${f}`)),
            above: above(f),
            momentum: counted(get("p")),
            onward: weights.map((_, i) =>
              neighbours(around, f, i, ahead && get("ahead")).map(([, behind]) => counted(behind)),
            ),
          };
          const given = reach > 1 ? weights.map((_, i) => get(`weight${i}`)) : [];
          return addMoments(sites, given, kernels, (moment) => part(momentOf(moment, f)));
        };
        const updates = fields.flatMap((f) => [
          ...drift(f),
          ...laplacian(around, f, ahead && get("ahead")),
          set("kick", force("laplacian", "force", f)),
          set("p", add(load(momentum, f), get("kick"))),
          store(momentum, f, add(get("p"), alike ? get("kick") : force("laplacian2", "force2", f))),
          summed("squares", (soFar) => madd(counted(get("p")), counted(get("p")), soFar)),
          summed("gradients", (soFar) => nmadd(above(f), counted(get("lap")), soFar)),
          ...(records ? moments(f) : []),
        ]);
        return [...lines, ...updates, summed("potentials", (soFar) => add(soFar, counted(value)))];
      },
      before: () => [
        ...prepared(
          ["laplacian", "force", ...(alike ? [] : ["laplacian2", "force2"]), ...(drifts ? ["drift"] : [])],
          constants,
        ),
        ...fields.map((f) => {
          const site = { pointer: "field", offset: f * layout.fieldBytes };
          return set(`reference${f}`, at(`v128.load${bits}_splat`, site));
        }),
      ],
      after: [
        ...sums.flatMap(({ local, targets }) => {
          const [even, odd] = [0, 1].map((lane) => `(f64x2.extract_lane ${lane} ${get(local)})`);
          return targets.map((target) =>
            at("f64.store", target, `(f64.add ${at("f64.load", target)} (f64.add ${even} ${odd}))`),
          );
        }),
        ...(records ? fields : []).map((f) =>
          at(
            "f64.store",
            record(f, "reference"),
            `(f64x2.extract_lane 0 ${pairs(get(`reference${f}`), precision)[0]})`,
          ),
        ),
      ],
      rowBefore: sums.map(({ local }) => set(part(local), ZERO)),
      rowAfter: (bytes) => [
        ...gathered,
        ...(ahead ? fields.flatMap((f) => closeRow(kernels, after(ahead, f * layout.fieldBytes), bytes)) : []),
      ],
      block:
        precision === "float32"
          ? { vectors: BLOCK, after: [...gathered, ...sums.map(({ local }) => set(part(local), ZERO))] }
          : undefined,
    };
  }

  if (momentumAfter === undefined) {
    const steps = emitPlane("step", kernels, STEP, step);
    return moduleOf(imports, [...steps, `(export "step" (func $step))`], precision);
  }
  const given = ["plane", ...Object.keys(KICK)].map(get).join(" ");
  const alike = `(i32.and (f64.eq ${get("laplacian")} ${get("laplacian2")}) (f64.eq ${get("force")} ${get("force2")}))`;
  const functions = [
    ...emitPlane("kicks", kernels, KICK, (around) => kick(around, {})),
    ...emitPlane("driftKicks", kernels, KICK, (around) => kick(around, { drifts: true })),
    ...emitPlane("driftAlikeKicks", kernels, KICK, (around) => kick(around, { drifts: true, alike: true })),
    ...emitPlane("recordKicks", kernels, KICK, (around) => kick(around, { records: true })),
    ...emitPlane("driftRecordKicks", kernels, KICK, (around) => kick(around, { drifts: true, records: true })),
    `(func (export "kick") (param $plane i32) ${declared("param", KICK)}
(if ${get("record")} (then
  (if ${get("due")} (then (return (call $driftRecordKicks ${given}))))
  (return (call $recordKicks ${given}))))
(if (i32.eqz ${get("due")}) (then (return (call $kicks ${given}))))
(if ${alike} (then (return (call $driftAlikeKicks ${given}))))
(call $driftKicks ${given}))`,
  ];
  return moduleOf(imports, functions, precision);
}
