/** The lattice job in plain float64 loops, the yardstick for every engine. */

import type { LatticeReport } from "@slowroll/core/engine/engine";
import {
  type CoupledSchedule,
  type LatticeJob,
  type Monomial,
  type Observation,
  type PrescribedSchedule,
  potentialsOf,
  type Snapshot,
  STENCILS,
} from "@slowroll/core/engine/latticeJob";
import type { Potential } from "@slowroll/core/potential/potential";
import { frequencyWeight, referenceSpectrum } from "./spectrum.ts";

/** The state of one job and what its loops ask of it. */
interface Lattice {
  readonly job: LatticeJob;
  /** Of each realisation. */
  readonly potentials: readonly Potential[];
  readonly sites: number;
  readonly field: Float64Array;
  readonly momentum: Float64Array;
}

const monomial = ({ factor, power }: Monomial, q: number): number => factor * q ** power;

/** The Laplacian of the field that starts at `start` at a site. */
function laplacian({ grid }: LatticeJob, field: Float64Array, start: number, site: number): number {
  const { dimensions, points, spacing } = grid;
  const weights = STENCILS[grid.stencil];
  let sum = 0;
  for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points) {
    const x = Math.floor(site / stride) % points;
    for (let j = 0; j < weights.length; j++) {
      const ahead = site + (((x + j + 1) % points) - x) * stride;
      const back = site + (((x + points * (j + 1) - j - 1) % points) - x) * stride;
      sum += weights[j]! * (field[start + ahead]! + field[start + back]! - 2 * field[start + site]!);
    }
  }
  return sum / spacing ** 2;
}

/** The fields of realisation `r` at a site. */
function fieldsAt({ job: { fields }, sites, field }: Lattice, r: number, site: number): number[] {
  const values: number[] = [];
  for (let f = 0; f < fields; f++) values.push(field[(r * fields + f) * sites + site]!);
  return values;
}

/** Mean over the sites of each realisation and field. */
function perField({ job: { realisations, fields }, sites }: Lattice, pick: (start: number, site: number) => number) {
  return Float64Array.from({ length: realisations * fields }, (_, rf) => {
    let sum = 0;
    for (let site = 0; site < sites; site++) sum += pick(rf * sites, site);
    return sum / sites;
  });
}

const momentumSquares = (lattice: Lattice): Float64Array =>
  perField(lattice, (start, site) => lattice.momentum[start + site]! ** 2);

const gradients = (lattice: Lattice): Float64Array =>
  perField(
    lattice,
    (start, site) => -lattice.field[start + site]! * laplacian(lattice.job, lattice.field, start, site),
  );

const meanPotentials = (lattice: Lattice): Float64Array =>
  Float64Array.from({ length: lattice.job.realisations }, (_, r) => {
    let sum = 0;
    for (let site = 0; site < lattice.sites; site++) sum += lattice.potentials[r]!.value(...fieldsAt(lattice, r, site));
    return sum / lattice.sites;
  });

function means(lattice: Lattice) {
  const { sites, field, momentum } = lattice;
  const fieldMean = perField(lattice, (start, site) => field[start + site]!);
  const central = (power: number): Float64Array =>
    perField(lattice, (start, site) => (field[start + site]! - fieldMean[start / sites]!) ** power);
  return {
    fieldMean,
    fieldVariance: central(2),
    fieldThird: central(3),
    fieldFourth: central(4),
    momentumMean: perField(lattice, (start, site) => momentum[start + site]!),
    momentumSquare: momentumSquares(lattice),
    gradient: gradients(lattice),
    potential: meanPotentials(lattice),
  };
}

function observe(lattice: Lattice, afterOperation: number, global: Float64Array | undefined): Observation {
  const { job, field } = lattice;
  const { grid, reductions } = job;
  const cosine = reductions.flatMap((reduction) =>
    reduction.kind !== "cosine"
      ? []
      : [
          perField(lattice, (start, site) => {
            let phase = 0;
            for (
              let axis = grid.dimensions - 1, rest = site;
              axis >= 0;
              axis--, rest = Math.floor(rest / grid.points)
            ) {
              phase += (reduction.mode[axis]! * (rest % grid.points)) / grid.points;
            }
            return 2 * field[start + site]! * Math.cos(2 * Math.PI * phase);
          }),
        ],
  );
  return { afterOperation, ...means(lattice), cosine, ...(global ? { global: global.slice() } : {}) };
}

