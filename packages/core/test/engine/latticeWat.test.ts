/** A lattice's own kernels, operation by operation: a plane against plain float64 loops, on lattices whose rows no vector fits. */

import { emitLatticeWat } from "@slowroll/core/engine/cpu/latticeWat";
import { layoutOf, readRows, writeRows } from "@slowroll/core/engine/cpu/layout";
import { MOMENT, MOMENTS } from "@slowroll/core/engine/cpu/records";
import type { Grid } from "@slowroll/core/engine/latticeJob";
import { STENCILS } from "@slowroll/core/engine/latticeJob";
import { assembleWat } from "@slowroll/core/potential/assemble";
import { compilePotential } from "@slowroll/core/potential/compile";
import { formOf } from "@slowroll/core/potential/form";
import { normals } from "@slowroll/core/random/normal";
import { readModules } from "@slowroll/wasm";
import { describe, expect, it } from "vitest";

const special = new WebAssembly.Module(readModules().special);
const { fusedMultiplyAdd: fused } = readModules();
const potential = await compilePotential(
  { expression: "phi^4/4 + 3*phi^2*chi^2/2 + exp(-chi)" },
  { fields: ["phi", "chi"] },
);
const FIELDS = 2;
/** Laplacian, force, of the second kick too, and drift. */
const [C1, F1, C2, F2, DRIFT] = [0.3, 0.2, 0.15, 0.4, 0.05];

type Shape = Pick<Grid, "dimensions" | "points" | "stencil">;

/** Sites of an array are [fields][sites], rows last. */
async function latticeOf({ dimensions, points, stencil }: Shape, precision: "float32" | "float64", inPlace: boolean) {
  const size = precision === "float32" ? 4 : 8;
  const job = { realisations: 1, fields: FIELDS, grid: { dimensions, points } } as never;
  const layout = layoutOf({ grid: { dimensions, points } }, size);
  const bytes = FIELDS * layout.fieldBytes + 2 * layout.lead + 64;
  const memory = new WebAssembly.Memory({ initial: 100, maximum: 65_536, shared: true });
  const elements = size === 4 ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  const place = (array: number): number => 65_536 + Math.ceil((array * bytes) / 64) * 64 + layout.lead;
  const [field, momentum, next, target] = [place(0), place(1), place(2), 1024];
  const form = formOf([potential]);
  const weights = STENCILS[stencil];
  const text = emitLatticeWat({
    ...{ form, precision, fused, dimensions, points, weights, layout },
    ...(inPlace ? { momentumAfter: momentum - field } : {}),
  });
  const env = { memory };
  const exports = new WebAssembly.Instance(new WebAssembly.Module(await assembleWat("lattice", text)), {
    env,
    special: new WebAssembly.Instance(special, { env }).exports,
  }).exports as Record<string, (...args: number[]) => void>;
  const sites = points ** dimensions;
  const reach = weights.length;
  /** Writes an array, with its rows' ends beside their other ends and no numbers in what is left of the rows. */
  const write = (address: number, values: Float64Array): void => {
    elements.fill(Number.NaN, (address - layout.lead) / size, (address - layout.lead + bytes) / size);
    writeRows(job, layout, elements, address, values);
    for (let row = 0; row < FIELDS * layout.planes * layout.rows; row++) {
      const f = Math.floor(row / (layout.planes * layout.rows));
      const plane = Math.floor(row / layout.rows) % layout.planes;
      const at =
        (address + f * layout.fieldBytes + plane * layout.planeBytes + (row % layout.rows) * layout.rowBytes) / size;
      for (let j = 1; j <= reach; j++) {
        elements[at - j] = elements[at + (((-j % points) + points) % points)]!;
        elements[at + points - 1 + j] = elements[at + ((j - 1) % points)]!;
      }
    }
  };
  const read = (address: number): Float64Array => {
    const values = new Float64Array(FIELDS * sites);
    readRows(job, layout, elements, address, values);
    return values;
  };
  return {
    ...{ sites, planes: layout.planes, reach, field, momentum, next, write, read },
    step: (plane: number) => exports.step!(plane, field, 0, momentum, next, C1, F1, DRIFT),
    /** The plane's sums, and each field's record. */
    kick(plane: number, { alike, due, recorded }: { alike: boolean; due: boolean; recorded: boolean }) {
      const record = target + 64;
      const numbers = new Float64Array(memory.buffer, record, FIELDS * layout.planes * MOMENTS).fill(0);
      new Float64Array(memory.buffer, target, 3).fill(0);
      const second = alike ? [C1, F1] : [C2, F2];
      exports.kick!(plane, field, 0, target, C1, F1, ...second, Number(due), DRIFT, recorded ? record : 0);
      const sums = Array.from(new Float64Array(memory.buffer, target, 3));
      return {
        sums,
        records: [0, 1].map((f) => Array.from(numbers.subarray(f * layout.planes * MOMENTS).subarray(0, MOMENTS))),
      };
    },
  };
}

