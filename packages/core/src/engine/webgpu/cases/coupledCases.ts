/** Cases of the two kernels of a coupled schedule: the sweep over the lattice, and what moves q, q' and the clock. */
import {
  coupledSpecialisation,
  coupledSums,
  globalSpecialisation,
  latticeCoupled,
  latticeGlobal,
  MAX_SWEEPERS,
  sweepers,
} from "../field/latticeKernels.ts";
import { NUMBERS } from "../field/latticeNumbers.ts";
import type { KernelCase } from "./case.ts";
import {
  arrays,
  CHECKS,
  type Form,
  MARCH_CHECKS,
  marching,
  reading,
  type Shape,
  slopes,
  TIMED,
  value,
} from "./fieldShapes.ts";

/** Threads along x and y of a sweep's workgroup, as the kernels are specialised. */
const workgroupOf = ({ dimensions }: Shape): [number, number] => (dimensions === 1 ? [64, 1] : [32, 2]);

/** As the engine for the shapes that are timed; few for those that are checked, so that each takes several turns along an axis. */
const mostOf = (sites: number): number =>
  sites < 64 ** 3 ? 3 : MAX_SWEEPERS[sites > 64 ** 3 ? "hardware" : "software"];

/** Numbers of a workgroup's sums. */
const widthOf = (fields: number): number => {
  const { PARTS, ROUNDS } = coupledSums(fields);
  return PARTS * ROUNDS;
};

const coupledCase = (form: Form): KernelCase<Shape> => ({
  declaration: latticeCoupled[form],
  checks: form === "march" ? MARCH_CHECKS : CHECKS,
  timed: TIMED,
  build(shape, draw) {
    const { points, realisations, dimensions } = shape;
    const { sites, count, fields, field, momentum, factors, specialisation, slab, constants } = arrays(shape, draw);
    /** The sweep in either form, and which of a realisation's workgroups takes a site. */
    const sweep = () => {
      if (form === "march") {
        const { march, workgroups, ...shared } = marching(shape, specialisation);
        const [x, y, chunks] = workgroups;
        return { by: march, workgroups: [x, y * chunks, 1] as const, ...shared };
      }
      const [columns, lines] = workgroupOf(shape);
      const workgroups = sweepers(slab.own, [columns, lines, 1], mostOf(sites));
      const [x, y, deep] = workgroups;
      const groupOf = (site: number): number => {
        const across = dimensions > 1 ? Math.floor((Math.floor(site / points) % points) / lines) % y : 0;
        return ((Math.floor(site / points ** 2) % deep) * y + across) * x + (Math.floor((site % points) / columns) % x);
      };
      return { by: specialisation, workgroups, params: { slab, deep, opaqueZero: 0 }, groupOf };
    };
    const { by, workgroups, params, groupOf } = sweep();
    const [x, y, deep] = workgroups;
    const groups = x * y * deep;
    // Drift, closing Laplacian and force, opening Laplacian and force of each realisation.
    const strengths = draw(5 * realisations);
    const width = widthOf(fields);
    return {
      specialisation: coupledSpecialisation(by, fields),
      buffers: {
        field,
        momentum,
        firstField: field,
        firstMomentum: momentum,
        strengths,
        fieldNext: new Float32Array(count),
        momentumNext: new Float32Array(count),
        sums: new Float32Array(width * realisations * groups),
      },
      uniforms: { params: { ...params, firstGroup: 0, groups }, constants },
      workgroups: () => [x, y, deep * realisations],
      reference: () => {
        const drifted = Float64Array.from(
          field,
          (phi, i) => phi + strengths[5 * Math.floor(i / (fields * sites))]! * momentum[i]!,
        );
        const moved = reading(shape, factors, drifted);
        const momentumNext = new Float64Array(count);
        const sums = new Float64Array(width * realisations * groups);
        for (let r = 0; r < realisations; r++) {
          const [, closingLaplacian, closingForce, openingLaplacian, openingForce] = strengths.subarray(5 * r);
          for (let site = 0; site < sites; site++) {
            const place = width * (r * groups + groupOf(site));
            sums[place + 1]! += value(...moved.at(r, site));
            for (let f = 0; f < fields; f++) {
              const start = (r * fields + f) * sites;
              const lap = moved.laplacian(start, site);
              const slope = slopes(...moved.at(r, site))[f]!;
              const pi = momentum[start + site]! + closingLaplacian! * lap - closingForce! * slope;
              sums[place + 2 + 2 * f]! += pi;
              sums[place + 3 + 2 * f]! += pi ** 2;
              sums[place]! -= (drifted[start + site]! - drifted[start]!) * lap;
              momentumNext[start + site] = pi + openingLaplacian! * lap - openingForce! * slope;
            }
          }
        }
        return { fieldNext: drifted, momentumNext, sums };
      },
      terms: 8 * dimensions + Math.ceil(sites / groups / 8),
      flops: count * (16 * dimensions + 20),
      bytes: 16 * count,
    };
  },
});

interface GlobalShape {
  readonly realisations: number;
  readonly fields: number;
  /** Partial sums of each realisation, and invocations that add them. */
  readonly groups: number;
  readonly lanes: number;
  readonly closes: 0 | 1;
  readonly opens: 0 | 1;
  readonly passes: 0 | 1;
  /** Whether it is observed in between. */
  readonly records: boolean;
}

