/** Cases of the lattice's kernels, with their references in plain float64 loops. */
import { type Grid, STENCILS } from "../../engine.ts";
import {
  latticeCosine,
  latticeHistogram,
  latticeMoments,
  latticeSpecialisation,
  latticeStep,
} from "../latticeKernels.ts";
import type { Draw, KernelCase } from "./case.ts";

interface Shape {
  readonly dimensions: 1 | 2 | 3;
  readonly points: number;
  readonly realisations: number;
  readonly fields?: 1 | 2;
  readonly stencil?: Grid["stencil"];
}

const CHECKS: readonly Shape[] = [
  { dimensions: 1, points: 2, realisations: 1 },
  { dimensions: 1, points: 131, realisations: 3 },
  { dimensions: 2, points: 1, realisations: 2 },
  { dimensions: 2, points: 37, realisations: 2, fields: 2 },
  { dimensions: 3, points: 2, realisations: 1 },
  { dimensions: 3, points: 13, realisations: 2, fields: 2 },
  { dimensions: 1, points: 5, realisations: 2, stencil: 4 },
  { dimensions: 2, points: 2, realisations: 1, fields: 2, stencil: 6 },
  { dimensions: 3, points: 9, realisations: 2, stencil: 6 },
];
const TIMED = {
  hardware: { dimensions: 3, points: 256, realisations: 4 },
  software: { dimensions: 3, points: 64, realisations: 1 },
} as const;

/** V = phi^2 (phi^2/4 + ...) for one field, phi^4/4 + phi^2 chi^2 for two. */
const POTENTIALS = {
  1: `const FIELDS = 1u;
alias Fields = array<f32, FIELDS>;
fn potentialValue(phi: Fields) -> f32 { return 0.25 * phi[0] * phi[0] * phi[0] * phi[0]; }
fn potentialGradient(phi: Fields) -> Fields { return Fields(phi[0] * phi[0] * phi[0]); }`,
  2: `const FIELDS = 2u;
alias Fields = array<f32, FIELDS>;
fn potentialValue(phi: Fields) -> f32 { return phi[0] * phi[0] * (0.25 * phi[0] * phi[0] + phi[1] * phi[1]); }
fn potentialGradient(phi: Fields) -> Fields {
  return Fields(phi[0] * (phi[0] * phi[0] + 2.0 * phi[1] * phi[1]), 2.0 * phi[0] * phi[0] * phi[1]);
}`,
} as const;

const value = (phi: number, chi: number): number => phi ** 4 / 4 + (phi * chi) ** 2;
const slopes = (phi: number, chi: number): [number, number] => [phi ** 3 + 2 * phi * chi ** 2, 2 * phi ** 2 * chi];

function arrays({ dimensions, points, realisations, fields = 1, stencil = 2 }: Shape, draw: Draw) {
  const sites = points ** dimensions;
  const count = realisations * fields * sites;
  const field = draw(count);
  const momentum = draw(count);
  /** dx^2 times the Laplacian at `site` of the field that starts at `start`. */
  const laplacian = (start: number, site: number): number => {
    let sum = 0;
    for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points) {
      const x = Math.floor(site / stride) % points;
      for (const [j, weight] of STENCILS[stencil].entries()) {
        const ahead = site + (((x + j + 1) % points) - x) * stride;
        const back = site + (((x + points * (j + 1) - j - 1) % points) - x) * stride;
        sum += weight * (field[start + ahead]! + field[start + back]! - 2 * field[start + site]!);
      }
    }
    return sum;
  };
  /** Both fields at a site of realisation r; the second is zero where there is one. */
  const at = (r: number, site: number): [number, number] => {
    const start = r * fields * sites + site;
    return [field[start]!, fields === 2 ? field[start + sites]! : 0];
  };
  return {
    sites,
    count,
    fields,
    field,
    momentum,
    laplacian,
    at,
    specialisation: latticeSpecialisation({ dimensions, stencil }, POTENTIALS[fields]),
  };
}

const step: KernelCase<Shape> = {
  declaration: latticeStep,
  checks: CHECKS,
  timed: TIMED,
  build(shape, draw) {
    const { dimensions, points, realisations } = shape;
    const { sites, count, fields, field, momentum, laplacian, at, specialisation } = arrays(shape, draw);
    const operation = { laplacian: 0.25, force: 0.125, drift: 0.0625 };
    const planes = dimensions === 3 ? realisations * points : realisations;
    return {
      specialisation,
      buffers: { field, momentum, fieldNext: new Float32Array(count) },
      uniforms: { params: { points, sites, planes, opaqueZero: 0 }, operation },
      workgroups: ({ workgroup }) => [
        Math.ceil(points / workgroup[0]),
        dimensions === 1 ? 1 : Math.ceil(points / workgroup[1]),
        planes,
      ],
      reference: () => {
        const next = new Float64Array(count);
        const pi = Float64Array.from(momentum);
        for (let r = 0; r < realisations; r++) {
          for (let f = 0; f < fields; f++) {
            const start = (r * fields + f) * sites;
            for (let site = 0; site < sites; site++) {
              pi[start + site]! +=
                operation.laplacian * laplacian(start, site) - operation.force * slopes(...at(r, site))[f]!;
              next[start + site] = field[start + site]! + operation.drift * pi[start + site]!;
            }
          }
        }
        return { fieldNext: next, momentum: pi };
      },
      terms: 2 * dimensions + 4,
      flops: count * (4 * dimensions + 8),
      bytes: 16 * count,
    };
  },
};

const LANES_PER_GROUP = 1024;