const drawn = (count: number, index: number): Float64Array =>
  Float64Array.from(normals(7, index, 0, count), (value) => Math.fround(1 + value / 4));

/** The squared differences of phi to the sites onward, by a plain loop. */
function slopes({ dimensions, points, stencil }: Shape, phi: Float64Array, site: number): number {
  let sum = 0;
  for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points) {
    const x = Math.floor(site / stride) % points;
    STENCILS[stencil].forEach((weight, i) => {
      const neighbour = site + (((x + i + 1) % points) - x) * stride;
      sum += weight * (phi[neighbour]! - phi[site]!) ** 2;
    });
  }
  return sum;
}

/** dx^2 Laplacian phi at a site, by a plain loop. */
function laplacian({ dimensions, points, stencil }: Shape, phi: Float64Array, site: number): number {
  let sum = 0;
  for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points) {
    const x = Math.floor(site / stride) % points;
    STENCILS[stencil].forEach((weight, i) => {
      for (const step of [-(i + 1), i + 1]) {
        const neighbour = site + (((((x + step) % points) + points) % points) - x) * stride;
        sum += weight * (phi[neighbour]! - phi[site]!);
      }
    });
  }
  return sum;
}

const shapes: Shape[] = [
  { dimensions: 1, points: 2, stencil: 6 },
  { dimensions: 1, points: 17, stencil: 2 },
  { dimensions: 2, points: 3, stencil: 6 },
  { dimensions: 2, points: 9, stencil: 4 },
  { dimensions: 3, points: 2, stencil: 2 },
  { dimensions: 3, points: 7, stencil: 2 },
  { dimensions: 3, points: 7, stencil: 4 },
  { dimensions: 3, points: 9, stencil: 6 },
];

