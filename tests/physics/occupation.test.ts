/** Spectra of velocities and occupation numbers: against plain sums over a stored state, and of the vacuum, whose are 1/2, mixing masses or not. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Engine } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceTransform } from "../reference/spectrum.ts";

const folder = mkdtempSync(path.join(tmpdir(), "slowroll-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes an array where a study of kind `file` finds it. */
function stored(name: string, values: Float64Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return file;
}

const OBSERVE = { spectraEvery: 1000, velocitySpectra: true, occupationNumbers: true } as const;

describe.each([
  { engine: "webgpu", adapter: "software", precision: "float32", bound: 1e-5 },
  { engine: "webgpu", adapter: "software", precision: "compensated", bound: 1e-5 },
  { engine: "cpu", adapter: "auto", precision: "float32", bound: 1e-5 },
  { engine: "cpu", adapter: "auto", precision: "float64", bound: 1e-10 },
] as const)("the $engine lattice, $precision", ({ bound, ...choice }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(choice);
  });
  afterAll(() => engine.close());

  /** Two fields that start from random arrays, run to the end, and what plain sums say of the state there. */
  async function ofState(background: FieldStudy["background"], q: number) {
    const points = 8;
    const sites = points ** 3;
    const length = 3;
    const files = (kind: number) =>
      ["phi", "chi"].map((name, f) =>
        stored(
          `${name}${kind}.f64`,
          normals(kind, f, 0, sites).map((value) => 0.3 * value + (f === 0 ? 1 : 0)),
        ),
      );
    const study: FieldStudy = {
      background,
      field: {
        fields: ["phi", "chi"],
        potential: { expression: "phi^2/2 + q*phi^2*chi^2/2 + chi^4/4", parameters: { q } },
      },
      lattice: { dimensions: 3, points, length, stencil: 4 },
      fluctuations: { kind: "file", field: files(1), momentum: files(2) },
      time: { alpha: 1, step: 0.01, end: 0.3, recordEvery: 10 },
      observe: OBSERVE,
    };
    const { result, final } = await fieldStudy(study, engine);
    const [a, hubble] = [result.scaleFactor.at(-1)!, result.hubble.at(-1)!];
    const half = points / 2;
    const numberOf = (site: number, axis: number) => ((Math.floor(site / points ** axis) + half) % points) - half;
    const perVolume = (length / points) ** 6 / length ** 3;
    const [fields, momenta] = [final!.field, final!.momentum].map((all) =>
      [0, 1].map((f) => all.subarray(f * sites, (f + 1) * sites)),
    );
    const [phi, chi] = fields!;
    const mean = (of: (phi: number, chi: number) => number): number =>
      phi!.reduce((sum, value, site) => sum + of(value, chi![site]!), 0) / sites;
    const heavy = mean((_, y) => 1 + q * y ** 2);
    const light = mean((x, y) => 3 * y ** 2 + q * x ** 2);
    const mixing = mean((x, y) => 2 * q * x * y);
    // The rotation by less than an eighth of a turn after which no masses mix.
    const angle = Math.atan((2 * mixing) / (heavy - light)) / 2;
    const wanted = [angle, angle + Math.PI / 2].map((turned, f) => {
      const parts = [Math.cos(turned), Math.sin(turned)] as const;
      const along = ([x, y]: readonly Float64Array[]) =>
        x!.map((value, site) => parts[0] * value + parts[1] * y![site]!);
      const [phi, pi] = [along(fields!), along(momenta!)];
      const velocity = momenta![f]!.map((value) => value / a ** 3);
      // chi = a phi in conformal time.
      const turning = pi!.map((value, site) => a ** 2 * hubble * phi![site]! + value / a);
      const curvature = parts[0] ** 2 * heavy + 2 * parts[0] * parts[1] * mixing + parts[1] ** 2 * light;
      const sums = new Map<number, { count: number; power: number; occupation: number; oscillates: boolean }>();
      const squares = [velocity, phi!, turning].map((values) => {
        const { real, imaginary } = referenceTransform({ dimensions: 3, points }, values);
        return real.map((re, n) => perVolume * (re ** 2 + imaginary[n]! ** 2));
      });
      for (let site = 1; site < sites; site++) {
        const mode = [0, 1, 2].map((axis) => numberOf(site, axis));
        const n = Math.hypot(...mode);
        // The stencil of order 4 as its plain sum.
        const phase = (j: number, m: number) => 2 - 2 * Math.cos((2 * Math.PI * j * m) / points);
        const square = mode.reduce((sum, m) => sum + (4 / 3) * phase(1, m) - phase(2, m) / 12, 0);
        const omegaSquared = square * (points / length) ** 2 + a ** 2 * curvature;
        const bin = sums.get(Math.round(n)) ?? { count: 0, power: 0, occupation: 0, oscillates: true };
        const omega = Math.sqrt(omegaSquared);
        sums.set(Math.round(n), {
          count: bin.count + 1,
          power: bin.power + (((2 * Math.PI * n) / length) ** 3 * squares[0]![site]!) / (2 * Math.PI ** 2),
          occupation: bin.occupation + (omega * a ** 2 * squares[1]![site]! + squares[2]![site]! / omega) / 2,
          oscillates: bin.oscillates && omegaSquared > 0,
        });
      }
      const bins = [...sums].sort(([p], [q]) => p - q).map(([, bin]) => bin);
      return {
        velocityPower: bins.map(({ power, count }) => power / count),
        occupation: bins.map(({ occupation, count, oscillates }) => (oscillates ? occupation / count : null)),
        massSquared: curvature,
        // States overlap with the fields that they are named after.
        mixing: parts.map((part) => part * Math.sign(parts[f]!)),
      };
    });
    expect(Math.abs(angle)).toBeGreaterThan(0.001);
    return { last: result.spectra!.at(-1)!, wanted };
  }

  const near = (got: readonly (number | null)[], want: readonly (number | null)[]): void => {
    const scale = Math.max(...want.map((value) => Math.abs(value ?? 0)));
    expect(got.map((value) => value === null)).toEqual(want.map((value) => value === null));
    for (const [b, value] of want.entries())
      if (value !== null) expect(Math.abs(got[b]! - value)).toBeLessThan(bound * scale);
  };

  it.each([
    ["prescribed", { kind: "deSitter", hubble: 0.7 }],
    ["selfConsistent", { kind: "selfConsistent", planckMass: 1 }],
  ] as const)("is what plain sums over the state say, expansion %s", async (_name, background) => {
    const { last, wanted } = await ofState(background, 1);
    for (const [f, want] of wanted.entries()) {
      near((last.velocityPower as number[][])[f]!, want.velocityPower);
      near((last.occupation as number[][])[f]!, want.occupation);
      expect(Math.abs((last.massSquared as number[])[f]! / want.massSquared - 1)).toBeLessThan(bound);
      near(last.mixing![f]!, want.mixing);
    }
  });

  it("leaves out bins with modes that do not oscillate", async () => {
    const { last, wanted } = await ofState({ kind: "static" }, -12);
    const [phi, chi] = last.occupation as (number | null)[][];
    near(phi!, wanted[0]!.occupation);
    near(chi!, wanted[1]!.occupation);
    // V''_chi = -12 (1 + 0.3^2) + ... lies between the squares of the first and second waves, (2 pi/3)^2 = 4.4 and three times that.
    expect(chi![0]).toBeNull();
    expect(chi!.at(-1)).toBeGreaterThan(0);
  });

  it("is 1/2 for the vacuum of a free massive field at rest, within the sampling error, and stays", async () => {
    const amplitude = 1e-3;
    const realisations = 6;
    const { result } = await fieldStudy(
      {
        background: { kind: "static" },
        field: { potential: { name: "quadratic", parameters: { massSquared: 2 } } },
        lattice: { dimensions: 3, points: 12, length: 6, stencil: 2 },
        fluctuations: { kind: "vacuum", seed: 5, amplitude, realisations },
        time: { alpha: 0, step: 0.002, end: 1, integrator: "verlet2", recordEvery: 500 },
        observe: { ...OBSERVE, spectraEvery: 125 },
      },
      engine,
    );
    const spectra = result.spectra!;
    expect(spectra.length).toBe(5);
    const first = spectra[0]!.occupation as number[];
    const chance = first.map((value, b) => {
      // Each n_k is the mean of two exponential draws with mean 1/2, one a pair k, -k: variance 1/8 over count/2 of them.
      const sigma = 0.5 / Math.sqrt(spectra[0]!.count[b]! * realisations);
      return (value / amplitude ** 2 - 0.5) / sigma;
    });
    expect(Math.max(...chance.map(Math.abs))).toBeLessThan(4);
    expect(Math.hypot(...chance) / Math.sqrt(chance.length)).toBeLessThan(1.7);
    // What the steps leave of it: Verlet's own frequency is off by (omega h)^2/24, n_k to and fro by a quarter of (omega h)^2.
    const step = (7.1 * 0.002) ** 2 / 4;
    for (const { occupation } of spectra.slice(1))
      for (const [b, value] of (occupation as number[]).entries())
        expect(Math.abs(value / first[b]! - 1)).toBeLessThan(step + 10 * bound);
    expect(spectra.map(({ massSquared }) => massSquared)).toEqual(new Array(5).fill(2));
  });

  it("is 1/2 for the vacuum of fields whose masses mix, of their eigenstates, and stays, names too", async () => {
    const amplitude = 1e-3;
    const realisations = 8;
    // m1^2 phi^2/2 + m2^2 chi^2/2 + g phi chi with equal masses: (phi +- chi)/sqrt(2), of m^2 +- g.
    const [massSquared, g] = [5, 4.5];
    const { result } = await fieldStudy(
      {
        background: { kind: "static" },
        field: {
          fields: ["phi", "chi"],
          potential: { expression: "m2*(phi^2 + chi^2)/2 + g*phi*chi", parameters: { m2: massSquared, g } },
        },
        lattice: { dimensions: 3, points: 10, length: 20, stencil: 2 },
        fluctuations: { kind: "vacuum", seed: 11, amplitude, realisations },
        time: { alpha: 0, step: 0.004, end: 2, integrator: "verlet2", recordEvery: 500 },
        observe: { ...OBSERVE, spectraEvery: 125 },
      },
      engine,
    );
    const spectra = result.spectra!;
    expect(spectra.length).toBe(5);
    const first = spectra[0]!.occupation as number[][];
    const sigma = spectra[0]!.count.map((count) => 0.5 / Math.sqrt(count * realisations));
    const chance = (values: readonly number[]) => values.map((n, b) => (n - 0.5) / sigma[b]!);
    for (const values of first) {
      const own = chance(values.map((value) => value / amplitude ** 2));
      expect(Math.max(...own.map(Math.abs))).toBeLessThan(4);
      expect(Math.hypot(...own) / Math.sqrt(own.length)).toBeLessThan(1.7);
    }
    // The same of each field by itself, with its own mass: in static space dphi/dt is what the power of k^3 |dphi_k|^2/(2 pi^2) has too.
    const { power, velocityPower, k } = spectra[0]!;
    const alone = [0, 1].map((f) =>
      k.map((wave, b) => {
        const omega = Math.sqrt(wave ** 2 + massSquared);
        const [field, velocity] = [power, velocityPower].map((all) => (all as number[][])[f]![b]!);
        return ((omega * field! + velocity! / omega) * Math.PI ** 2) / wave ** 3 / amplitude ** 2;
      }),
    );
    for (const values of alone)
      expect(chance(values).reduce((sum, value) => sum + value, 0) / Math.sqrt(values.length)).toBeGreaterThan(6);
    const step = (4.7 * 0.004) ** 2 / 4;
    for (const { occupation, massSquared: masses, mixing } of spectra) {
      for (const [f, values] of (occupation as number[][]).entries())
        for (const [b, value] of values.entries())
          expect(Math.abs(value / first[f]![b]! - 1)).toBeLessThan(step + 30 * bound);
      const part = Math.SQRT1_2;
      for (const [f, sign] of [1, -1].entries()) {
        near([(masses as number[])[f]!], [massSquared + sign * g]);
        near(mixing![f]!, sign > 0 ? [part, part] : [-part, part]);
      }
    }
  });
});

