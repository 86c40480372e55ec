/** Gaussian fields against plain loops, the same bits for any number of threads and realisations, and what ends or refuses a draw. */
import { complete, type Work } from "@slowroll/core/cooperate";
import { InputError, InterruptedError } from "@slowroll/core/errors";
import { drawGaussianFields, drawingBytes, type GaussianDraw } from "@slowroll/core/fourier/gaussianFields";
import { eachOrbit, orbitCount } from "@slowroll/core/fourier/orbits";
import { uniforms } from "@slowroll/core/random/normal";
import { describe, expect, it, vi } from "vitest";
import { referenceGaussianFields } from "../../../../tests/reference/gaussianFields.ts";

type Grid = GaussianDraw["grid"];

/** Random numbers for every orbit but 0 and, where `sparse`, but for most. */
const fillWith = (grid: Grid, atRest: boolean, seed: number, sparse: boolean) =>
  function* (table: Float64Array): Work<void> {
    const next = uniforms(seed, 0);
    const size = atRest ? 2 : 4;
    yield* eachOrbit(grid, (orbit) => {
      const empty = sparse && next() > 0.2;
      for (let i = 0; i < size; i++) table[size * orbit + i] = orbit === 0 || empty ? 0 : next() - 0.5;
    });
  };

function drawOf(
  grid: Grid,
  directions: readonly (readonly number[])[],
  { realisations = 1, atRest = false, sparse = false, seed = 2 ** 33 + 5 } = {},
): GaussianDraw {
  return {
    grid,
    seed,
    realisations,
    normals: directions.map((direction, i) => ({ direction, fill: fillWith(grid, atRest, i, sparse) })),
    scale: 3.5,
    atRest,
    mean: directions.map((_, f) => f + 1),
    velocity: directions.map((_, f) => f - 0.5),
  };
}

const ONE = [[1]];
const TWO = [
  [1, 0],
  [0, 1],
];
const TURNED = [
  [0.6, 0.8],
  [-0.8, 0.6],
];
const PARTLY = [
  [0.6, 0, 0.8],
  [0, 1, 0],
  [-0.8, 0, 0.6],
];

const bytes = ({ buffer, byteOffset, byteLength }: Float64Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);
const isSame = (one: Float64Array, other: Float64Array): boolean => bytes(one).equals(bytes(other));