describe.each(["float32", "float64"] as const)("a lattice's own kernels in %s", (precision) => {
  const tolerance = precision === "float32" ? 2e-5 : 1e-13;
  const close = (actual: ArrayLike<number>, expected: ArrayLike<number>): void => {
    const scale = Math.max(1, ...Array.from(expected, Math.abs));
    const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(actual[i]! - value)));
    // A maximum that is no number is above nothing.
    expect(worst <= tolerance * scale, `off by ${worst} of ${scale}`).toBe(true);
  };

  it.each(shapes)("step every plane as plain loops do: %o", async (shape) => {
    const lattice = await latticeOf(shape, precision, false);
    const { sites } = lattice;
    const [phi, pi] = [drawn(FIELDS * sites, 0), drawn(FIELDS * sites, 1)];
    lattice.write(lattice.field, phi);
    lattice.write(lattice.momentum, pi);
    for (let plane = 0; plane < lattice.planes; plane++) lattice.step(plane);
    const momentum = new Float64Array(FIELDS * sites);
    for (let f = 0; f < FIELDS; f++) {
      const own = phi.subarray(f * sites, (f + 1) * sites);
      for (let site = 0; site < sites; site++) {
        const slope = potential.gradient(f, phi[site]!, phi[sites + site]!);
        momentum[f * sites + site] = pi[f * sites + site]! + C1 * laplacian(shape, own, site) - F1 * slope;
      }
    }
    close(lattice.read(lattice.momentum), momentum);
    close(
      lattice.read(lattice.next),
      momentum.map((p, i) => phi[i]! + DRIFT * p),
    );
    expect(lattice.read(lattice.field)).toEqual(phi);
  });

  const kicks = shapes.flatMap((shape) =>
    [
      { alike: false, due: false, recorded: false },
      { alike: false, due: true, recorded: false },
      { alike: true, due: true, recorded: false },
      { alike: false, due: false, recorded: true },
      { alike: false, due: true, recorded: true },
    ].flatMap((how) =>
      how.due && (shape.dimensions === 1 || shape.points <= 2 * STENCILS[shape.stencil].length)
        ? []
        : [{ ...shape, ...how }],
    ),
  );
  it.each(kicks)(
    "kick a plane twice, and sum it, as plain loops do: %o",
    async ({ alike, due, recorded, ...shape }) => {
      const lattice = await latticeOf(shape, precision, true);
      const { sites, planes, reach } = lattice;
      const perPlane = sites / planes;
      // What is drifted ahead is read as nothing else.
      for (let plane = 0; plane < planes - (due ? 2 * reach : 0); plane++) {
        const [phi, pi] = [drawn(FIELDS * sites, 0), drawn(FIELDS * sites, 1)];
        lattice.write(lattice.field, phi);
        lattice.write(lattice.momentum, pi);
        const { sums, records } = lattice.kick(plane, { alike, due, recorded });
        const inPlane = (of: number): number[] =>
          [0, 1].flatMap((f) => Array.from({ length: perPlane }, (_, i) => f * sites + of * perPlane + i));
        if (due) for (const i of inPlane(plane + reach)) phi[i] = Math.fround(phi[i]!) + DRIFT * pi[i]!;
        const expected = [0, 0, 0];
        const moments = [0, 1].map(() => new Array<number>(MOMENTS).fill(0));
        const momentum = pi.slice();
        for (const i of inPlane(plane)) {
          const [f, site] = [Math.floor(i / sites), i % sites];
          const lap = laplacian(shape, phi.subarray(f * sites, (f + 1) * sites), site);
          const slope = potential.gradient(f, phi[site]!, phi[sites + site]!);
          const between = pi[i]! + C1 * lap - F1 * slope;
          momentum[i] = between + (alike ? C1 : C2) * lap - (alike ? F1 : F2) * slope;
          expected[0]! += between ** 2;
          expected[1]! -= (phi[i]! - phi[f * sites]!) * lap;
          const value = potential.value(phi[site]!, phi[sites + site]!);
          if (f === 0) expected[2]! += value;
          if (!recorded) continue;
          const reference = phi[f * sites]!;
          const above = phi[i]! - reference;
          const own: Record<keyof typeof MOMENT, number> = {
            ...{ field: above, square: above ** 2, cube: above ** 3, fourth: above ** 4 },
            ...{ momentum: between, momentumSquare: between ** 2 },
            gradient: slopes(shape, phi.subarray(f * sites, (f + 1) * sites), site),
            potential: f === 0 ? value : 0,
            reference: 0,
          };
          for (const [name, at] of Object.entries(MOMENT)) moments[f]![at]! += own[name as keyof typeof MOMENT];
          moments[f]![MOMENT.reference] = reference;
        }
        close(lattice.read(lattice.field), phi);
        close(lattice.read(lattice.momentum), momentum);
        close(sums, expected);
        for (const f of [0, 1]) close(records[f]!, moments[f]!);
      }
    },
  );

  it.each([1e-13, 1e-11, 1e10])(
    "record third and fourth powers of fields of size %d, which float32 does not hold",
    async (unit) => {
      const shape: Shape = { dimensions: 2, points: 9, stencil: 2 };
      const lattice = await latticeOf(shape, precision, true);
      const { sites, planes } = lattice;
      const phi = drawn(FIELDS * sites, 0).map((value) => Math.fround(unit * (value - 1)));
      lattice.write(lattice.field, phi);
      lattice.write(lattice.momentum, new Float64Array(FIELDS * sites));
      for (const plane of [0, planes - 1]) {
        const { records } = lattice.kick(plane, { alike: false, due: false, recorded: true });
        for (const f of [0, 1]) {
          const start = f * sites;
          const above = Array.from({ length: 9 }, (_, i) => (phi[start + plane * 9 + i]! - phi[start]!) / unit);
          const powers = (n: number): number => above.reduce((sum, value) => sum + value ** n, 0);
          close([records[f]![MOMENT.cube]! / unit ** 3], [powers(3)]);
          close([records[f]![MOMENT.fourth]! / unit ** 4], [powers(4)]);
        }
      }
    },
  );

  it.each([2, 4, 6] as const)("give a lattice that is moved around the moved bits, stencil %i", async (stencil) => {
    const shape: Shape = { dimensions: 3, points: 10, stencil };
    const lattice = await latticeOf(shape, precision, false);
    const { sites } = lattice;
    const run = (moved: (site: number) => number): Float64Array => {
      for (const [index, address] of [lattice.field, lattice.momentum].entries()) {
        const values = drawn(FIELDS * sites, index);
        lattice.write(
          address,
          values.map((_, i) => values[Math.floor(i / sites) * sites + moved(i % sites)]!),
        );
      }
      for (let plane = 0; plane < lattice.planes; plane++) lattice.step(plane);
      return lattice.read(lattice.next);
    };
    const still = run((site) => site);
    // By half the lattice along the planes and the rows, which brings the edges inside.
    const around = (site: number): number => {
      const [z, y, x] = [Math.floor(site / 100), Math.floor(site / 10) % 10, site % 10];
      return ((z + 5) % 10) * 100 + ((y + 5) % 10) * 10 + x;
    };
    expect(run(around)).toEqual(still.map((_, i) => still[Math.floor(i / sites) * sites + around(i % sites)]!));
  });
});

