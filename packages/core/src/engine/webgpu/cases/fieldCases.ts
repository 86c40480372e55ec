/** Cases of the lattice's kernels, with their references in plain float64 loops. */

import { latticeGhosts, latticeStep, withoutPotential } from "../field/latticeKernels.ts";
import { layoutOf, type Slab, slabUniform } from "../field/latticeSlabs.ts";
import type { UniformValues } from "../kernel.ts";
import type { BuiltCase, Data, KernelCase } from "./case.ts";
import {
  arrays,
  CHECKS,
  type Form,
  MARCH_CHECKS,
  marching,
  type Shape,
  SLAB_CHECKS,
  slopes,
  TIMED,
} from "./fieldShapes.ts";
import { pairCases } from "./pairCase.ts";
import { reductionCases } from "./reductionCases.ts";

const stepCase = (form: Form): KernelCase<Shape> => ({
  declaration: latticeStep[form],
  checks: form === "march" ? MARCH_CHECKS : CHECKS,
  timed: TIMED,
  build(shape, draw) {
    const { dimensions, points, realisations } = shape;
    const { sites, count, fields, field, momentum, laplacian, at, specialisation, slab, constants } = arrays(
      shape,
      draw,
    );
    const operation = { laplacian: 0.25, force: 0.125, drift: 0.0625 };
    const sweep = (): Pick<BuiltCase, "specialisation" | "workgroups"> & { params: UniformValues } => {
      if (form === "march") {
        const { march, workgroups, params } = marching(shape, specialisation);
        const [x, y, chunks] = workgroups;
        const marches = realisations * chunks;
        // Two turns of all workgroups where there are so many marches.
        const z = Math.ceil(marches / 2);
        return { specialisation: march, params: { ...params, marches }, workgroups: () => [x, y, z] };
      }
      const planes = dimensions === 3 ? realisations * points : realisations;
      return {
        specialisation,
        params: { slab, planes, opaqueZero: 0 },
        workgroups: ({ workgroup }) => [
          Math.ceil(points / workgroup[0]),
          dimensions === 1 ? 1 : Math.ceil(points / workgroup[1]),
          planes,
        ],
      };
    };
    const { params, ...own } = sweep();
    return {
      ...own,
      buffers: { field, momentum, fieldNext: new Float32Array(count) },
      uniforms: { params, constants, operation },
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
});

const ghosts: KernelCase<Shape> = {
  declaration: latticeGhosts,
  checks: SLAB_CHECKS,
  timed: TIMED,
  build(shape, draw) {
    const { dimensions, points, fields = 1, stencil = 2 } = shape;
    const grid = { dimensions, points, stencil, spacing: 1 };
    const plane = points ** (dimensions - 1);
    // Room for three slabs, of which the middle one is renewed.
    const room = 4 * fields * plane * (Math.ceil(points / 3) + stencil);
    const layout = layoutOf({ maxStorageBufferBindingSize: room, maxBufferSize: room }, { grid, fields }, 4);
    const [first, middle] = layout.slabs as [Slab, Slab];
    const [before, behind, renewed] = [0, 1, 2].map(() => draw(fields * layout.stride)) as [Data, Data, Data];
    const count = layout.ghosts * plane;
    return {
      specialisation: withoutPotential(arrays({ ...shape, points: 1 }, draw).specialisation, fields),
      buffers: { before, behind, renewed },
      uniforms: { params: { slab: slabUniform(grid, layout, middle), planesBefore: first.planes, opaqueZero: 0 } },
      workgroups: ({ workgroup }) => [Math.ceil(count / workgroup[0]), fields, 1],
      reference: () => {
        const result = Float64Array.from(renewed);
        for (let f = 0; f < fields; f++) {
          const start = f * layout.stride;
          const last = start + first.planes * plane;
          result.set(before.subarray(last, last + count), start);
          result.set(behind.subarray(start + count, start + 2 * count), start + count + middle.planes * plane);
        }
        return { renewed: result };
      },
      terms: 0,
      flops: 0,
      bytes: 16 * fields * count,
    };
  },
};

export const fieldCases: readonly KernelCase<Shape>[] = [
  stepCase("sites"),
  stepCase("march"),
  ...pairCases,
  ...reductionCases,
  ghosts,
];
