/** What tests of sweeps share: the points of a config, and a config of small lattices. */
import { parseConfig, sweepPoints } from "@slowroll/core/config/parse";

export const points = async (text: string) => sweepPoints(await parseConfig("field", text));

export const TIME = "time: { step: 0.1, end: 1 }";
export const LATTICE = `
precision: float64
background: { kind: selfConsistent, planckMass: 2 }
field: { fields: [phi, chi], potential: { expression: "phi^2/2 + q*phi^2*chi^2", parameters: { q: 3 } }, mean: [1, 0] }
lattice: { dimensions: 2, points: 8, length: 3 }
fluctuations: { kind: gaussian, spectrum: "1e-4", seed: 2, realisations: 2 }
time: { step: 0.02, end: 0.2 }
observe: { spectraEvery: 5 }
`;
