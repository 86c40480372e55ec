/** Fields whose masses mix: their normal modes, what the vacuum draws of them, and their mode functions over time. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { complete } from "@slowroll/core/cooperate";
import { InputError } from "@slowroll/core/errors";
import { bunchDavies } from "@slowroll/core/field/bunchDavies";
import { planInitialState } from "@slowroll/core/field/initial";
import { followModes } from "@slowroll/core/field/modes";
import { normalModes } from "@slowroll/core/field/normalModes";
import { fieldStudy } from "@slowroll/core/field/run";
import { prepare } from "@slowroll/core/field/setup";
import type { FieldStudy, FluctuationSpec, LatticeSpec } from "@slowroll/core/field/study";
import { vacuumModes } from "@slowroll/core/field/vacuum";
import { waveNumbers } from "@slowroll/core/field/waves";
import { createTransform } from "@slowroll/core/fourier/transform";
import { describe, expect, it } from "vitest";

const base: FieldStudy = {
  background: { kind: "deSitter", hubble: 1 },
  field: { potential: "quadratic" },
  fluctuations: { kind: "none" },
  time: { alpha: 0, step: 1, end: 5, recordEvery: 1 },
};
const NAMES = ["phi", "chi", "sigma"];

/** Columns are orthonormal, [F][F], with no element zero. */
const ROTATIONS: Record<number, number[][]> = {
  2: [
    [0.8, -0.6],
    [0.6, 0.8],
  ],
  3: [
    [2 / 3, -1 / 3, 2 / 3],
    [2 / 3, 2 / 3, -1 / 3],
    [-1 / 3, 2 / 3, 2 / 3],
  ],
};

/** Free fields that are the rotation of ones of these masses squared. */
function rotated(masses: readonly number[]): FieldStudy["field"] {
  const fields = NAMES.slice(0, masses.length);
  const terms = masses.map((mass, i) => {
    const combination = fields.map((name, f) => `(${ROTATIONS[masses.length]![f]![i]!})*${name}`).join(" + ");
    return `(${mass})*(${combination})^2/2`;
  });
  return { fields, potential: { expression: terms.join(" + ") } };
}

const free = (masses: readonly number[]): FieldStudy["field"] => {
  const fields = NAMES.slice(0, masses.length);
  return {
    fields,
    potential: { expression: masses.map((mass, f) => `(${mass})*${fields[f]}^2/2`).join(" + ") },
  };
};

describe("normal modes", () => {
  it.each([[[2, 0.3]], [[0.5, -0.7]], [[1.5, 0, -0.25]]])("are the eigenvectors of V'', %o", async (masses) => {
    const modes = normalModes(await prepare({ ...base, field: rotated(masses) }));
    const order = Array.from(masses.keys()).sort((i, j) => masses[j]! - masses[i]!);
    for (const [m, i] of order.entries()) {
      const { massSquared, direction } = modes[m]!;
      if (masses[i] === 0) expect(massSquared).toBe(0);
      expect(massSquared).toBeCloseTo(masses[i]!, 13);
      const along = direction.reduce((sum, part, f) => sum + part * ROTATIONS[masses.length]![f]![i]!, 0);
      expect(Math.abs(along)).toBeCloseTo(1, 13);
    }
  });
  it("are the fields themselves, in order, where no masses mix at the mean", async () => {
    const field = { fields: ["phi", "chi"], potential: { expression: "phi^2*chi^2/2 + chi^2" }, mean: [3, 0] };
    expect(normalModes(await prepare({ ...base, field }))).toEqual([
      { massSquared: 0, direction: [1, 0], name: "phi" },
      { massSquared: 11, direction: [0, 1], name: "chi" },
    ]);
  });
  it("are refused where V'' is not finite", async () => {
    const field = { fields: ["phi", "chi"], potential: { expression: "(phi + chi)^1.5" } };
    const setup = await prepare({ ...base, field });
    expect(() => normalModes(setup)).toThrow(InputError);
  });
});

