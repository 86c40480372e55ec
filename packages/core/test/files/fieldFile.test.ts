/** A field result as HDF5: the same numbers under the same keys, each with units, description and named indices. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { writeFieldFile } from "@slowroll/core/files/fieldFile";
import { type Hdf5Content, readHdf5 } from "@slowroll/core/files/hdf5";
import { afterAll, describe, expect, it } from "vitest";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "slowroll-field-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const file = path.join(folder, "field.h5");

const [T, F, S, B, M] = [4, 2, 3, 5, 2];
/** Nested arrays of numbers that differ. */
function numbers(...shape: number[]): unknown {
  let next = 0;
  const fill = ([size, ...rest]: number[]): unknown =>
    size === undefined ? Math.sin(++next) : Array.from({ length: size }, () => fill(rest));
  return fill(shape);
}

/** All of the contract's keys, per field where `fields` are named. */
function contract(fields?: readonly string[]) {
  const perField = fields ? [fields.length] : [];
  const spectrum = { k: numbers(B), count: [1, 6, 12, 8, 6] };
  return {
    command: "field",
    version: "0.1.0",
    config: { field: { ...(fields ? { fields } : {}), mean: 1 } },
    engine: { kind: "cpu", threads: 2 },
    timings: { totalSeconds: 1, engineSeconds: 0.5 },
    times: numbers(T),
    alphaTimes: numbers(T),
    efolds: numbers(T),
    scaleFactor: numbers(T),
    hubble: numbers(T),
    mean: numbers(T, ...perField),
    velocity: numbers(T, ...perField),
    variance: numbers(T, ...perField),
    energy: { kinetic: numbers(T), gradient: numbers(T), potential: numbers(T) },
    constraint: numbers(T),
    spectra: Array.from({ length: S }, (_, s) => ({
      time: s / 3,
      ...spectrum,
      power: numbers(...perField, B),
      velocityPower: numbers(...perField, B),
      // The long waves of the last do not oscillate.
      occupation: (numbers(...perField, B) as unknown[]).map((value) =>
        s === S - 1 && typeof value === "number" ? null : value,
      ),
      massSquared: fields ? numbers(...perField) : 0.1 * s,
      ...(fields ? { mixing: numbers(2, 2) } : {}),
    })),
    modes: Array.from({ length: M }, (_, m) => ({ mode: [m, 1, 0], k: m, kEff: m / 2, amplitude: numbers(T) })),
    warnings: [],
  };
}

/** Paths of all datasets. */
function datasets(content: Hdf5Content, group = "/"): string[] {
  return content.names(group).flatMap((name) => {
    const place = group === "/" ? name : `${group}/${name}`;
    return name === "energy" || name === "spectra" || name === "modes" ? datasets(content, place) : [place];
  });
}

const flat = (value: unknown): unknown[] => (Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value]);

describe.each([
  ["one field", undefined],
  ["named fields", ["phi", "chi"]],
] as const)("%s", (_, fields) => {
  const result = contract(fields);
  const perField = fields ? ["field"] : [];

  it("keeps every number under its key, with units, description and named indices", async () => {
    await writeFieldFile(file, result);
    await readHdf5(file, (content) => {
      const names = datasets(content);
      expect(names).toHaveLength(fields ? 24 : 23);
      for (const name of names) {
        const { shape, units, description, dimensions } = content.dataset(name);
        expect(units, name).not.toBe("");
        expect(description, name).not.toBe("");
        expect(dimensions, name).toHaveLength(shape.length);
        expect(dimensions, name).not.toContain("");
      }
      const { times, mean, energy, spectra, modes } = result;
      expect([...content.numbers("times", { shape: [T] })]).toEqual(times);
      expect([...content.numbers("mean", { shape: fields ? [T, F] : [T] })]).toEqual(flat(mean));
      expect(content.dataset("mean").dimensions).toEqual(["time", ...perField]);
      expect([...content.numbers("energy/gradient", { shape: [T] })]).toEqual(energy.gradient);
      expect([...content.numbers("spectra/k", { shape: [B] })]).toEqual(spectra[0]!.k);
      expect([...content.numbers("spectra/count", { shape: [B] })]).toEqual(spectra[0]!.count);
      expect([...content.numbers("spectra/time", { shape: [S] })]).toEqual([0, 1 / 3, 2 / 3]);
      expect([...content.numbers("spectra/power")]).toEqual(spectra.flatMap(({ power }) => flat(power)));
      expect([...content.numbers("spectra/velocityPower")]).toEqual(
        spectra.flatMap(({ velocityPower }) => flat(velocityPower)),
      );
      expect([...content.numbers("spectra/occupation")]).toEqual(
        spectra.flatMap(({ occupation }) => flat(occupation).map((value) => value ?? Number.NaN)),
      );
      expect(content.dataset("spectra/occupation").units).toBe("(program field program time)^2");
      expect(content.dataset("spectra/massSquared").dimensions).toEqual(["spectrum", ...perField.map(() => "field")]);
      expect(content.dataset("spectra/power").dimensions).toEqual(["spectrum", ...perField, "bin"]);
      expect([...content.numbers("modes/mode", { shape: [M, 3] })]).toEqual([0, 1, 0, 1, 1, 0]);
      expect([...content.numbers("modes/amplitude", { shape: [M, T] })]).toEqual(modes.flatMap((m) => m.amplitude));
    });
  });

  it("says what the run was", async () => {
    await writeFieldFile(file, result);
    await readHdf5(file, (content) => {
      expect(JSON.parse(content.attribute("config") as string)).toEqual(result.config);
      expect(content.attribute("version")).toBe("0.1.0");
      expect(content.attribute("fields")).toEqual(fields);
    });
  });
});

