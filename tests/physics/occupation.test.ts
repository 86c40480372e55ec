/** Spectra of velocities and occupation numbers: against plain sums over a stored state, and of the vacuum, whose are 1/2. */
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
    const wanted = ["phi", "chi"].map((_, f) => {
      const [phi, pi] = [final!.field, final!.momentum].map((all) => all.subarray(f * sites, (f + 1) * sites));
      const other = final!.field.subarray((1 - f) * sites, (2 - f) * sites);
      const velocity = pi!.map((value) => value / a ** 3);
      // chi = a phi in conformal time.
      const turning = pi!.map((value, site) => a ** 2 * hubble * phi![site]! + value / a);
      const curvature = phi!.reduce((sum, value, i) => sum + (f ? 3 * value ** 2 : 1) + q * other[i]! ** 2, 0) / sites;
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
      };
    });
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
});

it.each([
  // All of 0.3, beside 2 and 1; 2 q phi chi of phi = 1 and chi = 0; and none.
  ["phi^2 + chi^2/2 + 0.3*phi*chi", "d2V/dphidchi is up to 0.30, their own up to 2.0;"],
  ["phi^2/2 + 2*phi^2*chi^2", undefined],
  ["phi^2 + chi^2/2 + 0.001*phi*chi", undefined],
])("of fields with V = %s warns of masses that mix them: %s", async (expression, told) => {
  const engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64", threads: 1 });
  const study: FieldStudy = {
    background: { kind: "static" },
    field: { fields: ["phi", "chi"], potential: { expression }, mean: [1, 0], velocity: [0, 0] },
    lattice: { dimensions: 2, points: 8, length: 6, stencil: 2 },
    fluctuations: { kind: "vacuum", seed: 1, amplitude: 1e-6, realisations: 1 },
    time: { alpha: 0, step: 0.01, end: 0.1, integrator: "verlet2", recordEvery: 10 },
    observe: OBSERVE,
  };
  const { result } = await fieldStudy(study, engine);
  const { result: without } = await fieldStudy({ ...study, observe: { spectraEvery: 1000 } }, engine);
  await engine.close();
  const mixing = (warnings: readonly string[]) => warnings.filter((line) => line.includes("masses mix"));
  expect(mixing(result.warnings)).toEqual(told ? [expect.stringContaining(told)] : []);
  expect(mixing(without.warnings)).toEqual([]);
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
