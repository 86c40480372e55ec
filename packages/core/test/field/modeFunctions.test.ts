/** The exact vacua's mode functions at a = 1 against mpmath's Hankel functions, and where they are taken. */
import type { InputError } from "@slowroll/core/errors";
import { bunchDavies, powerLawVacuum } from "@slowroll/core/field/bunchDavies";
import { fieldStudy } from "@slowroll/core/field/run";
import { prepare } from "@slowroll/core/field/setup";
import type { FieldStudy } from "@slowroll/core/field/study";
import { describe, expect, it } from "vitest";
import { amplitudes, readData, study, vacuumOf } from "./singleField.ts";

const hankel =
  readData<{ orderSquare: number; x: number; modulus: number; slope: number; product: number }[]>(
    "deSitterVacuum.json",
  );

describe("Bunch and Davies' vacuum", () => {
  const orders = [...new Set(hankel.map(({ orderSquare }) => orderSquare))];
  it.each(orders)("is mpmath's Hankel function to 1e-13, nu^2 = %d", (orderSquare) => {
    const rows = hankel.filter((row) => row.orderSquare === orderSquare);
    const modes = bunchDavies(
      rows.map(({ x }) => x),
      9 / 4 - orderSquare,
      1,
    );
    for (const [i, { x, modulus, slope, product }] of rows.entries()) {
      const { u, velocity } = modes[i]!;
      const scale = x ** 1.5;
      expect(Math.abs((scale * Math.hypot(...u)) / modulus - 1)).toBeLessThan(1e-13);
      // The slope of a light field outside the horizon is a small difference of large numbers.
      const whole = slope + modulus;
      expect(Math.abs(scale * Math.hypot(...velocity) - slope) / whole).toBeLessThan(1e-13);
      const got = scale ** 2 * (u[0] * velocity[0] + u[1] * velocity[1]);
      expect(Math.abs(got - product) / (whole * modulus)).toBeLessThan(1e-13);
    }
  });

  it.each([-0.5, 0, 1, 9, 400, 1e8])("has the Wronskian of a quantum field, m^2 = %d", (massSquared) => {
    const waves = [0.01, 0.3, 2, 29, 31, 150, 5000];
    for (const { u, velocity } of bunchDavies(waves, massSquared, 1)) {
      // u (du/dt)^* - u^* du/dt = i at a = 1.
      expect(2 * (u[1] * velocity[0] - u[0] * velocity[1])).toBeCloseTo(1, 8);
    }
  });
});