describe("Gaussian fields", () => {
  const grids: Grid[] = [
    ...[1, 2, 3, 4, 5, 6, 8, 9, 30].map((points) => ({ dimensions: 1 as const, points })),
    ...[1, 2, 3, 4, 5, 7, 8, 10, 15].map((points) => ({ dimensions: 2 as const, points })),
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((points) => ({ dimensions: 3 as const, points })),
  ];
  const kinds: [string, GaussianDraw["normals"][number]["direction"][], object][] = [
    ["one field", ONE, {}],
    ["two at rest", TWO, { atRest: true }],
    ["two that mix, in two realisations", TURNED, { realisations: 2 }],
    ["three of which two mix, most modes empty", PARTLY, { sparse: true }],
  ];
  it.each(grids.flatMap((grid) => kinds.map(([name, directions, more]) => ({ ...grid, name, directions, more }))))(
    "are those of plain loops: $dimensions dimensions of $points points, $name",
    async ({ dimensions, points, directions, more }) => {
      const draw = drawOf({ dimensions, points }, directions, more);
      const want = referenceGaussianFields(draw);
      const got = await drawGaussianFields(draw);
      for (const part of ["field", "momentum"] as const) {
        const rms = Math.sqrt(want[part].reduce((sum, value) => sum + value ** 2, 0) / want[part].length);
        for (const [i, value] of want[part].entries())
          expect(Math.abs(got[part][i]! - value)).toBeLessThan(1e-14 * (rms + 1));
      }
    },
  );

  it.each([
    [{ dimensions: 3, points: 32 }, TWO, { realisations: 1 }],
    [{ dimensions: 2, points: 100 }, ONE, { realisations: 3, atRest: true }],
  ] as const)("take the memory that is told: %o", async (grid, directions, more) => {
    const draw = drawOf(grid, directions, more);
    let taken = 0;
    const Memory = WebAssembly.Memory;
    vi.spyOn(WebAssembly, "Memory").mockImplementation(function memory(descriptor) {
      taken += 65_536 * descriptor.initial;
      return new Memory(descriptor);
    });
    const shared = SharedArrayBuffer;
    vi.stubGlobal("SharedArrayBuffer", function buffer(bytes: number) {
      taken += bytes;
      return new shared(bytes);
    });
    try {
      const { field } = await drawGaussianFields(draw, 2);
      const { realisations, atRest = false } = { atRest: undefined, ...more };
      const told = drawingBytes({ grid, realisations, atRest, fields: directions.length }, 2) + 16 * field.length;
      expect(told).toBeLessThanOrEqual(taken);
      // A memory has whole pages, an eighth more at most.
      expect(taken - told).toBeLessThan(told / 8 + 65_536);
    } finally {
      vi.restoreAllMocks();
      vi.unstubAllGlobals();
    }
  });

  it.each([
    [{ dimensions: 1, points: 30_003 }, 3],
    [{ dimensions: 1, points: 1000 }, 100],
    [{ dimensions: 2, points: 250 }, 2],
    [{ dimensions: 2, points: 63 }, 20],
    [{ dimensions: 3, points: 41 }, 1],
    [{ dimensions: 3, points: 16 }, 20],
  ] as const)("are the same bits for any number of threads and of realisations: %o, %d", async (grid, realisations) => {
    const draw = drawOf(grid, TURNED, { realisations });
    const one = await drawGaussianFields(draw, 1);
    for (const threads of [2, 3]) {
      const other = await drawGaussianFields(draw, threads);
      expect(isSame(other.field, one.field) && isSame(other.momentum, one.momentum)).toBe(true);
    }
    // Fewer are drawn on the calling thread.
    const { field, momentum } = await drawGaussianFields(drawOf(grid, TURNED), 3);
    expect(isSame(one.field.subarray(0, field.length), field)).toBe(true);
    expect(isSame(one.momentum.subarray(0, field.length), momentum)).toBe(true);
  });

  it("end soon where they are interrupted, and leave the event loop free to hear of it", async () => {
    const abort = new AbortController();
    let drawn = 0;
    const normals = [0, 1].map((i) => ({
      direction: TWO[i]!,
      *fill(table: Float64Array) {
        table.fill(1, 4);
        if (drawn++ === 0) setTimeout(() => abort.abort(), 20);
        yield;
      },
    }));
    const draw = { ...drawOf({ dimensions: 3, points: 160 }, TWO), normals };
    await expect(drawGaussianFields(draw, 1, abort.signal)).rejects.toThrow(InterruptedError);
    // Not with the first field's 4 million sites.
    expect(drawn).toBe(1);
  });

  it("tell what their mode functions throw", async () => {
    const normals = [
      {
        direction: [1],
        *fill(): Work<void> {
          yield;
          throw new InputError("no such vacuum");
        },
      },
    ];
    for (const points of [4, 64])
      await expect(drawGaussianFields({ ...drawOf({ dimensions: 3, points }, ONE), normals })).rejects.toThrow(
        "no such vacuum",
      );
  });

  it("are refused where they cannot be drawn, before anything is allocated", async () => {
    const refused = drawGaussianFields(drawOf({ dimensions: 2, points: 40_000 }, ONE));
    await expect(refused).rejects.toThrow(/^fluctuations on 40000\^2 points do not fit: .*; use fewer points$/);
    await expect(refused).rejects.toThrow(InputError);
  });
});

describe("orbits", () => {
  it.each([1, 2, 3] as const)("are the modes up to signs and order, each once, in %d dimensions", (dimensions) => {
    for (const points of [1, 2, 5, 6]) {
      const got: number[][] = [];
      complete(eachOrbit({ dimensions, points }, (orbit, ...n) => void got.push([orbit, ...n])));
      const half = Math.floor(points / 2);
      const want = new Set<string>();
      const numbers = (axis: number): number[] =>
        axis < dimensions ? Array.from({ length: half + 1 }, (_, n) => n) : [0];
      for (const a of numbers(0))
        for (const b of numbers(1)) for (const c of numbers(2)) want.add(`${[a, b, c].sort((p, q) => q - p)}`);
      expect(new Set(got.map(([, ...n]) => `${n}`))).toEqual(want);
      expect(got.map(([orbit]) => orbit)).toEqual(got.map((_, i) => i));
      expect(got.length).toBe(orbitCount({ dimensions, points }));
    }
  });

  it("of 1024^3 points are more than a Set holds, and are gone through all the same", () => {
    const grid = { dimensions: 3, points: 1024 } as const;
    let last = -1;
    let sum = 0;
    complete(
      eachOrbit(grid, (orbit, a, b, c) => {
        last = orbit;
        sum += a + b + c;
      }),
    );
    expect(last + 1).toBe(orbitCount(grid));
    expect(orbitCount(grid)).toBeGreaterThan(2 ** 24);
    // The means of the largest, middle and smallest of three numbers 0 .. n in order, as many as there are multisets: 3n/4, 2n/4, n/4.
    expect(sum).toBe((6 / 4) * 512 * orbitCount(grid));
  });
});