it("a lattice's own kernels in float32 keep the digits of sums over a long row", async () => {
  const shape: Shape = { dimensions: 1, points: 200_000, stencil: 2 };
  const lattice = await latticeOf(shape, "float32", true);
  const { sites } = lattice;
  const [phi, pi] = [drawn(FIELDS * sites, 0), drawn(FIELDS * sites, 1)];
  lattice.write(lattice.field, phi);
  lattice.write(lattice.momentum, pi);
  const { sums } = lattice.kick(0, { alike: false, due: false, recorded: false });
  const expected = [0, 0, 0];
  for (let site = 0; site < sites; site++) {
    const values = [phi[site]!, phi[sites + site]!] as const;
    for (const f of [0, 1]) {
      const lap = laplacian(shape, phi.subarray(f * sites, (f + 1) * sites), site);
      expected[0]! += (pi[f * sites + site]! + C1 * lap - F1 * potential.gradient(f, ...values)) ** 2;
      expected[1]! -= (values[f]! - phi[f * sites]!) * lap;
    }
    expected[2]! += potential.value(...values);
  }
  for (const [n, sum] of sums.entries()) expect(Math.abs(sum / expected[n]! - 1)).toBeLessThan(2e-7);
});

describe("the emitted text", () => {
  it("is as before", async () => {
    const [dimensions, points] = [3, 8] as const;
    const quartic = formOf([await compilePotential("quartic")]);
    const layout = layoutOf({ grid: { dimensions, points } }, 8);
    const kernels = {
      form: quartic,
      precision: "float64",
      fused: true,
      dimensions,
      points,
      weights: [1],
      layout,
    } as const;
    expect(emitLatticeWat(kernels)).toMatchSnapshot();
  });
});
