/**
 * What the lattice job's oscillators on the CPU (see Snapshot.oscillators) take beside spectra: the means of V's second derivatives, and the
 * mixtures of fields and momenta whose spectra they are. The workers make both, in packages/wasm/assembly/field/pictures.ts.
 */
import { curvatureSlopes, massMatrices, massPairs } from "../../potential/curvature.ts";
import { type Form, formOf } from "../../potential/form.ts";
import { type LatticeJob, type Oscillators, potentialsOf } from "../latticeJob.ts";
import { planConstants } from "./constants.ts";
import type { MemoryPlan } from "./control.ts";
import { type Elements, type Layout, overPlanes } from "./layout.ts";
import type { Call } from "./pool.ts";

type Run = (calls: readonly Call[]) => Promise<unknown>;

export interface OscillatorsPlan {
  /** Whose gradient is V's second derivatives. */
  readonly curvature: Form;
  /** Where mixtures stand, an array as the field's. */
  readonly target: number;
  setup(worker: number): readonly Call[];
  prepare(elements: Elements): void;
  /** <d^2V/dphi_f dphi_g> of the field's array at `field`, [realisations][fields][fields]. */
  means(buffer: ArrayBufferLike, field: number, run: Run): Promise<Float64Array>;
  /** Makes the coordinates, but for their factors, or the velocities of every site. */
  mix(
    buffer: ArrayBufferLike,
    given: Oscillators,
    what: "coordinate" | "velocity",
    state: Readonly<Record<"field" | "momentum", number>>,
    run: Run,
  ): Promise<unknown>;
}

/** @throws InputError where a constant does not fit float32. */
export function planOscillators(
  plan: MemoryPlan,
  job: LatticeJob,
  { planes, fieldBytes, rowBytes }: Layout,
  { workers, size }: { readonly workers: number; readonly size: 4 | 8 },
): OscillatorsPlan {
  const { grid, realisations, fields } = job;
  const pairs = massPairs(potentialsOf(job));
  const potentials = curvatureSlopes(potentialsOf(job), pairs);
  const curvature = formOf(potentials);
  const constants = planConstants(plan, potentials, curvature, size);
  const sums = plan.place(8 * realisations * planes * pairs.length);
  const rows = Array.from({ length: workers }, () => plan.place(pairs.length * rowBytes + 64));
  const mixture = plan.place(16 * realisations * fields ** 2);
  const target = plan.place(realisations * fields * fieldBytes);
  const suffix = size === 4 ? "32" : "64";
  return {
    curvature,
    target,
    setup: (worker) => [
      ["setCurvature", pairs.length, constants.address, constants.bytes, sums, rows[worker]!],
      ["setMixture", mixture],
    ],
    prepare: constants.write,
    async means(buffer, field, run) {
      await run([[`sumCurvatures${suffix}`, field]]);
      const made = new Float64Array(buffer, sums, realisations * planes * pairs.length);
      const means = Float64Array.from({ length: realisations * pairs.length }, (_, rp) => {
        const [r, p] = [Math.floor(rp / pairs.length), rp % pairs.length];
        return overPlanes(made, planes, r, pairs.length, p) / grid.points ** grid.dimensions;
      });
      return massMatrices(means, pairs, fields);
    },
    mix(buffer, { turning, velocity, rotation }, what, { field, momentum }, run) {
      const table = new Float64Array(buffer, mixture, 2 * realisations * fields ** 2);
      for (let r = 0, at = 0; r < realisations; r++)
        for (let i = 0; i < fields; i++)
          for (let g = 0; g < fields; g++, at++) {
            const part = rotation ? rotation[at]! : Number(i === g);
            table.set(what === "velocity" ? [part * turning[r]!, part * velocity[r]!] : [part, 0], 2 * at);
          }
      // Coordinates have no part of the momenta, which need not be read: the fields in their place are read already.
      const momenta = what === "velocity" ? momentum : field;
      return run([[`mixStates${suffix}`, field, momenta, target]]);
    },
  };
}
