/** Lattice jobs of every shape, that observe and picture all there is. */
import type { Grid, LatticeJob, Reduction } from "@slowroll/core/engine/latticeJob";
import { compilePotential } from "@slowroll/core/potential/compile";
import type { PotentialSpec } from "@slowroll/core/potential/potential";
import { normals } from "@slowroll/core/random/normal";
import { coupledSchedule, momentumPictures } from "./lattices.ts";

export interface Case {
  dimensions: 1 | 2 | 3;
  points: number;
  realisations?: number;
  fields?: string[];
  potential?: PotentialSpec;
  /** Of each realisation's own potential. */
  couplings?: readonly number[];
  operations?: number;
  stencil?: Grid["stencil"];
  coupled?: boolean;
}

export async function jobOf({
  dimensions,
  points,
  realisations = 1,
  fields = ["phi"],
  potential,
  couplings = [2],
  operations = 20,
  stencil = 2,
  coupled = false,
}: Case): Promise<LatticeJob> {
  const count = realisations * fields.length * points ** dimensions;
  const specs = couplings.map(
    (g): PotentialSpec =>
      potential ?? {
        expression: [
          "phi^4/4 - phi^2/2",
          "phi^4/4 + g*phi^2*chi^2",
          // More second derivatives than fields.
          "phi^4/4 + g*phi^2*chi^2 + phi*sigma/2 + sigma^4/4",
        ][fields.length - 1]!,
        parameters: fields.length === 1 ? {} : { g },
      },
  );
  const potentials = await Promise.all(specs.map((spec) => compilePotential(spec, { fields })));
  const reductions: Reduction[] = [
    { kind: "field" },
    { kind: "shape" },
    { kind: "momentum" },
    { kind: "gradient" },
    { kind: "potential" },
  ];
  for (const mode of [
    [1, 0, 0],
    [1, -2, 1],
  ])
    reductions.push({ kind: "cosine", mode: mode.slice(0, dimensions) });
  return {
    grid: { dimensions, points, spacing: 0.7, stencil },
    realisations,
    fields: fields.length,
    potential: potentials.length === 1 ? potentials[0]! : potentials,
    initial: async () => ({
      field: normals(1, 0, 0, count).map((value) => 1 + 0.3 * value),
      momentum: normals(2, 0, 0, count).map((value) => 0.3 * value),
    }),
    schedule: coupled
      ? coupledSchedule(operations, realisations)
      : {
          kind: "prescribed",
          coefficients: Float64Array.from(
            { length: 3 * operations },
            (_, i) => [0.02, 0.019, 0.021][i % 3]! * (1 + i / 100),
          ),
        },
    observeAfter: [0, 1, Math.min(7, operations), operations].filter((o, i, all) => all.indexOf(o) === i),
    reductions,
    snapshots: {
      after: [0, operations],
      pictures: [
        { kind: "spectrum" },
        // Each takes kernels of its own, and of momenta several.
        ...(fields.length > 1 || points === 301 ? momentumPictures({ points }) : []),
        { kind: "histogram", bins: 7, reach: 2 },
        ...(dimensions > 1 ? [{ kind: "slice", index: points - 1 } as const] : []),
      ],
    },
  };
}
