/** Cases of what reduces a lattice to a few numbers: moments, modes and histograms, with their references in plain float64 loops. */
import {
  latticeCosine,
  latticeHistogram,
  latticeMoments,
  momentsSpecialisation,
  withoutPotential,
} from "../field/latticeKernels.ts";
import type { KernelCase } from "./case.ts";
import { arrays, CHECKS, type Form, MARCH_CHECKS, marching, type Shape, TIMED, value } from "./fieldShapes.ts";

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

interface MomentsShape extends Shape {
  /** Whether those of the momentum are summed. */
  readonly momenta: boolean;
}

const momentsCase = (form: Form): KernelCase<MomentsShape> => ({
  declaration: latticeMoments[form],
  checks: (form === "march" ? MARCH_CHECKS : CHECKS).flatMap((shape) => [
    { ...shape, momenta: true },
    { ...shape, momenta: false },
  ]),
  timed: { hardware: { ...TIMED.hardware, momenta: true }, software: { ...TIMED.software, momenta: true } },
  build(shape, draw) {
    const { realisations, momenta } = shape;
    const { sites, count, fields, field, momentum, laplacian, at, specialisation, slab, constants } = arrays(
      shape,
      draw,
    );
    const sweep = () => {
      if (form === "march") {
        const { march, workgroups, params, groupOf } = marching(shape, specialisation);
        const [x, y, chunks] = workgroups;
        const across = [x, y];
        return {
          by: march,
          groups: x * y * chunks,
          params: { slab: params.slab, depth: params.depth, across },
          groupOf,
        };
      }
      const params = { slab, sitesPerGroup: LANES_PER_GROUP };
      const groupOf = (site: number): number => Math.floor(site / LANES_PER_GROUP);
      return { by: specialisation, groups: Math.ceil(sites / LANES_PER_GROUP), params, groupOf };
    };
    const { by, groups, params, groupOf } = sweep();
    const words = 10;
    return {
      specialisation: momentsSpecialisation(by, momenta),
      buffers: {
        field,
        momentum,
        firstField: field,
        moments: new Float32Array(realisations * fields * groups * words),
      },
      uniforms: {
        params: { ...params, sampledSites: sites },
        constants,
        slot: { record: 0 },
      },
      workgroups: () => [groups, fields, realisations],
      reference: () => {
        const result = new Float64Array(realisations * fields * groups * words);
        for (let r = 0; r < realisations; r++) {
          for (let f = 0; f < fields; f++) {
            const start = (r * fields + f) * sites;
            const { reference, scale } = standard(field, start, sites);
            for (let site = 0; site < sites; site++) {
              const first = ((r * fields + f) * groups + groupOf(site)) * words;
              const above = field[start + site]! - reference;
              const x = above * scale;
              const pi = momentum[start + site]!;
              const terms = [
                x,
                x ** 2,
                x ** 3,
                x ** 4,
                ...(momenta ? [pi, pi ** 2] : [0, 0]),
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
      bytes: (momenta ? 8 : 4) * count,
    };
  },
});

const cosine: KernelCase<Shape> = {
  declaration: latticeCosine,
  // And a line of so many points that a mode times a place is beyond 2^32.
  checks: [...CHECKS, { dimensions: 1, points: 100_000, realisations: 1 }],
  timed: TIMED,
  build(shape, draw) {
    const { dimensions, points, realisations } = shape;
    const { sites, count, fields, field, specialisation, slab } = arrays(shape, draw);
    const groups = Math.ceil(sites / LANES_PER_GROUP);
    const mode = [(points - 1) % points, 2 % points, 1 % points].map((n, axis) => (axis < dimensions ? n : 0));
    return {
      specialisation: withoutPotential(specialisation, fields),
      buffers: {
        field,
        firstField: field,
        cosines: Float32Array.from({ length: points }, (_, n) => Math.cos((2 * Math.PI * n) / points)),
        sums: new Float32Array(realisations * fields * groups),
      },
      uniforms: {
        params: { mode, points, slab, shift: [0, 0, 0], sitesPerGroup: LANES_PER_GROUP },
        slot: { record: 0 },
      },
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
      terms: LANES_PER_GROUP / 8,
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
    const { sites, count, fields, field, specialisation, slab } = arrays(shape, draw);
    const bins = 11;
    const { constants, includes } = withoutPotential(specialisation, fields);
    // Values lie between -1 and 1: some beyond the range, and none at a bin's edge, which float32 could put to either side.
    const low = -0.8 - 2 ** -24;
    const perWidth = bins / 1.5;
    const place = (value: number): number => (value - low) * perWidth;
    for (const [i, value] of field.entries())
      if (Math.abs(place(value) - Math.round(place(value))) < 1e-4) field[i] = value + 2e-3;
    return {
      specialisation: { constants: { ...constants, BINS: bins }, includes },
      buffers: {
        field,
        ranges: Float32Array.from({ length: 2 * realisations * fields }, (_, i) => (i % 2 === 0 ? low : perWidth)),
        counts: new Uint32Array(realisations * fields * bins),
      },
      uniforms: { params: { slab, sitesPerGroup: LANES_PER_GROUP, opaqueZero: 0 } },
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

export const reductionCases: readonly KernelCase<Shape>[] = [
  momentsCase("sites"),
  momentsCase("march"),
  cosine,
  histogram,
];
