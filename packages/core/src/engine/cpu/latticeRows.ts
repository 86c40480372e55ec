/**
 * The frame of the lattice's kernels (latticeWat.ts): how a row's neighbours are reached, and the loops over a plane's rows and a row's
 * vectors of sites.
 */
import { get, set, VECTORS } from "../../potential/wat.ts";
import type { LatticeKernels } from "./latticeWat.ts";

const i32 = (operator: string, left: string, right: string | number): string =>
  `(i32.${operator} ${left} ${typeof right === "number" ? `(i32.const ${right})` : right})`;

/** Where a row's first field stands: `offset` bytes after the address in the local `pointer`, which moves along the row. */
export interface Row {
  readonly pointer: string;
  readonly offset: number;
}

/** What an update of a row reads, the neighbours in pairs, nearest first. */
export interface Neighbourhood {
  readonly here: Row;
  readonly across: readonly (readonly [Row, Row])[];
  readonly beyond: readonly (readonly [Row, Row])[];
  /** Locals and what they point to at the beginning of a row. */
  readonly pointers: Readonly<Record<string, string>>;
}

export const after = ({ pointer, offset }: Row, bytes: number): Row => ({ pointer, offset: offset + bytes });

/** An instruction at a row, whose offset may be below its pointer. */
export const at = (instruction: string, { pointer, offset }: Row, value = ""): string =>
  `(${instruction} offset=${Math.max(0, offset)} ${offset < 0 ? i32("sub", get(pointer), -offset) : get(pointer)} ${value})`;

const sizeOf = ({ precision }: LatticeKernels): number => VECTORS[precision].bits / 8;

/** The neighbours of rows inside: all at numbers of bytes from one pointer, which begins at the furthest before. */
function inside(kernels: LatticeKernels): Neighbourhood {
  const { dimensions, weights, layout } = kernels;
  const origin = dimensions === 1 ? weights.length * sizeOf(kernels) : weights.length * layout.planeBytes;
  const here = { pointer: "at", offset: origin };
  const pairs = (stride: number) =>
    weights.map((_, i) => [after(here, -(i + 1) * stride), after(here, (i + 1) * stride)] as const);
  return {
    here,
    across: dimensions === 3 ? pairs(layout.rowBytes) : [],
    beyond: dimensions > 1 ? pairs(layout.planeBytes) : [],
    pointers: { at: i32("sub", get("row"), origin) },
  };
}

/** Those of the row `y` of the plane `plane`, each with a pointer of its own. */
function edge(kernels: LatticeKernels): Neighbourhood {
  const { dimensions, weights, layout } = kernels;
  const { planes, rows, planeBytes, rowBytes } = layout;
  const origin = weights.length * sizeOf(kernels);
  const pointers: Record<string, string> = { at: i32("sub", get("row"), origin) };
  const wrapped = (name: string, index: string, count: number, stride: number, distance: number): Row => {
    const laps = count * Math.ceil(Math.max(0, -distance) / count);
    const there = i32("rem_u", i32("add", get(index), distance + laps), count);
    pointers[name] = i32("add", get("row"), i32("mul", i32("sub", there, get(index)), stride));
    return { pointer: name, offset: 0 };
  };
  const pairs = (before: string, behind: string, index: string, count: number, stride: number) =>
    weights.map(
      (_, i) =>
        [
          wrapped(`${before}${i}`, index, count, stride, -(i + 1)),
          wrapped(`${behind}${i}`, index, count, stride, i + 1),
        ] as const,
    );
  return {
    here: { pointer: "at", offset: origin },
    across: dimensions === 3 ? pairs("up", "down", "y", rows, rowBytes) : [],
    beyond: dimensions > 1 ? pairs("front", "back", "plane", planes, planeBytes) : [],
    pointers,
  };
}

/** A kernel in the making. */
export interface RowKernel {
  /** Locals that point into rows, and what to at the beginning of each. */
  readonly pointers: Readonly<Record<string, string>>;
  /** Statements for a vector of sites, of which the first `count` are the row's. */
  turn(count: number): readonly string[];
  /** Statements before all rows and after them; the former are asked for when all others are known. */
  before(): readonly string[];
  readonly after: readonly string[];
  /** Before each row, and after it with all pointers `bytes` into the row. */
  readonly rowBefore: readonly string[];
  rowAfter(bytes: number): readonly string[];
  /** After so many vectors of a row at most. */
  readonly block?: { readonly vectors: number; readonly after: readonly string[] } | undefined;
}

/** A kernel's own parameters, after those that say where it works. */
export type Parameters = Readonly<Record<string, "i32" | "f64">>;

export const declared = (kind: "param" | "local", names: Readonly<Record<string, string>>): string =>
  Object.entries(names)
    .map(([name, type]) => `(${kind} $${name} ${type})`)
    .join(" ");

