/** Stored arrays: of several realisations and fields what is written is what is read, and what does not fit is told with its mend. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { writeFinal } from "@slowroll/core/field/arrays";
import { planInitialState } from "@slowroll/core/field/initial";
import { prepare } from "@slowroll/core/field/setup";
import { normals } from "@slowroll/core/random/normal";
import { dump } from "npyjs";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-arrays-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => path.join(folder, name);

const lattice = { dimensions: 2, points: 4, length: 1, stencil: 2 } as const;
const SITES = 16;
const [R, F] = [3, 2];
const state = { field: normals(1, 0, 0, R * F * SITES), momentum: normals(2, 0, 0, R * F * SITES) };
/** Field f of all realisations. */
const ofField = (values: Float64Array, f: number): Float64Array =>
  Float64Array.from({ length: R * SITES }, (_, i) => values[(Math.floor(i / SITES) * F + f) * SITES + (i % SITES)]!);
const raw = (name: string, values: Float64Array): string => {
  writeFileSync(at(name), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return at(name);
};
const npy = (name: string, values: Float64Array, shape: number[]): string => {
  writeFileSync(at(name), new Uint8Array(dump(values, shape)));
  return at(name);
};

/** The state that a study of these fields starts with. */
async function started(field: string | string[], momentum: string | string[], realisations?: number) {
  const fields = Array.isArray(field) ? ["phi", "chi"] : ["phi"];
  const setup = await prepare({
    background: { kind: "static" },
    field: { fields, potential: { expression: fields.map((name) => `${name}^2`).join(" + ") } },
    lattice,
    fluctuations: { kind: "file", field, momentum, ...(realisations === undefined ? {} : { realisations }) },
    time: { alpha: 0, step: 0.1, end: 1, recordEvery: 1 },
  });
  return planInitialState(setup, lattice, undefined)();
}

describe("what is saved of several realisations and fields", () => {
  it("has a file of each field, with its realisations one after another", async () => {
    await writeFinal(at("saved"), state, SITES, ["phi", "chi"]);
    for (const array of ["field", "momentum"] as const)
      for (const [f, name] of ["phi", "chi"].entries())
        expect(new Float64Array(new Uint8Array(readFileSync(at(`saved/${array}-${name}.f64`))).buffer)).toEqual(
          ofField(state[array], f),
        );
  });
  it("is what is started with", async () => {
    const files = (array: string) => ["phi", "chi"].map((name) => at(`saved/${array}-${name}.f64`));
    const begun = await started(files("field"), files("momentum"), R);
    expect([...begun.field]).toEqual([...state.field]);
    expect([...begun.momentum]).toEqual([...state.momentum]);
  });
  it("has one unnamed field in one file", async () => {
    const one = { field: ofField(state.field, 0), momentum: ofField(state.momentum, 0) };
    await writeFinal(at("one"), one, SITES);
    const begun = await started(at("one/field.f64"), at("one/momentum.f64"), R);
    expect([...begun.field]).toEqual([...one.field]);
    expect([...begun.momentum]).toEqual([...one.momentum]);
  });
  it("may be .npy with the realisations' index first, or none, of float32 and of whole numbers", async () => {
    const [field, momentum] = [ofField(state.field, 0), ofField(state.momentum, 0)];
    const begun = await started(npy("field.npy", field, [R, 4, 4]), npy("flat.NPY", momentum, [R * SITES]), R);
    expect([...begun.field]).toEqual([...field]);
    expect([...begun.momentum]).toEqual([...momentum]);
    const single = Float32Array.from(field);
    writeFileSync(at("single.npy"), new Uint8Array(dump(single, [R, 4, 4])));
    const whole = await started(at("single.npy"), at("flat.NPY"), R);
    expect([...whole.field]).toEqual([...single]);
    const counts = BigInt64Array.from(field, (_, i) => BigInt(i % 7) - 3n);
    writeFileSync(at("counts.npy"), new Uint8Array(dump(counts, [R, 4, 4])));
    const counted = await started(at("counts.npy"), at("flat.NPY"), R);
    expect([...counted.field]).toEqual([...counts].map(Number));
  });
});

it("may come through a pipe", async () => {
  const [field, momentum] = [ofField(state.field, 0), ofField(state.momentum, 0)];
  raw("piped.f64", field);
  spawnSync("sh", ["-c", `mkfifo "${at("pipe")}"`]);
  spawn("sh", ["-c", `cat "${at("piped.f64")}" > "${at("pipe")}"`]);
  const begun = await started(at("pipe"), raw("beside.f64", momentum), R);
  expect([...begun.field]).toEqual([...field]);
  expect([...begun.momentum]).toEqual([...momentum]);
});

describe("what does not fit", () => {
  const field = ofField(state.field, 0);
  it.each([
    [undefined, "1 is asked for, FILE holds 3 of 16 sites each: set it to 3"],
    [2, "2 are asked for, FILE holds 3 of 16 sites each: set it to 3"],
    // As many as there are points along a side.
    [4, "4 are asked for, FILE holds 3 of 16 sites each: set it to 3"],
  ])("names both numbers of realisations and the mend: %s", async (realisations, message) => {
    for (const file of [raw("three.f64", field), npy("three.npy", field, [R, 4, 4])])
      await expect(started(file, file, realisations)).rejects.toMatchObject({
        path: "fluctuations.realisations",
        message: message.replace("FILE", file),
      });
  });
  it("names the lattice that the file may be of", async () => {
    const fine = raw("fine.f64", normals(1, 0, 0, 64));
    await expect(started(fine, fine)).rejects.toMatchObject({
      path: "fluctuations.realisations",
      message: `1 is asked for, ${fine} holds 4 of 16 sites each: set it to 4, or lattice.points to 8`,
    });
    const coarse = raw("coarse.f64", normals(1, 0, 0, 18));
    await expect(started(coarse, coarse, 2)).rejects.toMatchObject({
      path: "fluctuations.field",
      message: `${coarse} holds 18 values, 2 realisations of 16 sites are 32: set lattice.points to 3`,
    });
    const none = npy("none.npy", normals(1, 0, 0, 7), [7]);
    await expect(started(none, none)).rejects.toMatchObject({
      path: "fluctuations.field",
      message: `${none} holds 7 values, 1 realisation of 16 sites is 16`,
    });
  });
  it("is whole numbers that float64 rounds", async () => {
    const huge = BigInt64Array.from(field.subarray(0, SITES), (_, i) => 2n ** 53n + BigInt(i));
    writeFileSync(at("huge.npy"), new Uint8Array(dump(huge, [4, 4])));
    await expect(started(at("huge.npy"), at("huge.npy"))).rejects.toThrow(
      "huge.npy is not a readable .npy array: it holds 9007199254740993, which float64 rounds; store it shifted or scaled",
    );
  });
  it("is complex, whose parts are no realisations", async () => {
    writeFileSync(at("complex.npy"), new Uint8Array(dump(normals(1, 0, 0, 32), [4, 4], { dtype: "c16" })));
    for (const realisations of [1, 2])
      await expect(started(at("complex.npy"), at("complex.npy"), realisations)).rejects.toThrow(
        "complex.npy is not a readable .npy array: its numbers are complex; store real ones",
      );
  });
  it("is an index in the wrong place", async () => {
    const last = npy("last.npy", field, [4, 4, R]);
    await expect(started(last, last, R)).rejects.toThrow(`has the shape [4, 4, 3]; realisations come first: [3, 4, 4]`);
  });
  it("is of another lattice with as many sites", async () => {
    const row = npy("row.npy", normals(1, 0, 0, 16), [2, 8]);
    await expect(started(row, row)).rejects.toMatchObject({
      path: "fluctuations.field",
      message: `${row} has the shape [2, 8], not [4, 4] as the lattice`,
    });
    const several = npy("several.npy", field, [R, 2, 8]);
    await expect(started(several, several, R)).rejects.toThrow("has the shape [3, 2, 8], not [3, 4, 4] as the lattice");
    const fine = npy("fine.npy", field, [R, 16]);
    expect([...(await started(fine, fine, R)).field]).toEqual([...field]);
  });
  it("is a part of a number, an empty file, a folder, or no number", async () => {
    writeFileSync(at("part.f64"), "twelve bytes");
    await expect(started(at("part.f64"), at("part.f64"), 2)).rejects.toThrow("12 bytes, 32 float64 values are 256");
    writeFileSync(at("empty.f64"), "");
    await expect(started(at("empty.f64"), at("empty.f64"))).rejects.toThrow("holds 0 values, 1 realisation of 16");
    await expect(started(folder, folder)).rejects.toThrow("cannot be read: it is a folder");
    const bad = raw(
      "bad.f64",
      field.map((value, i) => (i === 40 ? Number.NaN : value)),
    );
    await expect(started(bad, bad, R)).rejects.toThrow("value 40 is not finite");
    await expect(started("/dev/null", "/dev/null")).rejects.toThrow("/dev/null holds 0 values");
  });
});
