/** CosmoLattice's state files against the numbers they hold. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "@slowroll/core/errors";
import { fieldStudy } from "@slowroll/core/field/run";
import { readCosmoLattice } from "@slowroll/core/files/cosmolattice";
import { writeHdf5 } from "@slowroll/core/files/hdf5";
import { afterAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const data = fileURLToPath(new URL("../../../../tests/data/cosmolattice/", import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "slowroll-cosmolattice-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const state = path.join(data, "state_N8.h5");
const cube = { dimensions: 3, points: 8, fields: 1 } as const;

/** Every fourth site of the 32^3 that the run ended at. */
function sampled(name: string): number[] {
  const bytes = fs.readFileSync(path.join(data, "radiation_lphi4_N32", `final_${name}.f64`));
  const values = new Float64Array(new Uint8Array(bytes).buffer);
  const every = Array.from({ length: 8 }, (_, i) => 4 * i);
  return every.flatMap((x) => every.flatMap((y) => every.map((z) => values[(x * 32 + y) * 32 + z]!)));
}

it("gives field, momentum, scale factor, time and parameters of a run in double precision", async () => {
  const read = await readCosmoLattice(state, cube);
  expect([...read.field]).toEqual(sampled("scalar_0"));
  expect([...read.momentum]).toEqual(sampled("pi_scalar_0"));
  const { final_scalars } = JSON.parse(fs.readFileSync(path.join(data, "radiation_lphi4_N32", "meta.json"), "utf8"));
  expect(read.scaleFactor).toBe(final_scalars.aI);
  expect(read.scaleFactorVelocity).toBe(final_scalars.aDotI);
  expect(read.alphaTime).toBe(final_scalars.tSave);
  expect(read.parameters).toMatchObject({ evolver: "VV2", N: "32", omegaEoS: "0.3333333333333333" });
});

it("gives several fields in order, of two dimensions and single precision", async () => {
  const read = await readCosmoLattice(path.join(data, "state_float_2d.h5"), { dimensions: 2, points: 4, fields: 2 });
  const expected = (shift: number) =>
    [0, 10].flatMap((f) => Array.from({ length: 16 }, (_, i) => Math.fround(Math.cos(i + f + shift))));
  expect([...read.field]).toEqual(expected(0));
  expect([...read.momentum]).toEqual(expected(1));
  expect([read.scaleFactor, read.scaleFactorVelocity, read.alphaTime]).toEqual([1.5, 0.25, 2]);
});

describe("as the initial state of a study", () => {
  const parametersAs = (kIR: string): string => {
    const file = path.join(folder, "state.h5");
    fs.writeFileSync(file, fs.readFileSync(state, "latin1").replace("kIR=1.0", kIR), "latin1");
    return file;
  };
  const start = (file: string, length: number) =>
    fieldStudy(
      {
        background: { kind: "static" },
        field: { potential: "quartic" },
        lattice: { dimensions: 3, points: 8, length, stencil: 2 },
        fluctuations: { kind: "cosmoLattice", file },
        time: { alpha: 1, step: 0.01, end: 0.01, integrator: "verlet2", recordEvery: 1 },
      },
      referenceEngine,
    );
  it.each([
    ["kIR=1.0", 6 * Math.PI],
    ["kIR=0.5", 12 * Math.PI],
    // NUL ends the text.
    ["lSide=5", 15],
  ])("has %s's box, a times that of the run", async (given, side) => {
    const file = parametersAs(given.padEnd("kIR=1.0".length, "\0"));
    const { result } = await start(file, Number(side.toPrecision(5)));
    expect(result.mean[0]).toBeCloseTo(
      sampled("scalar_0").reduce((sum, value) => sum + value / 512, 0),
      12,
    );
    const error = await start(file, side / 3).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe("lattice.length");
    const told = /^([\d.]+) is not .* becomes 1 here: ([\d.]+)$/.exec((error as InputError).message)!;
    expect(Number(told[1]) * 3).toBeCloseTo(side, 10);
    expect(Number(told[2])).toBeCloseTo(side, 10);
  });
  it("has any box where the file does not tell", async () => {
    expect((await start(parametersAs("kir=1.0"), 2)).result.mean.length).toBe(2);
  });
});

it("refuses leapfrog's state, where it is named and where it is the default", async () => {
  const bytes = fs.readFileSync(state, "latin1");
  const file = path.join(folder, "leapfrog.h5");
  for (const text of ["evolver=LF\0", "evolver=0\0\0", "Evolver=VV2"]) {
    fs.writeFileSync(file, bytes.replace("evolver=VV2", text), "latin1");
    await expect(readCosmoLattice(file, cube)).rejects.toThrow(/of a leapfrog run/);
  }
});

it("refuses what does not fit", async () => {
  const told = (file: string, size: Parameters<typeof readCosmoLattice>[1]) =>
    readCosmoLattice(file, size, "fluctuations.field").then(
      () => expect.unreachable("it was read"),
      (error) => {
        expect(error).toBeInstanceOf(InputError);
        expect(error.path).toBe("fluctuations.field");
        return error.message;
      },
    );
  expect(await told(state, { ...cube, points: 16 })).toContain("has the shape [8, 8, 8], expected is [16, 16, 16]");
  expect(await told(state, { ...cube, fields: 2 })).toContain("has no scalar_1; it holds");
  await writeHdf5(path.join(folder, "other.h5"), { members: {} });
  expect(await told(path.join(folder, "other.h5"), cube)).toContain("has no Parameters");
  // The last site's value made infinite: the file has no checksums.
  const bytes = fs.readFileSync(state);
  const last = Buffer.from(Float64Array.of(sampled("scalar_0").at(-1)!).buffer);
  expect(bytes.indexOf(last)).toBe(bytes.lastIndexOf(last));
  bytes.writeDoubleLE(Number.POSITIVE_INFINITY, bytes.indexOf(last));
  fs.writeFileSync(path.join(folder, "infinite.h5"), bytes);
  expect(await told(path.join(folder, "infinite.h5"), cube)).toContain("value 511 of scalar_0 is not finite");
});