it("takes a study's own result", async () => {
  const study: FieldStudy = {
    background: { kind: "deSitter", hubble: 1 },
    field: { potential: "quadratic", mean: 1, velocity: 0 },
    fluctuations: { kind: "none" },
    time: { alpha: 0, step: 0.1, end: 1, recordEvery: 1 },
  };
  const { result } = await fieldStudy(study, undefined);
  await writeFieldFile(file, { ...result });
  await readHdf5(file, (content) => {
    expect([...content.numbers("mean")]).toEqual(result.mean);
    expect(content.attribute("config")).toBeUndefined();
  });
});

it("takes the modes of several fields", async () => {
  const study: FieldStudy = {
    background: { kind: "deSitter", hubble: 1 },
    field: { fields: ["phi", "chi"], potential: { expression: "phi^2/2 + phi*chi/3 + chi^2" } },
    fluctuations: { kind: "none" },
    modes: { wavenumbers: [1, 2, 3] },
    time: { alpha: 0, step: 0.5, end: 1, recordEvery: 1 },
  };
  const { result } = await fieldStudy(study, undefined);
  await writeFieldFile(file, { ...result });
  await readHdf5(file, (content) => {
    const amplitude = content.dataset("modes/amplitude");
    expect(amplitude.shape).toEqual([3, 3, 2]);
    expect(amplitude.dimensions).toEqual(["mode", "time", "field"]);
    expect([...content.numbers("modes/correlation", { shape: [3, 3, 2, 2] })]).toEqual(
      result.modes!.flatMap(({ correlation }) => flat(correlation)),
    );
  });
});

it("keeps the order of lists that are more than one chunk", async () => {
  const planes = Array.from({ length: 3 }, () => numbers(2, 601, 601));
  await writeFieldFile(file, { slices: planes.map((values, time) => ({ time, values })) });
  const stored = await readHdf5(file, (content) => content.numbers("slices/values", { shape: [3, 2, 601, 601] }));
  expect(Buffer.from(stored.buffer).equals(Buffer.from(Float64Array.from(flat(planes) as number[]).buffer))).toBe(true);
});

it("writes null as NaN, and leaves out what a study does not have", async () => {
  await writeFieldFile(file, { times: [0, 1], constraint: [null, 0.5], spectra: [], modes: undefined });
  await readHdf5(file, (content) => {
    expect([...content.numbers("constraint")]).toEqual([Number.NaN, 0.5]);
    expect(content.names()).toEqual(["constraint", "times"]);
  });
});

it.each([
  ["an array without units", { entropy: [1, 2] }, /result\.entropy has no units/],
  ["a ragged array", { mean: [[1, 2], [3]] }, /mean is ragged/],
  ["text", { mean: ["1"] }, /mean holds string/],
  ["too many indices", { times: [[1], [2]] }, /labels for the shape/],
  ["bins that change", { spectra: [{ k: [1] }, { k: [2] }] }, /spectra\/k is not the same/],
])("refuses %s and keeps the file that stood there", async (_, result, told) => {
  await writeFieldFile(file, { times: [7] });
  await expect(writeFieldFile(file, result)).rejects.toThrow(told);
  expect(await readHdf5(file, (content) => [...content.numbers("times")])).toEqual([7]);
});