/** Copies a row's ends beside its other ends, as far as the stencil reaches; its pointer is `bytes` into the row. */
export function closeRow(kernels: LatticeKernels, row: Row, bytes: number): string[] {
  const { points, weights, precision } = kernels;
  const size = sizeOf(kernels);
  const type = precision === "float32" ? "f32" : "f64";
  const site = (x: number): Row => after(row, x * size - bytes);
  const copy = (to: number): string => {
    const from = ((to % points) + points) % points;
    return at(`${type}.store`, site(to), at(`${type}.load`, site(from)));
  };
  return weights.flatMap((_, i) => [copy(-(i + 1)), copy(points + i)]);
}

/** The function `name` along `rows` rows on end, of which the first, at `row`, is row `y` of plane `plane`. */
function emitRows(name: string, kernels: LatticeKernels, own: Parameters, kernel: RowKernel): string {
  const { points, layout, precision } = kernels;
  const { pointers, turn, before, after: end, rowBefore, rowAfter, block } = kernel;
  const { lanes } = VECTORS[precision];
  const whole = points - (points % lanes);
  const bytes = (whole * 16) / lanes;
  const vectorsTo = (stop: string): string[] => [
    "(loop $sites",
    ...turn(lanes),
    ...Object.keys(pointers).map((pointer) => set(pointer, i32("add", get(pointer), 16))),
    `(br_if $sites ${i32("lt_u", get("at"), get(stop))}))`,
  ];
  const blocks = ({ vectors, after: then }: NonNullable<RowKernel["block"]>): string[] => [
    "(loop $blocks",
    set("stop", i32("add", get("at"), 16 * vectors)),
    `(if ${i32("gt_u", get("stop"), get("end"))} (then ${set("stop", get("end"))}))`,
    ...vectorsTo("stop"),
    ...then,
    `(br_if $blocks ${i32("lt_u", get("at"), get("end"))}))`,
  ];
  const turns = [set("end", i32("add", get("at"), bytes)), ...(block ? blocks(block) : vectorsTo("end"))];
  const rows = [
    "(loop $each",
    ...Object.entries(pointers).map(([pointer, start]) => set(pointer, start)),
    ...rowBefore,
    ...(whole > 0 ? turns : []),
    ...(whole < points ? turn(points - whole) : []),
    ...rowAfter(bytes),
    set("row", i32("add", get("row"), layout.rowBytes)),
    set("y", i32("add", get("y"), 1)),
    `(br_if $each (local.tee $rows ${i32("sub", get("rows"), 1)})))`,
  ];
  const lines = [...before(), ...rows, ...end];
  // Whatever is set and is no address is a vector.
  const moving = ["end", ...(block ? ["stop"] : []), ...Object.keys(pointers)];
  const addresses = new Set(["row", "y", ...moving]);
  const written = lines.flatMap((line) => [...line.matchAll(/\(local\.set \$(\w+)/g)].map(([, local]) => local!));
  const vectors = new Set(written.filter((local) => !addresses.has(local)));
  return [
    `(func $${name} ${declared("param", { rows: "i32", row: "i32", y: "i32", plane: "i32", ...own })}`,
    declared("local", Object.fromEntries(moving.map((local) => [local, "i32"]))),
    declared("local", Object.fromEntries([...vectors].map((local) => [local, "v128"]))),
    ...lines,
    ")",
  ].join("\n");
}

/** The function `name` on a plane of the field at `field`, and those on rows that it calls: `make` gives what they do. */
export function emitPlane(
  name: string,
  kernels: LatticeKernels,
  own: Parameters,
  make: (around: Neighbourhood) => RowKernel,
): string[] {
  const { dimensions, weights, layout } = kernels;
  const { planes, rows, planeBytes, rowBytes } = layout;
  const margin = dimensions === 3 ? weights.length : 0;
  const call = (rowsName: string, from: number, to: number): string[] => {
    if (from >= to) return [];
    const row = i32("add", get("row"), from * rowBytes);
    const given = ["plane", ...Object.keys(own)].map(get).join(" ");
    return [`(call $${name}${rowsName} (i32.const ${to - from}) ${row} (i32.const ${from}) ${given})`];
  };
  // In one dimension a row has no neighbours.
  const reach = dimensions === 1 ? 0 : weights.length;
  const insiders = rows > 2 * margin && planes > 2 * reach;
  const middle = [
    ...call("Edge", 0, margin),
    ...call("Inside", margin, rows - margin),
    ...call("Edge", rows - margin, rows),
  ];
  return [
    ...(insiders ? [emitRows(`${name}Inside`, kernels, own, make(inside(kernels)))] : []),
    emitRows(`${name}Edge`, kernels, own, make(edge(kernels))),
    [
      `(func $${name} ${declared("param", { plane: "i32", ...own })} (local $row i32)`,
      set("row", i32("add", get("field"), i32("mul", get("plane"), planeBytes))),
      ...(insiders
        ? [`(if ${i32("lt_u", i32("sub", get("plane"), reach), planes - 2 * reach)}`, "(then", ...middle, "(return)))"]
        : []),
      ...call("Edge", 0, rows),
      ")",
    ].join("\n"),
  ];
}
