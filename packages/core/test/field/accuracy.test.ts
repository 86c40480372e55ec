/** Homogeneous fields and single modes are followed to 1e-10 of what they have become, however small that is. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { bunchDavies } from "@slowroll/core/field/bunchDavies";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { afterAll, describe, expect, it } from "vitest";
import { amplitudes, study } from "./singleField.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-accuracy-"));
afterAll(() => rmSync(folder, { recursive: true }));

const time = (step: number, end: number) => ({ alpha: 0, step, end, recordEvery: 1 });

describe("a homogeneous field", () => {
  const backgrounds = [
    { kind: "static" },
    { kind: "deSitter", hubble: 0.1 },
    { kind: "fluid", omega: 0, hubble: 1 },
  ] as const;
  it.each(backgrounds)("of a mean of 1e-18 moves as one of 1, $kind", async (background) => {
    const of = async (mean: number) => {
      const field = { potential: "quadratic", mean, velocity: 0 };
      const { result } = await fieldStudy({ ...study({ background, time: time(5, 60) }), field }, undefined);
      return { mean: result.mean as number[], velocity: result.velocity as number[] };
    };
    const [one, small] = [await of(1), await of(1e-18)];
    for (const [r, mean] of one.mean.entries()) {
      const size = Math.hypot(mean, one.velocity[r]!);
      expect(Math.abs(small.mean[r]! * 1e18 - mean) / size).toBeLessThan(1e-11);
      expect(Math.abs(small.velocity[r]! * 1e18 - one.velocity[r]!) / size).toBeLessThan(1e-11);
    }
  });

  it("drives the expansion it ought to when H is a hundred-thousandth of what it was in inflation", async () => {
    const field = { potential: "quadratic", mean: 5, velocity: "attractor" } as const;
    const background = { kind: "selfConsistent", planckMass: 1 } as const;
    const { result } = await fieldStudy({ ...study({ background, time: time(500, 30_000) }), field }, undefined);
    expect(result.hubble.at(-1)! / result.hubble[0]!).toBeLessThan(1.2e-5);
    expect(Math.max(...result.constraint!)).toBeLessThan(1e-9);
  });

  it("does not take the bends of a prescribed expansion for rounding, in any unit of time", async () => {
    // H of a table bends at its rows.
    const of = async (unit: number) => {
      const rows = Array.from({ length: 60 }, (_, i) => (8 * i) / 59).map(
        (t) => `${t * unit},${(1 + t) ** 0.7 * Math.exp(Math.sin(t) / 10)}`,
      );
      writeFileSync(path.join(folder, "bends.csv"), rows.join("\n"));
      const massSquared = unit ** -2;
      const field = { potential: { name: "quadratic", parameters: { massSquared } }, mean: 1 };
      const background = { kind: "table", file: path.join(folder, "bends.csv") } as const;
      const { result } = await fieldStudy(
        { ...study({ background, time: { ...time(0.13 * unit, 2 * unit), alpha: 1 } }), field },
        undefined,
      );
      return result.mean as number[];
    };
    const [one, large] = [await of(1), await of(1e12)];
    for (const [r, mean] of one.entries()) expect(Math.abs(large[r]! - mean)).toBeLessThan(3e-10);
  });

  it("is followed where V' is rounding", async () => {
    // V' = exp(phi) - exp(-phi) has no digits left near 0, where the field ends: steps that try to do better are more than may lie in one record.
    const field = { potential: { expression: "exp(phi) + exp(-phi)" }, mean: 1, velocity: 0 };
    const background = { kind: "deSitter", hubble: 0.5 } as const;
    const { result } = await fieldStudy({ ...study({ background, time: time(60, 60) }), field }, undefined);
    expect(Math.abs((result.mean as number[]).at(-1)!)).toBeLessThan(1e-15);
  });
});

it("a heavy mode is the vacuum's after 50 e-folds, when it is 1e-33", async () => {
  const k = 2;
  const heavy: Partial<FieldStudy> = { modes: { wavenumbers: [k], initial: "bunchDavies" }, time: time(10, 50) };
  const run = await fieldStudy(study(heavy, 9), undefined);
  for (const [r, amplitude] of amplitudes(run).entries()) {
    // De Sitter space is the same at all times: of the wave that is then as long.
    const { u } = bunchDavies([k * Math.exp(-10 * r)], 9, 1)[0]!;
    expect(Math.abs(amplitude / (Math.exp(-15 * r) * Math.hypot(...u)) - 1)).toBeLessThan(1e-10);
  }
});
