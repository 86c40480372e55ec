/** A single field without a name, its modes and vacuum, and the independent numbers that they are held to. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ModeFunction } from "@slowroll/core/field/fluctuations";
import { normalModes } from "@slowroll/core/field/normalModes";
import type { FieldRun } from "@slowroll/core/field/run";
import type { Setup } from "@slowroll/core/field/setup";
import type { FieldStudy, VacuumKind } from "@slowroll/core/field/study";
import { vacuumState } from "@slowroll/core/field/vacuum";

export const study = (changes: Partial<FieldStudy>, massSquared = 0): FieldStudy => ({
  background: { kind: "deSitter", hubble: 1 },
  field: { potential: { name: "quadratic", parameters: { massSquared } } },
  fluctuations: { kind: "none" },
  time: { alpha: 0, step: 1, end: 5, recordEvery: 1 },
  ...changes,
});

/** |dphi_k| of mode `m` at the recorded times. */
export const amplitudes = ({ result }: FieldRun, m = 0): number[] => result.modes![m]!.amplitude as number[];

/** The mode functions at a = 1. */
export const vacuumOf = (setup: Setup, wavenumbers: readonly number[], kind: VacuumKind): ModeFunction[] =>
  wavenumbers.map(vacuumState(setup, normalModes(setup)[0]!, kind, "modes.initial"));

/** |dphi_k| in de Sitter space after so many e-folds. */
interface Reference {
  readonly hubble: number;
  readonly massSquared: number;
  readonly k: number;
  readonly efolds: number;
  readonly amplitude: number;
}

/** A file of tests/data. */
export const readData = <T>(file: string): T =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, "../../../../tests/data", file), "utf8")) as T;

/** Of light and of heavy fields. */
export const references = ["deSitterModes.json", "heavyModes.json"].flatMap((file) => readData<Reference[]>(file));