describe("the slow-roll attractor", () => {
  it("is the slow root of every normal mode, and the solution stays on it", async () => {
    const masses = [2, 0.3];
    const mean = [1, -0.7];
    const hubble = 1.1;
    const U = ROTATIONS[2]!;
    const { result } = await fieldStudy(
      { ...base, background: { kind: "deSitter", hubble }, field: { ...rotated(masses), mean, velocity: "attractor" } },
      undefined,
    );
    for (const [r, t] of result.times.entries()) {
      const parts = masses.map((mass, i) => {
        const slow = (3 * hubble - Math.sqrt(9 * hubble ** 2 - 4 * mass)) / 2;
        return (U[0]![i]! * mean[0]! + U[1]![i]! * mean[1]!) * Math.exp(-slow * t);
      });
      for (const f of [0, 1]) {
        const want = U[f]![0]! * parts[0]! + U[f]![1]! * parts[1]!;
        expect((result.mean as number[][])[r]![f]!).toBeCloseTo(want, 9);
      }
    }
  });
  it("is refused where a normal mode is too heavy, though no field is", async () => {
    const field = { fields: ["phi", "chi"], potential: { expression: "phi^2 + chi^2 + phi*chi" }, mean: 1 };
    const study = { ...base, field: { ...field, velocity: "attractor" } } as const;
    const error = await fieldStudy(study, undefined).catch((reason: unknown) => reason);
    expect((error as InputError).path).toBe("field.velocity");
    expect((error as InputError).message).toMatch(/0\.707 phi \S0\.707 chi has no slow-roll attractor/);
  });
});

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

/** Largest difference over the largest of the second, where that is not zero. */
const apart = (got: ArrayLike<number>, want: Float64Array): number =>
  want.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0) /
  (want.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1);

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
    const strong = await coupling(0.3);
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
    // As drawn since the first version; a later one must not change what a seed means.
    const pinned = [0.02450372985595042, 0.009605816682561365, -0.019439733826721897, 0.472769050940792];
    for (const [i, value] of pinned.entries()) expect(got[i]).toBeCloseTo(value, 14);
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

  const spectrum: FluctuationSpec = {
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

  it("is refused where a normal mode has none", async () => {
    const study = { ...base, background: { kind: "static" }, field: rotated([4, -4]), lattice } as const;
    const error = await prepare({ ...study, fluctuations: vacuum() })
      .then((setup) => planInitialState(setup, lattice, undefined)())
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe("fluctuations.initial");
    expect((error as InputError).message).toMatch(/of [-+]0\.600 phi [-+]0\.800 chi has no vacuum/);
  });
});

interface Reference {
  hubble: number;
  massSquared: number;
  k: number;
  efolds: number;
  amplitude: number;
}
const references = ["deSitterModes.json", "heavyModes.json"].flatMap(
  (file) =>
    JSON.parse(readFileSync(path.join(import.meta.dirname, "../../../../tests/data", file), "utf8")) as Reference[],
);