function snapshot(lattice: Lattice, afterOperation: number, made: Observation | undefined): Snapshot {
  const { job, sites, field, momentum } = lattice;
  const { grid, realisations, fields } = job;
  const { fieldMean, fieldVariance } = means(lattice);
  const each = Array.from({ length: realisations * fields }, (_, rf) => field.subarray(rf * sites, (rf + 1) * sites));
  let result: Snapshot = { afterOperation };
  for (const picture of job.snapshots!.pictures) {
    switch (picture.kind) {
      case "spectrum":
        result = {
          ...result,
          spectra: Float64Array.from(each.flatMap((values) => [...referenceSpectrum(grid, values)])),
        };
        break;
      case "momentumSpectrum": {
        const factor = picture.factor(made!);
        const spectra = each.map((_, rf) => {
          const pi = momentum.slice(rf * sites, (rf + 1) * sites);
          return referenceSpectrum(
            grid,
            pi.map((value) => factor[Math.floor(rf / fields)]! * value),
          );
        });
        result = { ...result, momentumSpectra: Float64Array.from(spectra.flatMap((sums) => [...sums])) };
        break;
      }
      case "oscillators": {
        const curvature = Float64Array.from({ length: each.length * fields }, (_, rfg) => {
          const [r, f, g] = [Math.floor(rfg / fields ** 2), Math.floor(rfg / fields) % fields, rfg % fields];
          let sum = 0;
          for (let site = 0; site < sites; site++)
            sum += lattice.potentials[r]!.hessian(f, g, ...fieldsAt(lattice, r, site));
          return sum / sites;
        });
        const { coordinate, turning, velocity, massSquared, rotation } = picture.of(made!, curvature);
        /** The combination in the place of field rf. */
        const combined = (all: readonly Float64Array[], rf: number): Float64Array => {
          if (!rotation) return all[rf]!;
          const first = fields * Math.floor(rf / fields);
          return all[rf]!.map((_, site) => {
            let sum = 0;
            for (let g = 0; g < fields; g++) sum += rotation[rf * fields + g]! * all[first + g]![site]!;
            return sum;
          });
        };
        const momenta = each.map((_, rf) => momentum.subarray(rf * sites, (rf + 1) * sites));
        const sums = each.flatMap((_, rf) => {
          const r = Math.floor(rf / fields);
          const [values, pi] = [combined(each, rf), combined(momenta, rf)];
          const weight = (power: 1 | -1) => frequencyWeight(picture.waveSquares, massSquared[rf]!, power);
          const potential = referenceSpectrum(
            grid,
            values.map((phi) => coordinate[r]! * phi),
            weight(1),
          );
          const kinetic = referenceSpectrum(
            grid,
            values.map((phi, site) => turning[r]! * phi + velocity[r]! * pi[site]!),
            weight(-1),
          );
          return Array.from(potential, (sum, bin) => sum + kinetic[bin]!);
        });
        result = { ...result, oscillators: Float64Array.from(sums), curvature };
        break;
      }
      case "histogram": {
        const { bins, reach } = picture;
        const histogramLow = fieldMean.map((mean, rf) => mean - reach * Math.sqrt(fieldVariance[rf]!));
        const histogramHigh = fieldMean.map((mean, rf) => mean + reach * Math.sqrt(fieldVariance[rf]!));
        const histogramCounts = new Float64Array(each.length * bins);
        for (const [rf, values] of each.entries()) {
          const [low, high] = [histogramLow[rf]!, histogramHigh[rf]!];
          for (const value of values) {
            const bin = high > low ? Math.floor(((value - low) / (high - low)) * bins) : 0;
            histogramCounts[rf * bins + Math.max(0, Math.min(bins - 1, bin))]!++;
          }
        }
        result = { ...result, histogramLow, histogramHigh, histogramCounts };
        break;
      }
      case "slice": {
        const plane = grid.points ** 2;
        const first = grid.dimensions === 3 ? picture.index * plane : 0;
        result = {
          ...result,
          slices: Float64Array.from(each.flatMap((values) => [...values.subarray(first, first + plane)])),
        };
      }
    }
  }
  return result;
}

