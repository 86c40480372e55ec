/** CosmoLattice's state files against the numbers they hold. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "@slowroll/core/errors";
import { readCosmoLattice } from "@slowroll/core/files/cosmolattice";
import { writeHdf5 } from "@slowroll/core/files/hdf5";
import { afterAll, expect, it } from "vitest";

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
