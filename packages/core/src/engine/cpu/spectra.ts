/** All spectra that a lattice job asks for on the CPU: of fields and momenta, and of oscillators, which are two weighted ones. */
import type { LatticeJob, Observation, Picture, Snapshot } from "../latticeJob.ts";
import type { MemoryPlan } from "./control.ts";
import type { Elements, Layout } from "./layout.ts";
import { type OscillatorsPlan, planOscillators } from "./oscillators.ts";
import type { Call } from "./pool.ts";
import { planSpectrum } from "./spectrum.ts";

/** The picture of a kind that a job asks for. */
export const askedFor = <K extends Picture["kind"]>({ snapshots }: Pick<LatticeJob, "snapshots">, kind: K) =>
  snapshots?.pictures.find((picture): picture is Extract<Picture, { kind: K }> => picture.kind === kind);

/** A state between two operations. */
export interface State {
  /** Addresses of the arrays. */
  readonly field: number;
  readonly momentum: number;
  readonly afterOperation: number;
  /** The last observation. */
  readonly observed: Observation | undefined;
}

interface Spectra {
  /** Where there are oscillators: whose gradient is V's second derivatives. */
  readonly curvature?: OscillatorsPlan["curvature"];
  setup(worker: number): readonly Call[];
  /** Writes the tables, once. */
  prepare(elements: Elements): void;
  take(state: State, run: (calls: readonly Call[]) => Promise<unknown>): Promise<Snapshot>;
}

/** Plans them. Throws InputError where a constant does not fit the precision. */
export function planSpectra(
  plan: MemoryPlan,
  job: LatticeJob,
  layout: Layout,
  { workers, size }: { readonly workers: number; readonly size: 4 | 8 },
): Spectra {
  const { grid, realisations, fields } = job;
  const ofField = askedFor(job, "spectrum");
  const ofMomentum = askedFor(job, "momentumSpectrum");
  const oscillators = askedFor(job, "oscillators");
  if (!ofField && !ofMomentum && !oscillators)
    return { setup: () => [], prepare: () => {}, take: async ({ afterOperation }) => ({ afterOperation }) };
  const spectrum = planSpectrum(plan, grid, layout, {
    realisations,
    fields,
    workers,
    size,
    waveSquares: oscillators?.waveSquares,
  });
  const made = oscillators && planOscillators(plan, job, layout, { workers, size });
  let buffer: ArrayBufferLike;
  return {
    ...(made ? { curvature: made.curvature } : {}),
    setup: (worker) => [...spectrum.setup(worker), ...(made?.setup(worker) ?? [])],
    prepare(elements) {
      ({ buffer } = elements);
      spectrum.prepare(buffer);
      made?.prepare(elements);
    },
    async take({ field, momentum, observed, afterOperation }, run) {
      let taken: Snapshot = { afterOperation };
      if (ofField) {
        await run(spectrum.calls(field));
        taken = { ...taken, spectra: spectrum.read(buffer) };
      }
      if (!ofMomentum && !oscillators) return taken;
      if (observed?.afterOperation !== afterOperation)
        throw new Error("a snapshot of momenta needs an observation made with it");
      if (ofMomentum) {
        await run(spectrum.calls(momentum));
        const sums = spectrum.read(buffer);
        const factor = ofMomentum.factor(observed);
        const perRealisation = sums.length / realisations;
        const momentumSpectra = sums.map((sum, i) => factor[Math.floor(i / perRealisation)]! ** 2 * sum);
        taken = { ...taken, momentumSpectra };
      }
      if (oscillators && made) {
        const means = await made.means(buffer, field, run);
        const given = oscillators.of(observed, means);
        const state = { field, momentum };
        // Fields that do not mix are their coordinates as they stand, but for factors.
        if (given.rotation) await made.mix(buffer, given, "coordinate", state, run);
        const coordinates = given.rotation ? made.target : field;
        await run(spectrum.weighted(buffer, coordinates, "omega", given.massSquared));
        const potential = spectrum.read(buffer);
        await made.mix(buffer, given, "velocity", state, run);
        await run(spectrum.weighted(buffer, made.target, "1/omega", given.massSquared));
        const kinetic = spectrum.read(buffer);
        const perRealisation = kinetic.length / realisations;
        const sums = kinetic.map(
          (sum, i) => sum + given.coordinate[Math.floor(i / perRealisation)]! ** 2 * potential[i]!,
        );
        taken = { ...taken, oscillators: sums, curvature: means };
      }
      return taken;
    },
  };
}