describe("modes of several fields", () => {
  it.each([
    [0, 1.5],
    [0.5, 9],
    [0, 100],
  ])("are the rotation of other programs' Hankel functions to 1e-8, masses squared %d and %d", async (light, heavy) => {
    const of = (massSquared: number) => references.filter((row) => row.hubble === 1 && row.massSquared === massSquared);
    const rows = of(light).flatMap((row) =>
      of(heavy)
        .filter(({ k, efolds }) => k === row.k && efolds === row.efolds)
        .map(({ amplitude }) => ({ ...row, amplitudes: [row.amplitude, amplitude] as const })),
    );
    expect(rows.length).toBeGreaterThan(5);
    const wavenumbers = [...new Set(rows.map(({ k }) => k))];
    const { result } = await fieldStudy(
      { ...base, field: rotated([light, heavy]), modes: { wavenumbers, initial: "bunchDavies" } },
      undefined,
    );
    const [p, q] = ROTATIONS[2] as [[number, number], [number, number]];
    for (const { k, efolds, amplitudes } of rows) {
      const { amplitude, correlation } = result.modes![wavenumbers.indexOf(k)]!;
      const power = (one: number[], other: number[]): number =>
        one.reduce((sum, value, i) => sum + value * other[i]! * amplitudes[i]! ** 2, 0);
      const got = amplitude[efolds] as number[];
      const want = [Math.sqrt(power(p, p)), Math.sqrt(power(q, q))] as const;
      for (const f of [0, 1]) expect(Math.abs(got[f]! / want[f]! - 1)).toBeLessThan(1e-8);
      const mixed = power(p, q) / (want[0] * want[1]);
      const [[own, cross], [back]] = correlation![efolds] as [[number, number], [number, number]];
      expect(Math.abs(cross - mixed)).toBeLessThan(1e-8);
      expect(back).toBe(cross);
      expect(own).toBe(1);
    }
  });

  it.each([
    ["free in de Sitter space", { kind: "deSitter", hubble: 1 }, ["phi^2/4", "2*chi^2"], [1, 0.5]],
    ["that move, in matter", { kind: "fluid", omega: 0, hubble: 0.3 }, ["phi^4/4", "2*chi^2 + chi^4"], [1, 0.4]],
  ] as const)("are those of each where they do not mix: %s", async (_name, background, terms, mean) => {
    const modes = { wavenumbers: [3, 7] };
    const both = await fieldStudy(
      {
        ...base,
        background,
        field: { fields: ["phi", "chi"], potential: { expression: terms.join(" + ") }, mean },
        modes,
      },
      undefined,
    );
    for (const [f, name] of ["phi", "chi"].entries()) {
      const field = { fields: [name], potential: { expression: terms[f]! }, mean: mean[f]! };
      const { result } = await fieldStudy({ ...base, background, field, modes }, undefined);
      for (const [m, { amplitude, correlation }] of both.result.modes!.entries()) {
        const alone = result.modes![m]!;
        expect(alone.correlation).toBeUndefined();
        for (const [r, values] of (amplitude as number[][]).entries()) {
          expect(Math.abs(values[f]! / (alone.amplitude as number[][])[r]![0]! - 1)).toBeLessThan(1e-10);
          expect(correlation![r]![0]![1]).toBe(0);
        }
      }
    }
  });

  /** Two fields whose masses and their mixing change as they move. */
  const moving = (mean: readonly number[], velocity: readonly number[]): FieldStudy => ({
    ...base,
    background: { kind: "fluid", omega: 0, hubble: 0.3 },
    field: {
      fields: ["phi", "chi"],
      potential: { expression: "phi^4/4 + phi^2*chi^2 + chi^4/8 + phi*chi/3" },
      mean,
      velocity,
    },
  });

  it("follow the means' V'': as the change of the homogeneous solution, for k to 0", async () => {
    const setup = await prepare(moving([1, 0.5], [0, 0.2]));
    const records = complete(followModes(setup, { wavenumbers: [1e-7], initial: "minkowski" }));
    const e = 1e-5;
    for (const i of [0, 1]) {
      const part = (r: number, f: number, of: number): number => records[r]![0]![8 * f + 4 * i + of]!;
      const [up, down] = await Promise.all(
        [e, -e].map((by) =>
          fieldStudy(
            moving([1 + by * part(0, 0, 0), 0.5 + by * part(0, 1, 0)], [by * part(0, 0, 1), 0.2 + by * part(0, 1, 1)]),
            undefined,
          ),
        ),
      );
      for (const r of records.keys()) {
        for (const f of [0, 1]) {
          const of = ({ result }: typeof up): number => (result.mean as number[][])[r]![f]!;
          expect(Math.abs(part(r, f, 0) - (of(up!) - of(down!)) / (2 * e))).toBeLessThan(1e-7);
        }
      }
    }
  });

  it("keep the commutators of fields and momenta, whatever the means do", async () => {
    const setup = await prepare(moving([1, 0.5], [0, 0.2]));
    const { result } = await fieldStudy(setup.study, undefined);
    const waves = [2, 7];
    for (const [r, modes] of complete(followModes(setup, { wavenumbers: waves })).entries()) {
      for (const mode of modes) {
        /** sum_i of Im(p_fi q_gi^*), p and q each u (0) or du/dt (1): of [u, du/dt^*] i/2 a^-3 delta_fg, and else 0. */
        const bracket = (f: number, p: 0 | 1, g: number, q: 0 | 1): number =>
          [0, 1].reduce((sum, i) => {
            const [x, y] = [8 * f + 4 * i + p, 8 * g + 4 * i + q];
            return sum + mode[x + 2]! * mode[y]! - mode[x]! * mode[y + 2]!;
          }, 0);
        for (const f of [0, 1]) {
          for (const g of [0, 1]) {
            expect(Math.abs(bracket(f, 0, g, 0))).toBeLessThan(1e-9);
            expect(Math.abs(bracket(f, 1, g, 1))).toBeLessThan(1e-9);
            const scale = 2 * result.scaleFactor[r]! ** 3;
            expect(Math.abs(scale * bracket(f, 0, g, 1) - (f === g ? 1 : 0))).toBeLessThan(1e-8);
          }
        }
      }
    }
  });

  it("converge with the integrator's tolerance", async () => {
    const setup = await prepare(moving([1, 0.5], [0, 0.2]));
    const last = (relativeTolerance: number): Float64Array =>
      complete(followModes(setup, { wavenumbers: [3] }, { relativeTolerance, absoluteTolerance: 1e-22 })).at(-1)![0]!;
    const best = last(1e-13);
    const errors = [1e-5, 1e-7, 1e-9].map((tolerance) => apart(last(tolerance), best));
    // In proportion to the tolerance, to a factor of some.
    for (const [i, error] of errors.slice(1).entries()) expect(error / errors[i]!).toBeLessThan(0.05);
    expect(errors.at(-1)).toBeLessThan(1e-7);
    expect(apart(last(1e-12), best)).toBeLessThan(1e-9);
  });

  it("start adiabatic as the fields that they are a rotation of, while these move", async () => {
    const background = { kind: "fluid", omega: 0, hubble: 0.4 } as const;
    const [p, q] = ["(0.8*phi + 0.6*chi)", "(0.8*chi - 0.6*phi)"];
    const turned = await prepare({
      ...base,
      background,
      field: {
        fields: ["phi", "chi"],
        potential: { expression: `${p}^4/4 + 2*${q}^2 + ${q}^3/3` },
        // 0.9 of the first and 0.2 of the second, with velocities -0.3 and 0.5.
        mean: [0.8 * 0.9 - 0.6 * 0.2, 0.6 * 0.9 + 0.8 * 0.2],
        velocity: [0.8 * -0.3 - 0.6 * 0.5, 0.6 * -0.3 + 0.8 * 0.5],
      },
    });
    const straight = await prepare({
      ...base,
      background,
      field: {
        fields: ["phi", "chi"],
        potential: { expression: "phi^4/4 + 2*chi^2 + chi^3/3" },
        mean: [0.9, 0.2],
        velocity: [-0.3, 0.5],
      },
    });
    const of = (setup: typeof turned) =>
      normalModes(setup)
        .sort((one, other) => one.massSquared - other.massSquared)
        .map((mode) => vacuumModes(setup, mode, [3], "adiabatic", "modes.initial")[0]!);
    const want = of(straight);
    for (const [i, { u, velocity }] of of(turned).entries()) {
      for (const part of [0, 1]) {
        expect(u[part]).toBeCloseTo(want[i]!.u[part]!, 9);
        expect(velocity[part]).toBeCloseTo(want[i]!.velocity[part]!, 9);
      }
    }
  });

  it("start adiabatic each with its own mass, and are refused by the normal mode that has none", async () => {
    const background = { kind: "powerLaw", exponent: 2, hubble: 1 } as const;
    const setup = await prepare({ ...base, background, field: rotated([20, 0]) });
    const [first] = complete(followModes(setup, { wavenumbers: [0.5] }));
    // The massless one is exact, long as the wave is; the other's frequency at a = 1 is real.
    const [, massless] = normalModes(setup);
    const want = vacuumModes(setup, massless!, [0.5], "bunchDavies", "modes.initial")[0]!;
    for (const f of [0, 1]) {
      const { u } = want;
      const part = massless!.direction[f]!;
      expect([first![0]![8 * f + 4], first![0]![8 * f + 6]]).toEqual([part * u[0], part * u[1]]);
    }
    const modes = { wavenumbers: [0.5], initial: "adiabatic" } as const;
    const error = await fieldStudy({ ...setup.study, modes }, undefined).catch((reason: unknown) => reason);
    expect((error as InputError).path).toBe("modes.initial");
    expect((error as InputError).message).toMatch(/k = 0\.5 of \S+ phi \S+ chi has no adiabatic vacuum/);
  });
});
