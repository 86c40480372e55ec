/** Initial lattice states: the homogeneous part with no fluctuations, with one plane wave, or stored arrays. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { LatticeState } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import type { FieldStudy, FluctuationSpec, LatticeSpec } from "./study.ts";

/** The wave numbers 2 pi |n|/L and those of the second-order stencil, k_eff^2 = sum_i (2/dx)^2 sin^2(k_i dx/2). */
export function waveNumbers(mode: readonly number[], { points, length }: LatticeSpec): { k: number; kEff: number } {
  const dx = length / points;
  const k = mode.map((n) => (2 * Math.PI * n) / length);
  return {
    k: Math.hypot(...k),
    kEff: Math.hypot(...k.map((component) => (2 / dx) * Math.sin((component * dx) / 2))),
  };
}

function planeWave(
  study: FieldStudy,
  lattice: LatticeSpec,
  wave: Extract<FluctuationSpec, { kind: "planeWave" }>,
): LatticeState {
  const { dimensions, points } = lattice;
  const { mode, amplitude, velocity } = wave;
  const sites = points ** dimensions;
  const field = new Float64Array(sites);
  const momentum = new Float64Array(sites);
  for (let site = 0; site < sites; site++) {
    let phase = 0;
    for (let axis = dimensions - 1, rest = site; axis >= 0; axis--) {
      phase += mode[axis]! * (rest % points);
      rest = Math.floor(rest / points);
    }
    // Whole turns are dropped before the cosine, so that every site of a wave front has the very same value.
    const cosine = Math.cos((2 * Math.PI * (((phase % points) + points) % points)) / points);
    field[site] = study.field.mean + amplitude * cosine;
    momentum[site] = study.field.velocity + velocity * cosine;
  }
  return { field, momentum };
}

/** A raw little-endian float64 array, or an .npy array of any real type. Throws InputError naming the file and what was expected. */
async function readArray(file: string, sites: number, place: string): Promise<Float64Array> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new InputError(
      `${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`,
      { path: place, cause },
    );
  }
  const copy = new Uint8Array(bytes).buffer;
  let values: Float64Array;
  if (path.extname(file) === ".npy") {
    const { parse } = await import("npyjs");
    try {
      const array = parse(copy);
      if (array.fortranOrder) throw new Error("its first index is fastest; store it in C order");
      values = Float64Array.from(array.data as unknown as ArrayLike<number>);
    } catch (cause) {
      throw new InputError(`${file} is not a readable .npy array: ${(cause as Error).message}`, { path: place, cause });
    }
  } else {
    if (copy.byteLength !== 8 * sites) {
      throw new InputError(`${file} has ${copy.byteLength} bytes, ${sites} float64 values are ${8 * sites}`, {
        path: place,
      });
    }
    values = new Float64Array(copy);
  }
  if (values.length !== sites)
    throw new InputError(`${file} has ${values.length} values, the lattice has ${sites} sites`, { path: place });
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InputError(`${file}: value ${bad} is not finite`, { path: place });
  return values;
}

/**
 * Checks that a study's fluctuations fit its lattice, and gives what makes the initial state: field and conjugate momentum
 * pi = a^(3 - alpha) dphi/d eta = a^3 dphi/dt, at a = 1 the cosmic-time derivative.
 * @throws InputError for a wave that does not fit; what is returned throws it for files that cannot be read.
 */
export function planInitialState(study: FieldStudy, lattice: LatticeSpec): () => Promise<LatticeState> {
  const { fluctuations, field } = study;
  const sites = lattice.points ** lattice.dimensions;
  switch (fluctuations.kind) {
    case "none":
      return async () => ({
        field: new Float64Array(sites).fill(field.mean),
        momentum: new Float64Array(sites).fill(field.velocity),
      });
    case "planeWave": {
      const { mode } = fluctuations;
      const place = "fluctuations.mode";
      if (mode.length !== lattice.dimensions) {
        throw new InputError(`${mode.length} components are given for ${lattice.dimensions} dimensions`, {
          path: place,
        });
      }
      if (mode.every((n) => n === 0))
        throw new InputError("the mode is zero: that is the mean; set field.mean", { path: place });
      const largest = Math.max(...mode.map(Math.abs));
      if (largest > lattice.points / 2) {
        throw new InputError(
          `${largest} is beyond what ${lattice.points} points resolve, ${Math.floor(lattice.points / 2)}`,
          { path: place },
        );
      }
      return async () => planeWave(study, lattice, fluctuations);
    }
    case "file":
      return async () => ({
        field: await readArray(fluctuations.field, sites, "fluctuations.field"),
        momentum: await readArray(fluctuations.momentum, sites, "fluctuations.momentum"),
      });
  }
}

/** Writes a state as stored arrays are read, raw little-endian float64: field.f64 and momentum.f64. Throws what the file system throws. */
export async function writeFinal(directory: string, { field, momentum }: LatticeState): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, values] of Object.entries({ field, momentum })) {
    await writeFile(
      path.join(directory, `${name}.f64`),
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
  }
}