describe("the vacuum without mass in power laws", () => {
  /** p of nu = 3/2 + 1/(p - 1), and where it decelerates of nu below. */
  const exponents = (orderSquare: number): number[] => {
    const nu = Math.sqrt(orderSquare);
    return [nu, -nu].map((order) => 1 + 1 / (order - 1.5)).filter((p) => p > 0 && Number.isFinite(p));
  };
  const rows = hankel.flatMap((row) =>
    row.orderSquare < 0 ? [] : exponents(row.orderSquare).map((exponent) => ({ ...row, exponent })),
  );

  it("is mpmath's Hankel function to 1e-11, inside the horizon and outside, past and future", () => {
    expect(new Set(rows.map(({ exponent }) => exponent > 1)).size).toBe(2);
    for (const { exponent, x, modulus, slope, product } of rows) {
      // |tau| = 1 at a = 1.
      const hubble = exponent / Math.abs(1 - exponent);
      const { u, velocity } = powerLawVacuum(exponent, hubble)(x);
      // f = x^(3/2) g rises with ln(1/x), g then by 3/2 g more; chi = |tau|^(1/2) g and du/dt = dchi/dtau - H chi.
      const scale = x ** 1.5;
      expect(Math.abs((scale * Math.hypot(...u)) / modulus - 1)).toBeLessThan(1e-11);
      const rise = exponent > 1 ? 1 : -1;
      const rest = rise - hubble;
      const square = slope ** 2 + rest ** 2 * modulus ** 2 + 2 * rise * rest * product;
      const whole = slope + Math.abs(rest) * modulus;
      expect(Math.abs(scale ** 2 * (velocity[0] ** 2 + velocity[1] ** 2) - square) / whole ** 2).toBeLessThan(1e-11);
      const got = scale ** 2 * (u[0] * velocity[0] + u[1] * velocity[1]);
      expect(Math.abs(got - (rise * product + rest * modulus ** 2)) / (whole * modulus)).toBeLessThan(1e-11);
      // u (du/dt)^* - u^* du/dt = i, a small difference of large numbers far outside: the same sign of the frequency in all.
      if (x > 0.2) expect(2 * (u[1] * velocity[0] - u[0] * velocity[1])).toBeCloseTo(1, 6);
    }
  });

  it.each([
    { kind: "powerLaw", exponent: 10, hubble: 1.3 },
    { kind: "powerLaw", exponent: 1.4, hubble: 0.7 },
    { kind: "powerLaw", exponent: 0.95, hubble: 1 },
    { kind: "fluid", omega: 0, hubble: 0.5 },
    { kind: "fluid", omega: 1, hubble: 2 },
  ] as const)("stays itself while the solver follows it, long waves too: %o", async (background) => {
    const wavenumbers = [0.02, 0.5, 3];
    const run = await fieldStudy(
      study({ background, modes: { wavenumbers }, time: { ...study({}).time, end: 3 } }),
      undefined,
    );
    const { scaleFactor, hubble } = run.result;
    const p = background.kind === "powerLaw" ? background.exponent : 2 / (3 * (1 + background.omega));
    for (const [m, k] of wavenumbers.entries()) {
      for (const [r, a] of scaleFactor.entries()) {
        // With a = 1 there, a wave of k is one of k/a, and its u larger by a^(3/2).
        const { u } = powerLawVacuum(p, hubble[r]!)(k / a);
        expect(Math.abs((amplitudes(run, m)[r]! * a ** 1.5) / Math.hypot(...u) - 1)).toBeLessThan(1e-8);
      }
    }
  });

  it("is taken where nothing else is asked for while V'' stays zero, the adiabatic one else", async () => {
    const background = { kind: "powerLaw", exponent: 2, hubble: 1 } as const;
    const quartic = { potential: "quartic", mean: 0 } as const;
    const cases: [FieldStudy["field"], "bunchDavies" | "adiabatic"][] = [
      [study({}).field, "bunchDavies"],
      [quartic, "bunchDavies"],
      [{ ...quartic, velocity: 1 }, "adiabatic"],
      [{ potential: { expression: "3*phi" }, mean: 1, velocity: 1 }, "bunchDavies"],
      [{ potential: { expression: "phi^2/8" } }, "adiabatic"],
    ];
    for (const [field, kind] of cases) {
      const setup = await prepare(study({ background, field }));
      expect(vacuumOf(setup, [5, 9], "fitting")).toEqual(vacuumOf(setup, [5, 9], kind));
    }
  });

  // Where a was 0 not long before, the third difference that the rate has reaches far back.
  it.each([
    { p: 2, waves: [0.5, 5], bound: 1e-7 },
    { p: 2 / 3, waves: [0.5, 5], bound: 1e-7 },
    { p: 1 / 3, waves: [0.5, 5], bound: 1e-5 },
    { p: 0.1, waves: [5, 9], bound: 1e-5 },
    { p: 0.06, waves: [5, 9], bound: 1e-4 },
  ])(
    "is the adiabatic one of order 2 to 1e-8, and its rate to $bound, a = (1 + H t/p)^p, p = $p",
    async ({ p, waves, bound }) => {
      const hubble = 0.2;
      const setup = await prepare(study({ background: { kind: "powerLaw", exponent: p, hubble } }, 0));
      // Q = -(nu^2 - 1/4)/tau^2.
      const tau = p / ((1 - p) * hubble);
      const q = -((1.5 + 1 / (p - 1)) ** 2 - 0.25) / tau ** 2;
      for (const k of waves) {
        /** |u| = 1/(a sqrt(2 W)) at conformal time s; a = 1 at tau. */
        const amplitude = (s: number): number => {
          const own = q * (tau / s) ** 2;
          const square = k ** 2 + own;
          const w = Math.sqrt(square - (1.5 * own) / (s ** 2 * square) + (1.25 * own ** 2) / (s * square) ** 2);
          return (s / tau) ** (-p / (1 - p)) / Math.sqrt(2 * w);
        };
        const { u, velocity } = vacuumOf(setup, [k], "adiabatic")[0]!;
        expect(Math.abs(Math.hypot(...u) / amplitude(tau) - 1)).toBeLessThan(1e-8);
        const h = 1e-3 * Math.abs(tau);
        const across = (step: number): number => amplitude(tau + step) - amplitude(tau - step);
        const rate = (8 * across(h) - across(2 * h)) / (12 * h);
        expect(Math.abs(velocity[0] / rate - 1)).toBeLessThan(bound);
        expect(2 * (u[1] * velocity[0] - u[0] * velocity[1])).toBeCloseTo(1, 12);
      }
    },
  );

  const hints: [string, Partial<FieldStudy>, number, RegExp][] = [
    [
      "earlier in inflation",
      { background: { kind: "powerLaw", exponent: 3, hubble: 1 } },
      0.5,
      /above 1\.08.*start earlier.*initial: minkowski$/,
    ],
    [
      "later in matter",
      { background: { kind: "fluid", omega: 0, hubble: 1 } },
      0,
      /above 0\.707.*start later.*initial: bunchDavies, exact here, or use initial: minkowski$/,
    ],
    [
      "a state without V'' against a tachyon",
      { background: { kind: "fluid", omega: 0, hubble: 1 } },
      -4,
      /use wave numbers above 2\.12\d*, or use initial: minkowski$/,
    ],
  ];
  it.each(hints)(
    "says which waves have an adiabatic one, and what helps: %s",
    async (_name, changes, massSquared, told) => {
      const modes = { wavenumbers: [0.4], initial: "adiabatic" } as const;
      const error = await fieldStudy(study({ ...changes, modes }, massSquared), undefined).catch(
        (reason: unknown) => reason,
      );
      expect((error as InputError).message).toMatch(told);
      expect((error as InputError).message).not.toContain("\n");
    },
  );
});
