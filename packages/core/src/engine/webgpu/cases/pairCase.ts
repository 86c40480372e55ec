/** The case of two operations in one sweep, with their reference as two sweeps in plain float64 loops. */
import { latticePair } from "../latticeKernels.ts";
import { pairSharing, pairSpecialisation } from "../latticePairs.ts";
import type { KernelCase } from "./case.ts";
import { arrays, reading, type Shape, slopes, TIMED } from "./fieldShapes.ts";

const OPERATIONS = [
  { laplacian: 0.25, force: 0.125, drift: 0.0625 },
  { laplacian: 0.125, force: 0.25, drift: 0.25 },
] as const;

export const pairCase: KernelCase<Shape> = {
  declaration: latticePair,
  // Sides shorter than the stencil and than a tile, several tiles and several stretches of planes.
  checks: [
    { dimensions: 3, points: 1, realisations: 2 },
    { dimensions: 3, points: 2, realisations: 1, stencil: 6 },
    { dimensions: 3, points: 13, realisations: 2, fields: 2 },
    { dimensions: 3, points: 7, realisations: 3, fields: 2, own: true },
    { dimensions: 3, points: 9, realisations: 2, stencil: 6 },
    { dimensions: 3, points: 35, realisations: 2, stencil: 4 },
  ],
  timed: TIMED,
  build(shape, draw) {
    const { dimensions, points, realisations } = shape;
    const { sites, count, fields, field, momentum, factors, specialisation, slab, constants } = arrays(shape, draw);
    const { shares, workgroups } = pairSharing(points, realisations);
    return {
      specialisation: pairSpecialisation(specialisation),
      buffers: { field, momentum, fieldNext: new Float32Array(count), momentumNext: new Float32Array(count) },
      uniforms: {
        params: { slab, ...shares, opaqueZero: 0 },
        constants,
        operation: OPERATIONS[0],
        second: OPERATIONS[1],
      },
      workgroups: () => workgroups,
      reference: () => {
        let phi = Float64Array.from(field);
        const pi = Float64Array.from(momentum);
        for (const { laplacian: tension, force, drift } of OPERATIONS) {
          const { laplacian, at } = reading(shape, factors, phi);
          const next = new Float64Array(count);
          for (let i = 0; i < count; i++) {
            const f = Math.floor(i / sites) % fields;
            const slope = slopes(...at(Math.floor(i / sites / fields), i % sites))[f]!;
            pi[i]! += tension * laplacian(i - (i % sites), i % sites) - force * slope;
            next[i] = phi[i]! + drift * pi[i]!;
          }
          phi = next;
        }
        return { fieldNext: phi, momentumNext: pi };
      },
      terms: 2 * (2 * dimensions + 4),
      flops: 2 * count * (4 * dimensions + 8),
      bytes: 16 * count,
    };
  },
};
