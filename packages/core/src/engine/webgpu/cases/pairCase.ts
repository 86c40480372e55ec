/** The cases of two operations in one sweep, in both forms, with their reference as two sweeps in plain float64 loops. */
import { latticePair } from "../field/latticeKernels.ts";
import { pairForms } from "../field/latticePairForms.ts";
import { wholeLayout } from "../field/latticeSlabs.ts";
import type { KernelCase } from "./case.ts";
import { arrays, type Form, MARCH_CHECKS, reading, type Shape, slopes, TIMED } from "./fieldShapes.ts";

const OPERATIONS = [
  { laplacian: 0.25, force: 0.125, drift: 0.0625 },
  { laplacian: 0.125, force: 0.25, drift: 0.25 },
] as const;

/** Sides shorter than the stencil and than a tile, several tiles and several stretches of planes. */
const CHECKS: Record<Form, readonly Shape[]> = {
  sites: [
    { dimensions: 3, points: 1, realisations: 2 },
    { dimensions: 3, points: 2, realisations: 1, stencil: 6 },
    { dimensions: 3, points: 13, realisations: 2, fields: 2 },
    { dimensions: 3, points: 7, realisations: 3, fields: 2, own: true },
    { dimensions: 3, points: 9, realisations: 2, stencil: 6 },
    { dimensions: 3, points: 35, realisations: 2, stencil: 4 },
  ],
  march: [
    ...MARCH_CHECKS.filter(({ fields = 1, stencil = 2 }) => fields * stencil < 8),
    // A whole line in a tile, and lines in several of which the last goes round.
    { dimensions: 3, points: 64, realisations: 1 },
    { dimensions: 3, points: 76, realisations: 1, stencil: 6 },
    { dimensions: 2, points: 1028, realisations: 1, stencil: 4 },
  ],
};

/** What adapters have at least on which the engine runs: a software adapter, and a hardware one. */
const LIMITS = {
  software: { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 32_768 },
  hardware: { maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupStorageSize: 49_152 },
} as const;

const pairCase = (form: Form): KernelCase<Shape> => ({
  declaration: latticePair[form],
  checks: CHECKS[form],
  timed: TIMED,
  build(shape, draw) {
    const { dimensions, points, realisations } = shape;
    const { sites, count, fields, field, momentum, factors, constants, ...drawn } = arrays(shape, draw);
    const grid = { stencil: 2, spacing: 1, ...shape } as const;
    const limits = LIMITS[points > 128 ? "hardware" : "software"];
    const { specialisation, slabs } = pairForms[form](
      { limits },
      { grid, realisations, fields },
      wholeLayout(grid),
      drawn.specialisation,
    )!;
    const [{ params, workgroups }] = slabs as [(typeof slabs)[0]];
    return {
      specialisation,
      buffers: { field, momentum, fieldNext: new Float32Array(count), momentumNext: new Float32Array(count) },
      uniforms: {
        params: { ...params, ...(form === "sites" ? { opaqueZero: 0 } : {}) },
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
});

export const pairCases = [pairCase("sites"), pairCase("march")] as const;
