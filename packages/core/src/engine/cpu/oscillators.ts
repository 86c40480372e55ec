/**
 * What the lattice job's oscillators on the CPU (see Snapshot.oscillators) take beside spectra: <d^2V/dphi_f^2>, and the mixtures of field and
 * momentum whose spectra they are. The workers make both, in packages/wasm/assembly/field/pictures.ts.
 */
import { curvatureSlopes } from "../../potential/curvature.ts";
import { type Form, formOf } from "../../potential/form.ts";
import { type LatticeJob, type Oscillators, potentialsOf } from "../engine.ts";
import { planConstants } from "./constants.ts";
import type { MemoryPlan } from "./control.ts";
import type { Elements, Layout } from "./layout.ts";
import type { Call } from "./pool.ts";

type Run = (calls: readonly Call[]) => Promise<unknown>;

export interface OscillatorsPlan {
  /** Whose gradient is d^2V/dphi_f^2. */
  readonly curvature: Form;
  /** Where mixtures stand, an array as the field's. */
  readonly target: number;
  readonly setup: readonly Call[];
  prepare(elements: Elements): void;
  /** <d^2V/dphi_f^2> of the field's array at `field`, [realisations][fields]. */
  means(buffer: ArrayBufferLike, field: number, run: Run): Promise<Float64Array>;
  /** Makes B phi + C pi of every site. */
  mix(
    buffer: ArrayBufferLike,
    given: Oscillators,
    state: Readonly<Record<"field" | "momentum", number>>,
    run: Run,
  ): Promise<unknown>;
}

/** @throws InputError where a constant does not fit float32. */
export function planOscillators(
  plan: MemoryPlan,
  job: LatticeJob,
  { planes, fieldBytes }: Layout,
  size: 4 | 8,
): OscillatorsPlan {
  const { grid, realisations, fields } = job;
  const potentials = curvatureSlopes(potentialsOf(job));
  const curvature = formOf(potentials);
  const constants = planConstants(plan, potentials, curvature, size);
  const sums = plan.place(8 * realisations * planes * fields);
  const mixture = plan.place(16 * realisations);
  const target = plan.place(realisations * fields * fieldBytes);
  const suffix = size === 4 ? "32" : "64";
  return {
    curvature,
    target,
    setup: [
      ["setCurvature", constants.address, constants.bytes, sums],
      ["setMixture", mixture],
    ],
    prepare: constants.write,
    async means(buffer, field, run) {
      await run([[`sumCurvatures${suffix}`, field]]);
      const made = new Float64Array(buffer, sums, realisations * planes * fields);
      return Float64Array.from({ length: realisations * fields }, (_, rf) => {
        const [r, f] = [Math.floor(rf / fields), rf % fields];
        let sum = 0;
        for (let plane = 0; plane < planes; plane++) sum += made[(r * planes + plane) * fields + f]!;
        return sum / grid.points ** grid.dimensions;
      });
    },
    mix(buffer, { turning, velocity }, { field, momentum }, run) {
      const table = new Float64Array(buffer, mixture, 2 * realisations);
      for (let r = 0; r < realisations; r++) table.set([turning[r]!, velocity[r]!], 2 * r);
      return run([[`mixStates${suffix}`, field, momentum, target]]);
    },
  };
}
