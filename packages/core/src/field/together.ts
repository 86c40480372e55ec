/**
 * Which studies can be evolved in one job: those that differ only in what its realisations may differ in, which is where they start (means,
 * velocities, fluctuations, seeds) and the numbers of their potential. Small lattices fill a device, or all cores without waits for each other,
 * only some at a time.
 */
import { areOfOneForm } from "../potential/form.ts";
import type { Potential } from "../potential/potential.ts";
import { realisationsOf } from "./initial.ts";
import type { Setup } from "./setup.ts";
import type { LatticeSpec } from "./study.ts";

/**
 * Values of the field in one job at most, where one study has fewer: for 16 bytes of each a large GPU takes several times as long as to begin
 * an operation, so that more together gain nothing. It depends on nothing else: a run that was interrupted finds the same jobs again.
 */
const MOST_VALUES = 2 ** 22;

/** Studies of one job, each as its number, in which there may be room for more. */
interface Group {
  readonly studies: number[];
  readonly potential: Potential;
  values: number;
}

/** What studies of one job have in common, but for the potential's form, in words that can be compared. */
function commonOf({ background, lattice, time, observe, fluctuations }: Setup["study"]): string {
  // A plane wave is looked for in all realisations.
  const mode = fluctuations.kind === "planeWave" ? fluctuations.mode : null;
  return JSON.stringify([background, lattice, time, observe ?? null, mode]);
}

const valuesOf = (setup: Setup, { points, dimensions }: LatticeSpec): number =>
  realisationsOf(setup) * setup.fields * points ** dimensions;

/** The studies by job, jobs in the order of their first ones. A study without a lattice is by itself. */
export function groupsOf(setups: readonly Setup[], most = MOST_VALUES): number[][] {
  const groups: number[][] = [];
  const filling = new Map<string, Group[]>();
  for (const [i, setup] of setups.entries()) {
    const { study, potential } = setup;
    if (!study.lattice) {
      groups.push([i]);
      continue;
    }
    const common = commonOf(study);
    const values = valuesOf(setup, study.lattice);
    const alike = filling.get(common) ?? [];
    const group = alike.find((other) => areOfOneForm([other.potential, potential]));
    if (group && group.values + values <= most) {
      group.studies.push(i);
      group.values += values;
      continue;
    }
    const studies = [i];
    groups.push(studies);
    filling.set(common, [...alike.filter((other) => other !== group), { studies, potential, values }]);
  }
  return groups;
}
