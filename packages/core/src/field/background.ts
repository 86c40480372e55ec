/**
 * Prescribed expanding backgrounds in alpha-time, dt = a^alpha d eta (physics.md section 2), in closed form or from a table: a new one is
 * one entry that states a(eta), t(eta) and H(eta) with a(0) = 1.
 */
import type { BackgroundSpec, PrescribedSpec } from "./study.ts";
import { readTable, tableBackground } from "./table.ts";

export interface Background {
  /** a. */
  scaleFactor(eta: number): number;
  /** Cosmic time t. */
  time(eta: number): number;
  /** H = (da/dt)/a. */
  hubble(eta: number): number;
  /** The alpha-time that is never reached: infinite cosmic time, or the table's last, lies before it. */
  readonly end: number;
}

/** p of a = (1 + H t/p)^p; undefined where the background is no power law. */
export function exponentOf(spec: BackgroundSpec): number | undefined {
  if (spec.kind === "powerLaw") return spec.exponent;
  return spec.kind === "fluid" && spec.omega !== -1 ? 2 / (3 * (1 + spec.omega)) : undefined;
}

type ClosedForm = Exclude<PrescribedSpec, { kind: "table" }>;
type Builders = {
  [K in ClosedForm["kind"]]: (spec: Extract<ClosedForm, { kind: K }>, alpha: number) => Background;
};

const builders: Builders = {
  static: () => ({ scaleFactor: () => 1, time: (eta) => eta, hubble: () => 0, end: Number.POSITIVE_INFINITY }),

  // da/d eta = H a^(1 + alpha), so a^(-alpha) = 1 - alpha H eta.
  deSitter: ({ hubble }, alpha) => {
    const efolds = (eta: number): number => (alpha === 0 ? hubble * eta : -Math.log1p(-alpha * hubble * eta) / alpha);
    return {
      scaleFactor: (eta) => Math.exp(efolds(eta)),
      time: (eta) => efolds(eta) / hubble,
      hubble: () => hubble,
      end: alpha > 0 ? 1 / (alpha * hubble) : Number.POSITIVE_INFINITY,
    };
  },

  // a = u^p with u = 1 + h t/p; eta = integral of u^(-alpha p) dt, so u^q = 1 + q h eta/p with q = 1 - alpha p.
  powerLaw: ({ exponent: p, hubble: h }, alpha) => {
    const q = 1 - alpha * p;
    const logU = (eta: number): number => (Math.abs(q) < 1e-12 ? (h * eta) / p : Math.log1p((q * h * eta) / p) / q);
    return {
      scaleFactor: (eta) => Math.exp(p * logU(eta)),
      time: (eta) => (p / h) * Math.expm1(logU(eta)),
      hubble: (eta) => h * Math.exp(-logU(eta)),
      end: q < -1e-12 ? -p / (q * h) : Number.POSITIVE_INFINITY,
    };
  },

  // rho goes as a^(-3 (1 + omega)), and H^2 with it.
  fluid: (spec, alpha) => {
    const { hubble } = spec;
    const exponent = exponentOf(spec);
    return exponent === undefined
      ? builders.deSitter({ kind: "deSitter", hubble }, alpha)
      : builders.powerLaw({ kind: "powerLaw", exponent, hubble }, alpha);
  },
};

/** A background in closed form, in the alpha-time of `alpha`. */
export function createBackground(spec: ClosedForm, alpha: number): Background {
  return (builders[spec.kind] as (spec: ClosedForm, alpha: number) => Background)(spec, alpha);
}

/** A background in the alpha-time of `alpha`. Throws InputError (background.file) where the table cannot be read or used. */
export async function loadBackground(spec: PrescribedSpec, alpha: number): Promise<Background> {
  return spec.kind === "table"
    ? tableBackground(await readTable(spec.file, "background.file"), alpha)
    : createBackground(spec, alpha);
}
