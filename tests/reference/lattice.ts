/** The lattice job in plain float64 loops, the yardstick for every engine. */
import type { LatticeJob, LatticeReport, Observation } from "@slowroll/core/engine/engine";

/** The second-order Laplacian of the field that starts at `start` at a site. */
function laplacian({ grid }: LatticeJob, field: Float64Array, start: number, site: number): number {
  const { dimensions, points, spacing } = grid;
  let sum = 0;
  for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points) {
    const x = Math.floor(site / stride) % points;
    const ahead = site + (((x + 1) % points) - x) * stride;
    const back = site + (((x + points - 1) % points) - x) * stride;
    sum += field[start + ahead]! + field[start + back]! - 2 * field[start + site]!;
  }
  return sum / spacing ** 2;
}

function observe(job: LatticeJob, field: Float64Array, momentum: Float64Array, afterOperation: number): Observation {
  const { grid, realisations, fields, potential, reductions } = job;
  const sites = grid.points ** grid.dimensions;
  const perField = (pick: (start: number, site: number) => number): Float64Array =>
    Float64Array.from({ length: realisations * fields }, (_, rf) => {
      let sum = 0;
      for (let site = 0; site < sites; site++) sum += pick(rf * sites, site);
      return sum / sites;
    });
  const fieldMean = perField((start, site) => field[start + site]!);
  const potentialMean = Float64Array.from({ length: realisations }, (_, r) => {
    let sum = 0;
    for (let site = 0; site < sites; site++) {
      sum += potential.value(...Array.from({ length: fields }, (_, f) => field[(r * fields + f) * sites + site]!));
    }
    return sum / sites;
  });
  const cosine = reductions.flatMap((reduction) =>
    reduction.kind !== "cosine"
      ? []
      : [
          perField((start, site) => {
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
  return {
    afterOperation,
    fieldMean,
    fieldVariance: perField((start, site) => (field[start + site]! - fieldMean[start / sites]!) ** 2),
    momentumMean: perField((start, site) => momentum[start + site]!),
    momentumSquare: perField((start, site) => momentum[start + site]! ** 2),
    gradient: perField((start, site) => -field[start + site]! * laplacian(job, field, start, site)),
    potential: potentialMean,
    cosine,
  };
}

/** All observations and the final state. */
export async function referenceLattice(job: LatticeJob): Promise<LatticeReport> {
  const { realisations, fields, potential, schedule, grid } = job;
  const sites = grid.points ** grid.dimensions;
  const initial = await job.initial();
  const field = initial.field.slice();
  const momentum = initial.momentum.slice();
  const observations: Observation[] = [];
  for (let o = 0; o <= schedule.coefficients.length / 3; o++) {
    if (job.observeAfter.includes(o)) observations.push(observe(job, field, momentum, o));
    const [lap, force, drift] = schedule.coefficients.subarray(3 * o, 3 * o + 3);
    if (lap === undefined) break;
    const before = field.slice();
    for (let r = 0; r < realisations; r++) {
      for (let f = 0; f < fields; f++) {
        const start = (r * fields + f) * sites;
        for (let site = 0; site < sites; site++) {
          const phi = Array.from({ length: fields }, (_, g) => before[(r * fields + g) * sites + site]!);
          momentum[start + site]! += lap * laplacian(job, before, start, site) - force! * potential.gradient(f, ...phi);
          field[start + site]! += drift! * momentum[start + site]!;
        }
      }
    }
  }
  return { engineSeconds: 0, observations, final: { field, momentum } };
}
