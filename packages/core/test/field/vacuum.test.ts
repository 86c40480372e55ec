/** The vacuum's draw on a lattice, of fields whose masses mix and of such whose do not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { InputError } from "@slowroll/core/errors";
import { bunchDavies } from "@slowroll/core/field/bunchDavies";
import { planInitialState } from "@slowroll/core/field/initial";
import { fieldStudy } from "@slowroll/core/field/run";
import { prepare } from "@slowroll/core/field/setup";
import type { FieldStudy, FluctuationSpec, LatticeSpec } from "@slowroll/core/field/study";
import { waveNumbers } from "@slowroll/core/field/waves";
import { createTransform } from "@slowroll/core/fourier/transform";
import { describe, expect, it } from "vitest";
import { apart, base, free, NAMES, ROTATIONS, rotated } from "./rotated.ts";

const lattice: LatticeSpec = { dimensions: 3, points: 8, length: 5, stencil: 4 };
const vacuum = (changes: Partial<Extract<FluctuationSpec, { kind: "vacuum" }>> = {}): FluctuationSpec => ({
  kind: "vacuum",
  seed: 11,
  amplitude: 1,
  realisations: 1,
  ...changes,
});

async function draw(field: FieldStudy["field"], fluctuations: FluctuationSpec, grid = lattice) {
  const setup = await prepare({ ...base, field, lattice: grid, fluctuations });
  return planInitialState(setup, grid, undefined)();
}

describe("the vacuum of coupled fields", () => {
  /** L of a = L L^T. */
  function cholesky(a: number[][]): number[][] {
    const lower = a.map((row) => row.map(() => 0));
    for (const [i, row] of a.entries()) {
      for (let j = 0; j <= i; j++) {
        const rest = row[j]! - lower[i]!.reduce((sum, value, n) => (n < j ? sum + value * lower[j]![n]! : sum), 0);
        lower[i]![j] = i === j ? Math.sqrt(rest) : rest / lower[j]![j]!;
      }
    }
    return lower;
  }

  it.each([[[2, 0.3]], [[4, -0.7]], [[1.5, 0, -0.4]]])(
    "has the rotated covariance of field, momentum and both, masses squared %o",
    async (masses) => {
      const F = masses.length;
      const U = ROTATIONS[F]!;
      const realisations = 400;
      const { points, dimensions, length } = lattice;
      const sites = points ** dimensions;
      const state = await draw(rotated(masses), vacuum({ realisations }));
      const transform = createTransform(lattice);
      const scale = (length / points) ** dimensions / length ** (dimensions / 2);
      /** Modes of the half space 0 < last n < points/2, whose numbers are independent. */
      const half = points / 2 + 1;
      const places = Array.from({ length: points ** 2 * half }, (_, at) => {
        const n = [Math.floor(at / half / points), Math.floor(at / half) % points, at % half];
        return { at, n: n.map((i) => (2 * i > points ? i - points : i)) };
      }).filter(({ n }) => n[2]! > 0 && n[2]! < points / 2);
      const waves = places.map(({ n }) => waveNumbers(n, lattice).kEff);
      const modes = masses.map((mass) => bunchDavies(waves, mass, 1));
      // Of (dphi_1 .. dphi_F, dpi_1 .. dpi_F), each with sqrt of its covariance taken out: unit normals if it is right.
      const whitening = waves.map((_, w) => {
        const part = (f: number, of: "u" | "velocity", g: number, and: "u" | "velocity"): number =>
          modes.reduce((sum, mode, i) => {
            const [[a, b], [c, d]] = [mode[w]![of], mode[w]![and]];
            return sum + U[f]![i]! * U[g]![i]! * (a * c + b * d);
          }, 0);
        const kinds = ["u", "velocity"] as const;
        return cholesky(
          kinds.flatMap((of) =>
            masses.map((_, f) => kinds.flatMap((and) => masses.map((_, g) => part(f, of, g, and)))),
          ),
        );
      });
      const size = 2 * F;
      const real = Array.from({ length: size }, () => new Float64Array(size));
      const imaginary = Array.from({ length: size }, () => new Float64Array(size));
      for (let r = 0; r < realisations; r++) {
        const drawn = [state.field, state.momentum].flatMap((array) =>
          masses.map((_, f) => transform.forward(array.slice((r * F + f) * sites, (r * F + f + 1) * sites))),
        );
        for (const [w, { at }] of places.entries()) {
          const white: [number, number][] = [];
          for (const [i, row] of whitening[w]!.entries()) {
            const rest = (of: "real" | "imaginary", p: 0 | 1): number =>
              (scale * drawn[i]![of][at]! - white.reduce((sum, value, j) => sum + row[j]! * value[p], 0)) / row[i]!;
            white.push([rest("real", 0), rest("imaginary", 1)]);
          }
          for (const [i, [a, b]] of white.entries()) {
            for (const [j, [c, d]] of white.entries()) {
              real[i]![j]! += a * c + b * d;
              imaginary[i]![j]! += b * c - a * d;
            }
          }
        }
      }
      const count = places.length * realisations;
      let chiSquared = 0;
      let entries = 0;
      for (let i = 0; i < size; i++) {
        for (let j = 0; j <= i; j++) {
          // <|z|^2> = 1 has variance 1, and of two independent ones the real and the imaginary part have 1/2 each.
          const variance = i === j ? 1 : 1 / 2;
          chiSquared += ((real[i]![j]! / count - (i === j ? 1 : 0)) ** 2 / variance) * count;
          if (i !== j) chiSquared += ((imaginary[i]![j]! / count) ** 2 / variance) * count;
          entries += i === j ? 1 : 2;
        }
      }
      expect(Math.abs(chiSquared - entries)).toBeLessThan(4 * Math.sqrt(2 * entries));
    },
  );

  it("draws fields of their own masses each from its own numbers, coupling or not", async () => {
    const fluctuations = vacuum({ realisations: 2 });
    const sites = lattice.points ** lattice.dimensions;
    const plain = await draw(free([0.5, 2, 1]), fluctuations);
    const alone = await draw({ potential: { name: "quadratic", parameters: { massSquared: 0.5 } } }, vacuum());
    expect(plain.field.slice(0, sites)).toEqual(alone.field);
    expect(plain.momentum.slice(0, sites)).toEqual(alone.momentum);
    // Field sigma beside two that mix, and two that hardly mix.
    const coupling = async (g: number) =>
      draw(
        {
          fields: NAMES,
          potential: { expression: "phi^2/4 + chi^2 + sigma^2/2 + g*phi*chi", parameters: { g } },
        },
        fluctuations,
      );
    const strong = await coupling(0.5);
    for (const r of [0, 1]) {
      const own = [(3 * r + 2) * sites, (3 * r + 3) * sites] as const;
      expect(apart(strong.field.slice(...own), plain.field.slice(...own))).toBeLessThan(1e-12);
    }
    expect(apart(strong.field, plain.field)).toBeGreaterThan(0.01);
    expect(apart((await coupling(1e-7)).field, plain.field)).toBeLessThan(1e-6);
  });

  it("draws the very numbers it always did", async () => {
    const { field, momentum } = await draw(free([0.5, 2]), vacuum({ amplitude: 0.1 }));
    const sites = lattice.points ** lattice.dimensions;
    const got = [field[0], field[sites + 77], momentum[5], momentum[2 * sites - 1]];
    // A later version must not change what a seed means, but in rounding.
    const pinned = [-0.016767683038654158, 0.07514017251674189, 0.11080774354404954, 0.00808896132183323];
    for (const [i, value] of pinned.entries()) expect(got[i]).toBeCloseTo(value, 13);
  });

  it("is the same whatever the number of realisations, and another for another seed", async () => {
    const field = rotated([2, 0.3]);
    const many = await draw(field, vacuum({ realisations: 3 }));
    const one = await draw(field, vacuum());
    expect(many.field.slice(0, one.field.length)).toEqual(one.field);
    expect(many.momentum.slice(0, one.momentum.length)).toEqual(one.momentum);
    const size = one.field.length;
    expect(apart(many.field.slice(size, 2 * size), one.field)).toBeGreaterThan(0.1);
    expect(apart((await draw(field, vacuum({ seed: 12 }))).field, one.field)).toBeGreaterThan(0.1);
  });

  const spectrum: Extract<FluctuationSpec, { kind: "gaussian" }> = {
    kind: "gaussian",
    seed: 5,
    amplitude: 1,
    cutoff: 4,
    realisations: 2,
    spectrum: "1/k",
  };
  it.each([
    // k_eff of stencil 6 is k to (k dx)^6/560 of k^2.
    ["a vacuum", vacuum({ cutoff: 4, realisations: 2 }), 6e-3],
    ["a spectrum", spectrum, 1e-12],
  ] as const)("keeps the long modes of %s at a higher resolution", async (_name, fluctuations, bound) => {
    const grid = { ...lattice, points: 16, stencil: 6 } as const;
    const coarse = await draw(rotated([2, 0.3]), fluctuations, grid);
    const fine = await draw(rotated([2, 0.3]), fluctuations, { ...grid, points: 48 });
    // Both are sums of the same few waves, so that they agree at every site that both have.
    const shared = (array: Float64Array): Float64Array =>
      Float64Array.from({ length: coarse.field.length }, (_, i) => {
        const [x, y, z, rf] = [i % 16, (i >> 4) % 16, (i >> 8) % 16, i >> 12];
        return array[rf * 48 ** 3 + 3 * (z * 48 ** 2 + y * 48 + x)]!;
      });
    expect(apart(shared(fine.field), coarse.field)).toBeLessThan(bound);
    expect(apart(shared(fine.momentum), coarse.momentum)).toBeLessThan(bound);
  });

  it.each([1, 0.1])("keeps the phases of long modes at a higher resolution, and H = %s", async (hubble) => {
    const waves = async (points: number) => {
      const grid = { ...lattice, points, stencil: 2 } as const;
      const study = {
        ...base,
        background: { kind: "deSitter", hubble },
        lattice: grid,
        fluctuations: vacuum(),
      } as const;
      const { field } = await planInitialState(await prepare(study), grid, undefined)();
      const { real, imaginary } = createTransform(grid).forward(field);
      const half = points / 2 + 1;
      // Of the first two axes, and once along the last.
      return [0, 1, points, 2 * points + 1].map((row) => [real[row * half + 1]!, imaginary[row * half + 1]!]);
    };
    const [coarse, fine] = await Promise.all([waves(8), waves(16)]);
    for (const [i, [a, b]] of coarse!.entries()) {
      const [c, d] = fine![i]!;
      expect(Math.abs(Math.atan2(b! * c! - a! * d!, a! * c! + b! * d!))).toBeLessThan(1e-12);
    }
  });

  it("has the modes at the cutoff, and at a table's ends, whatever the rounding", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-spectrum-"));
    const file = path.join(folder, "spectrum.csv");
    writeFileSync(file, "k,power\n1.10001,1\n1.5,1\n2,1\n2.5,1\n3.29998,1\n");
    // 3 * 1.1 is above 3.3.
    const grid: LatticeSpec = { dimensions: 1, points: 16, length: (2 * Math.PI) / 1.1, stencil: 2 };
    const field = { potential: "quadratic" } as const;
    const cut: FluctuationSpec = { ...spectrum, realisations: 1, cutoff: 3.3, spectrum: "1" };
    const { cutoff: _, ...tabled }: FluctuationSpec & { cutoff?: number } = { ...cut, spectrum: { file } };
    const [one, other] = await Promise.all([draw(field, cut, grid), draw(field, tabled, grid)]);
    rmSync(folder, { recursive: true });
    expect(apart(one.field, other.field)).toBeLessThan(1e-12);
    // Of 1, 2 and 3 waves in the box, not of 4.
    const powers = [1, 2, 3, 4].map((n) =>
      Math.hypot(
        ...[Math.cos, Math.sin].map((wave) =>
          one.field.reduce((sum, value, x) => sum + value * wave((2 * Math.PI * n * x) / 16), 0),
        ),
      ),
    );
    expect(powers.map((power) => power > 1e-10)).toEqual([true, true, true, false]);
  });

  it.each([
    [1, "1.2,1\n1.9,1\n", undefined],
    [1, "3,1\n5,1\n", 2.5],
    [3, "30,1\n40,1\n", undefined],
  ] as const)(
    "is refused where a table's rows leave out all waves, in %i dimensions: %j",
    async (dimensions, rows, cutoff) => {
      const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-spectrum-"));
      const file = path.join(folder, "spectrum.csv");
      writeFileSync(file, rows);
      const grid: LatticeSpec = { dimensions, points: 16, length: 2 * Math.PI, stencil: 2 };
      const tabled: FluctuationSpec = { ...spectrum, realisations: 1, spectrum: { file }, ...(cutoff && { cutoff }) };
      await expect(draw({ potential: "quadratic" }, tabled, grid)).rejects.toThrow(
        /has no wave of the lattice, of k = 1 to /,
      );
      rmSync(folder, { recursive: true });
    },
  );

  it("of a spectrum is the same from a file of two rows, between which it is a power law", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-spectrum-"));
    const file = path.join(folder, "spectrum.csv");
    writeFileSync(file, "k,power\n0.1,10\n100,0.01\n");
    const [field, fromFile] = [spectrum.spectrum, { file }].map((power) =>
      draw(rotated([2, 0.3]), { ...spectrum, spectrum: power }),
    );
    expect(apart((await fromFile!).field, (await field!).field)).toBeLessThan(1e-12);
    rmSync(folder, { recursive: true });
  });

  it("of minkowski has the frequency k of each normal mode of negative V'', and warns of it", async () => {
    const modes = { wavenumbers: [0.5, 3], initial: "minkowski" } as const;
    const { result } = await fieldStudy({ ...base, field: rotated([4, -4]), modes }, undefined);
    const U = ROTATIONS[2]!;
    for (const { k, amplitude } of result.modes!)
      for (const f of [0, 1]) {
        const square = U[f]![0]! ** 2 / (2 * Math.hypot(k, 2)) + U[f]![1]! ** 2 / (2 * k);
        expect((amplitude as number[][])[0]![f]! ** 2 / square).toBeCloseTo(1, 12);
      }
    expect(result.warnings).toEqual([
      expect.stringMatching(/^modes\.initial: V'' = -\S+ of [-+]0\.600 phi [-+]0\.800 chi is negative: .* omega = k/),
    ]);
  });

  it("is refused where a normal mode has none, with the length that leaves such waves out", async () => {
    const study = { ...base, background: { kind: "static" }, field: rotated([4, -4]) } as const;
    const refusal = async (length: number): Promise<unknown> => {
      const grid = { ...lattice, length };
      return prepare({ ...study, lattice: grid, fluctuations: vacuum() })
        .then((setup) => planInitialState(setup, grid, undefined)())
        .then(() => undefined)
        .catch((reason: unknown) => reason);
    };
    const error = await refusal(lattice.length);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe("fluctuations.initial");
    expect((error as InputError).message).toMatch(/of [-+]0\.600 phi [-+]0\.800 chi has no vacuum/);
    const longest = Number(/use a lattice\.length below (\S+)$/.exec((error as InputError).message)?.[1]);
    expect(await refusal(longest * 1.001)).toBeInstanceOf(InputError);
    expect(await refusal(longest * 0.999)).toBeUndefined();
  });
});