it("is what CosmoLattice's arrays give, with their derivative in conformal time", async () => {
  const data = path.join(import.meta.dirname, "../data/cosmolattice/radiation_lphi4_N32");
  const engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64" });
  const { result } = await fieldStudy(
    {
      background: { kind: "fluid", omega: 1 / 3, hubble: 0.5 },
      field: { potential: "quartic" },
      lattice: { dimensions: 3, points: 32, length: 2 * Math.PI, stencil: 2 },
      fluctuations: {
        kind: "file",
        field: path.join(data, "init_scalar_0.f64"),
        momentum: path.join(data, "init_pi_scalar_0.f64"),
      },
      time: { alpha: 1, step: 0.01, end: 4, recordEvery: 400 },
      observe: { spectraEvery: 400, velocitySpectra: true },
    },
    engine,
  );
  await engine.close();
  const a = result.scaleFactor.at(-1)!;
  const { velocityPower } = result.spectra!.at(-1)!;
  const bytes = new Uint8Array(readFileSync(path.join(data, "final_pi_scalar_0.f64")));
  // pi = a^(3 - alpha) dphi/d eta, and dphi/d eta = a^alpha dphi/dt.
  const derivative = new Float64Array(bytes.buffer).map((pi) => pi / a ** 2);
  const { real, imaginary } = referenceTransform({ dimensions: 3, points: 32 }, derivative);
  const [sum, count] = [new Float64Array(28), new Float64Array(28)];
  for (let site = 1; site < derivative.length; site++) {
    const n = Math.hypot(...[0, 1, 2].map((axis) => ((Math.floor(site / 32 ** axis) + 16) % 32) - 16));
    // In the box of length 2 pi: k = n, and dx^6/L^3 = (2 pi)^3/32^6.
    const square = ((2 * Math.PI) ** 3 / 32 ** 6) * (real[site]! ** 2 + imaginary[site]! ** 2);
    sum[Math.round(n)]! += (n ** 3 * square) / (2 * Math.PI ** 2);
    count[Math.round(n)]! += 1;
  }
  const wanted = Array.from(sum.subarray(1), (all, b) => all / count[b + 1]!);
  for (const [b, value] of wanted.entries())
    expect(Math.abs(((velocityPower as number[])[b]! * a ** 2) / value - 1)).toBeLessThan(1e-8);
});