/** Reference and scale of the field that starts at `start`, from the sites that lattice_moments.wgsl looks at. */
function standard(field: Float32Array, start: number, sites: number): { reference: number; scale: number } {
  const stretch = Math.max(1, Math.floor(sites / 16));
  const sampled = Array.from(
    { length: 16 },
    (_, n) => field[start + ((n * stretch + ((n * 40503) % stretch)) % sites)]!,
  );
  // In float32 as the kernel: the differences of equal values to their mean must be equal too.
  const reference = sampled.reduce((sum, value) => Math.fround(sum + value), 0) / 16;
  const spread = Math.max(...sampled.map((value) => Math.fround(Math.abs(value - reference))));
  return { reference, scale: spread > 2 ** -126 ? 2 ** -Math.floor(Math.log2(spread)) : 1 };
}

const moments: KernelCase<Shape> = {
  declaration: latticeMoments,
  checks: CHECKS,
  timed: TIMED,
  build(shape, draw) {
    const { points, realisations } = shape;
    const { sites, count, fields, field, momentum, laplacian, at, specialisation } = arrays(shape, draw);
    const groups = Math.ceil(sites / LANES_PER_GROUP);
    const words = 10;
    return {
      specialisation,
      buffers: { field, momentum, moments: new Float32Array(realisations * fields * groups * words) },
      uniforms: { params: { points, sites, sitesPerGroup: LANES_PER_GROUP }, slot: { record: 0 } },
      workgroups: () => [groups, fields, realisations],
      reference: () => {
        const result = new Float64Array(realisations * fields * groups * words);
        for (let r = 0; r < realisations; r++) {
          for (let f = 0; f < fields; f++) {
            const start = (r * fields + f) * sites;
            const { reference, scale } = standard(field, start, sites);
            for (let site = 0; site < sites; site++) {
              const first = ((r * fields + f) * groups + Math.floor(site / LANES_PER_GROUP)) * words;
              const above = field[start + site]! - reference;
              const x = above * scale;
              const pi = momentum[start + site]!;
              const terms = [
                x,
                x ** 2,
                x ** 3,
                x ** 4,
                pi,
                pi ** 2,
                -above * laplacian(start, site),
                f === 0 ? value(...at(r, site)) : 0,
              ];
              for (const [n, term] of terms.entries()) result[first + 2 + n]! += term;
              result[first] = reference;
              result[first + 1] = scale;
            }
          }
        }
        return { moments: result };
      },
      terms: LANES_PER_GROUP / 8,
      flops: count * 26,
      bytes: 8 * count,
    };
  },
};

const cosine: KernelCase<Shape> = {
  declaration: latticeCosine,
  checks: CHECKS,
  timed: TIMED,
  build(shape, draw) {
    const { dimensions, points, realisations } = shape;
    const { sites, count, fields, field, specialisation } = arrays(shape, draw);
    const groups = Math.ceil(sites / LANES_PER_GROUP);
    const mode = [1 % points, 2 % points, (points - 1) % points].map((n, axis) => (axis < dimensions ? n : 0));
    return {
      specialisation,
      buffers: {
        field,
        cosines: Float32Array.from({ length: points }, (_, n) => Math.cos((2 * Math.PI * n) / points)),
        sums: new Float32Array(realisations * fields * groups),
      },
      uniforms: { params: { mode, points, sites, sitesPerGroup: LANES_PER_GROUP }, slot: { record: 0 } },
      workgroups: () => [groups, fields, realisations],
      reference: () => {
        const sums = new Float64Array(realisations * fields * groups);
        for (let rf = 0; rf < realisations * fields; rf++) {
          for (let site = 0; site < sites; site++) {
            let phase = 0;
            for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points)
              phase += mode[axis]! * (Math.floor(site / stride) % points);
            const above = field[rf * sites + site]! - field[rf * sites]!;
            sums[rf * groups + Math.floor(site / LANES_PER_GROUP)]! += above * Math.cos((2 * Math.PI * phase) / points);
          }
        }
        return { sums };
      },
      // Sums of signs cancel: the bound goes with the number of sites, not with the small sum.
      terms: 20 * LANES_PER_GROUP,
      flops: count * 4,
      bytes: 4 * count,
    };
  },
};

const histogram: KernelCase<Shape> = {
  declaration: latticeHistogram,
  checks: CHECKS,
  timed: TIMED,
  build(shape, draw) {
    const { realisations } = shape;
    const { sites, count, fields, field, specialisation } = arrays(shape, draw);
    const bins = 11;
    // Values lie between -1 and 1: some beyond the range, and none at a bin's edge, which float32 could put to either side.
    const low = -0.8 - 2 ** -24;
    const perWidth = bins / 1.5;
    const place = (value: number): number => (value - low) * perWidth;
    for (const [i, value] of field.entries())
      if (Math.abs(place(value) - Math.round(place(value))) < 1e-4) field[i] = value + 2e-3;
    return {
      specialisation: { ...specialisation, constants: { ...specialisation.constants, BINS: bins } },
      buffers: {
        field,
        ranges: Float32Array.from({ length: 2 * realisations * fields }, (_, i) => (i % 2 === 0 ? low : perWidth)),
        counts: new Uint32Array(realisations * fields * bins),
      },
      uniforms: { params: { sites, sitesPerGroup: LANES_PER_GROUP, opaqueZero: 0 } },
      workgroups: () => [Math.ceil(sites / LANES_PER_GROUP), fields, realisations],
      reference: () => {
        const counts = new Uint32Array(realisations * fields * bins);
        for (const [i, value] of field.entries())
          counts[Math.floor(i / sites) * bins + Math.max(0, Math.min(bins - 1, Math.floor(place(value))))]!++;
        return { counts: Float64Array.from(counts) };
      },
      terms: 0,
      flops: 2 * count,
      bytes: 4 * count,
    };
  },
};

export const fieldCases: readonly KernelCase<Shape>[] = [step, moments, cosine, histogram];
