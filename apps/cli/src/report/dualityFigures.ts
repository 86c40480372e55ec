/**
 * The duality's figures: trajectories with their dual, errors of the duals, the cosmological constant, the width's power laws, perturbations,
 * and hyperparameters.
 */
import type { DualityDocument } from "../document.ts";
import { studyDuals } from "./duals.ts";
import { errorFigure } from "./errorFigure.ts";
import type { Figure } from "./figure.ts";
import { hyperparameterFigures } from "./hyperparameterFigures.ts";
import { lambdaFigure } from "./lambdaFigure.ts";
import { perturbationFigure } from "./perturbationFigure.ts";
import { scalingFigures } from "./scalingFigures.ts";
import { trajectoryFigure } from "./trajectoryFigure.ts";

export async function dualityFigures(document: DualityDocument): Promise<Figure[]> {
  const study = await studyDuals(document);
  return [
    ...trajectoryFigure(document, study),
    ...errorFigure(document, study),
    ...lambdaFigure(document),
    ...scalingFigures(document),
    ...perturbationFigure(document),
    ...hyperparameterFigures(document),
  ];
}
