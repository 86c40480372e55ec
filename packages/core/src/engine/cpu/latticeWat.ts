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
import type { Form } from "../../potential/form.ts";
import { get, moduleOf, type Precision, set, VECTORS } from "../../potential/wat.ts";
import { type KickForm, kick } from "./latticeKick.ts";
import {
  after,
  closeRow,
  declared,
  emitPlane,
  type Neighbourhood,
  type Parameters,
  type RowKernel,
} from "./latticeRows.ts";
import { each, type SiteCode, siteCode } from "./latticeSites.ts";
import { arithmetic } from "./latticeVectors.ts";
import type { Layout } from "./layout.ts";

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

/** The step of rows among those `around` them. */
function step(
  kernels: LatticeKernels,
  { fields, load, store, laplacian, potential, prepared }: SiteCode,
  around: Neighbourhood,
): RowKernel {
  const { precision, fused, layout } = kernels;
  const { madd, nmadd } = arithmetic(VECTORS[precision].shape, fused);
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

/** The exported kick: it chooses among the forms, so that none asks anything at a site. */
function dispatched(): string {
  const given = ["plane", ...Object.keys(KICK)].map(get).join(" ");
  const alike = `(i32.and (f64.eq ${get("laplacian")} ${get("laplacian2")}) (f64.eq ${get("force")} ${get("force2")}))`;
  return `(func (export "kick") (param $plane i32) ${declared("param", KICK)}
(if ${get("record")} (then
  (if ${get("due")} (then (return (call $driftRecordKicks ${given}))))
  (return (call $recordKicks ${given}))))
(if (i32.eqz ${get("due")}) (then (return (call $kicks ${given}))))
(if ${alike} (then (return (call $driftAlikeKicks ${given}))))
(call $driftKicks ${given}))`;
}

/** The WebAssembly text of a job's kernels. Throws InputError where a constant does not fit float32. */
export function emitLatticeWat(kernels: LatticeKernels): string {
  const { precision, momentumAfter } = kernels;
  const imports = new Set<string>();
  const code = siteCode(kernels, imports);
  if (momentumAfter === undefined) {
    const steps = emitPlane("step", kernels, STEP, (around) => step(kernels, code, around));
    return moduleOf(imports, [...steps, `(export "step" (func $step))`], precision);
  }
  const kicks = (name: string, form: KickForm): string[] =>
    emitPlane(name, kernels, KICK, (around) => kick({ ...kernels, momentumAfter }, code, around, form));
  const functions = [
    ...kicks("kicks", {}),
    ...kicks("driftKicks", { drifts: true }),
    ...kicks("driftAlikeKicks", { drifts: true, alike: true }),
    ...kicks("recordKicks", { records: true }),
    ...kicks("driftRecordKicks", { drifts: true, records: true }),
    dispatched(),
  ];
  return moduleOf(imports, functions, precision);
}
