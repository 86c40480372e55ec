/** Cases of the kernels that train networks, with their references in plain float64 loops over the layouts of ensemblePlan.ts. */
import { normals } from "../../../random/normal.ts";
import { keyOfSeed } from "../../../random/philox.ts";
import * as kernels from "../network/ensembleKernels.ts";
import type { KernelCase } from "./case.ts";
import { denseCases } from "./denseCases.ts";
import { empiricalCases } from "./empiricalCases.ts";
import { firstCases } from "./firstCases.ts";
import { MANY_DATA, PARTS, type Shape, sizes } from "./networkShapes.ts";
import { outputCases } from "./outputCases.ts";

const initialise: KernelCase<Shape> = {
  declaration: kernels.initialise,
  checks: [...MANY_DATA, ...PARTS],
  timed: {
    hardware: { networks: 1, width: 4096, below: 4096, data: 1 },
    software: { networks: 1, width: 512, below: 512, data: 1 },
  },
  build(given) {
    const s = sizes(given);
    const seed = 2 ** 33 + 5;
    const elements = s.allBelow * s.width;
    const quads = Math.ceil(elements / 4);
    const networkSize = s.fanIn * s.stride;
    const layer = 2;
    const firstNetwork = 7;
    return {
      buffers: { weights: new Float32Array(s.networks * networkSize) },
      uniforms: {
        params: {
          seed: keyOfSeed(seed),
          layer,
          firstNetwork,
          fanIn: s.allBelow,
          units: s.width,
          quads,
          firstInput: s.firstBelow,
          inputs: s.below,
          firstRow: 0,
          stride: s.stride,
          networkSize,
        },
      },
      workgroups: (kernel) => [Math.ceil(quads / kernel.workgroup[0]), 1, s.networks],
      reference: () => {
        const weights = new Float64Array(s.networks * networkSize);
        for (let m = 0; m < s.networks; m++) {
          const values = normals(seed, firstNetwork + m, layer, elements);
          for (let e = 0; e < elements; e++) {
            const row = (e % s.allBelow) - s.firstBelow;
            if (row < 0 || row >= s.below) continue;
            weights[m * networkSize + row * s.stride + Math.floor(e / s.allBelow)] = values[e]!;
          }
        }
        return { weights };
      },
      terms: 1,
      flops: 0,
      bytes: 4 * s.networks * elements,
    };
  },
};

/** Every network kernel's case but the resident trainer's, which is checked and timed as a whole job. */
export const networkCases: readonly KernelCase<Shape>[] = [
  initialise,
  ...firstCases,
  ...denseCases,
  ...outputCases,
  ...empiricalCases,
];
