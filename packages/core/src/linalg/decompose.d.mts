import type { Eigen } from "./eigen.ts";

export function decompose(symmetric: Float64Array, size: number): Eigen;