/** pi_f += lap(r) Laplacian phi_f - force(r) dV/dphi_f. */
function kick(lattice: Lattice, lap: (r: number) => number, force: (r: number) => number): void {
  const { job, potentials, sites, field, momentum } = lattice;
  for (let r = 0; r < job.realisations; r++) {
    const [pull, push] = [lap(r), force(r)];
    for (let site = 0; site < sites; site++) {
      const phi = fieldsAt(lattice, r, site);
      for (let f = 0; f < job.fields; f++) {
        const start = (r * job.fields + f) * sites;
        momentum[start + site]! +=
          pull * laplacian(job, field, start, site) - push * potentials[r]!.gradient(f, ...phi);
      }
    }
  }
}

/** phi_f += by(r) pi_f. */
function drift({ job, sites, field, momentum }: Lattice, by: (r: number) => number): void {
  for (let i = 0; i < field.length; i++) field[i]! += by(Math.floor(i / (job.fields * sites))) * momentum[i]!;
}

function prescribedOperation(lattice: Lattice, { coefficients }: PrescribedSchedule, o: number): void {
  const [lap, force, by] = coefficients.subarray(3 * o, 3 * o + 3) as unknown as [number, number, number];
  kick(
    lattice,
    () => lap,
    () => force,
  );
  drift(lattice, () => by);
}

function coupledOperation(lattice: Lattice, schedule: CoupledSchedule, o: number, global: Float64Array): void {
  const { realisations, fields } = lattice.job;
  const { acceleration } = schedule;
  const h = schedule.durations[o]!;
  const half = (): void => {
    const [momentumSquare, gradient, potential] = [momentumSquares, gradients, meanPotentials].map((mean) =>
      mean(lattice),
    ) as [Float64Array, Float64Array, Float64Array];
    const sum = (values: Float64Array, r: number): number =>
      values.subarray(r * fields, (r + 1) * fields).reduce((total, value) => total + value, 0);
    for (let r = 0; r < realisations; r++) {
      const q = global[3 * r]!;
      global[3 * r + 1]! +=
        (h / 2) *
        (monomial(acceleration.momentumSquare, q) * sum(momentumSquare, r) +
          monomial(acceleration.gradient, q) * sum(gradient, r) +
          monomial(acceleration.potential, q) * potential[r]!);
    }
  };
  const kickHalf = (): void =>
    kick(
      lattice,
      (r) => (h / 2) * monomial(schedule.laplacian, global[3 * r]!),
      (r) => (h / 2) * monomial(schedule.force, global[3 * r]!),
    );
  half();
  kickHalf();
  const middle = Array.from({ length: realisations }, (_, r) => global[3 * r]! + (h / 2) * global[3 * r + 1]!);
  drift(lattice, (r) => h * monomial(schedule.drift, middle[r]!));
  for (let r = 0; r < realisations; r++) {
    global[3 * r]! += h * global[3 * r + 1]!;
    global[3 * r + 2]! += h * monomial(schedule.clock, middle[r]!);
  }
  kickHalf();
  half();
}

/** All observations and the final state. */
export async function referenceLattice(job: LatticeJob): Promise<LatticeReport> {
  const { schedule, grid, snapshots } = job;
  const initial = await job.initial();
  const lattice: Lattice = {
    job,
    potentials: potentialsOf(job),
    sites: grid.points ** grid.dimensions,
    field: initial.field.slice(),
    momentum: initial.momentum.slice(),
  };
  const global = schedule.kind === "coupled" ? schedule.initial.slice() : undefined;
  const operations = schedule.kind === "coupled" ? schedule.durations.length : schedule.coefficients.length / 3;
  const observations: Observation[] = [];
  const pictures: Snapshot[] = [];
  for (let o = 0; o <= operations; o++) {
    if (job.observeAfter.includes(o)) observations.push(observe(lattice, o, global));
    if (snapshots?.after.includes(o)) pictures.push(snapshot(lattice, o, observations[observations.length - 1]));
    if (o === operations) break;
    if (schedule.kind === "coupled") coupledOperation(lattice, schedule, o, global!);
    else prescribedOperation(lattice, schedule, o);
  }
  const { field, momentum } = lattice;
  return { engineSeconds: 0, observations, snapshots: pictures, final: { field, momentum } };
}