/** Powers that are whole, half, none and neither. */
const MONOMIALS = {
  acceleration: {
    momentumSquare: { factor: -0.2, power: -4 },
    gradient: { factor: 0.04, power: 0 },
    potential: { factor: 0.25, power: 2 },
  },
  laplacian: { factor: 0.5, power: 1.5 },
  force: { factor: 0.25, power: 0.5 },
  drift: { factor: 1, power: -2.5 },
  clock: { factor: 0.75, power: 0.3 },
} as const;

const global: KernelCase<GlobalShape> = {
  declaration: latticeGlobal,
  checks: [
    { realisations: 1, fields: 1, groups: 1, lanes: 1, closes: 1, opens: 1, passes: 1, records: true },
    { realisations: 3, fields: 2, groups: 255, lanes: 256, closes: 1, opens: 1, passes: 0, records: true },
    { realisations: 2, fields: 1, groups: 257, lanes: 256, closes: 0, opens: 1, passes: 1, records: false },
    { realisations: 2, fields: 5, groups: 1000, lanes: 32, closes: 1, opens: 0, passes: 0, records: true },
    { realisations: 2, fields: 3, groups: 40, lanes: 32, closes: 1, opens: 1, passes: 1, records: false },
    { realisations: 5, fields: 4, groups: 3, lanes: 4, closes: 0, opens: 0, passes: 0, records: true },
  ],
  timed: {
    hardware: { realisations: 4, fields: 1, groups: 8192, lanes: 256, closes: 1, opens: 1, passes: 1, records: false },
    software: { realisations: 1, fields: 1, groups: 8192, lanes: 256, closes: 1, opens: 1, passes: 1, records: false },
  },
  build({ realisations, fields, groups, lanes, closes, opens, passes, records }, draw) {
    const width = widthOf(fields);
    const sums = draw(width * realisations * groups);
    const pairs = 3 + 2 * fields;
    const durations = draw(4);
    const begun = new Uint32Array(realisations).fill(1);
    const sites = 64 * groups;
    const curvature = 1.5;
    // q about 1, q' and the clock of order one, each with a low part below the rounding of the first.
    const globals = Float32Array.from(draw(6 * realisations), (drawn, i) =>
      i % 2 === 1 ? drawn * 2 ** -26 : (i % 6 === 0 ? 1.5 : 0.75) + drawn / 4,
    );
    return {
      specialisation: globalSpecialisation(MONOMIALS, NUMBERS.float32, fields, lanes),
      buffers: {
        sums,
        durations,
        begun,
        globals,
        strengths: new Float32Array(5 * realisations),
        records: new Float32Array(2 * pairs * realisations),
      },
      uniforms: {
        params: { sites, groups, curvature, opaqueZero: 0 },
        turn: { closes, opens, passes },
        slot: { record: records ? 0 : 2 ** 32 - 1 },
      },
      workgroups: () => [realisations, 1, 1],
      reference: () => {
        const { acceleration, laplacian, force, drift, clock } = MONOMIALS;
        const strengths: number[] = [];
        const ends: number[] = [];
        const recorded: number[] = [];
        for (let r = 0; r < realisations; r++) {
          const [gradient, potential, ...momenta] = Array.from({ length: 2 + 2 * fields }, (_, n) => {
            let sum = 0;
            for (let g = 0; g < groups; g++) sum += sums[width * (r * groups + g) + n]!;
            return sum;
          }) as [number, number, ...number[]];
          const momentumSquare = momenta.reduce((sum, value, n) => (n % 2 === 1 ? sum + value : sum), 0);
          let [q, rate, time] = [0, 2, 4].map((n) => globals[6 * r + n]! + globals[6 * r + n + 1]!) as [
            number,
            number,
            number,
          ];
          const of = ({ factor, power }: { factor: number; power: number }, at: number): number => factor * at ** power;
          const a =
            (of(acceleration.momentumSquare, q) * momentumSquare +
              of(acceleration.gradient, q) * curvature * gradient +
              of(acceleration.potential, q) * potential) /
            sites;
          const [before, here, after] = durations as unknown as [number, number, number];
          if (closes) rate += (before / 2) * a;
          recorded.push(q, rate, time, ...momenta);
          let way = 0;
          if (opens) {
            rate += (here / 2) * a;
            const middle = q + (here / 2) * rate;
            way = here * of(drift, middle);
            q += here * rate;
            time += here * of(clock, middle);
          }
          const closing = opens ? here / 2 : 0;
          const opening = opens ? (passes ? after / 2 : 0) : here / 2;
          const [lap, pull] = [curvature * of(laplacian, q), of(force, q)];
          strengths.push(way, closing * lap, closing * pull, opening * lap, opening * pull);
          ends.push(q, rate, time);
        }
        // The low parts are smaller than the bound: the two halves of a pair are compared as what they stand for, rounded.
        const inPairs = (values: readonly number[]): Float64Array =>
          Float64Array.from(values.flatMap((value) => [value, value - Math.fround(value)]));
        return {
          strengths: Float64Array.from(strengths),
          globals: inPairs(ends),
          begun: Float64Array.from(begun, (count) => count + opens),
          records: inPairs(records ? recorded : recorded.map(() => 0)),
        };
      },
      terms: 16,
      flops: (2 + fields) * realisations * groups,
      bytes: 4 * width * realisations * groups,
    };
  },
};

export const coupledCases = [coupledCase("sites"), coupledCase("march"), global] as const;
