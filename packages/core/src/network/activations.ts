/**
 * The registry of activations: a new one is one entry. An entry is plain data and pure functions: float64 value and derivative for
 * references and theory, and the WGSL that gives both at once (they share an exponential).
 */
export interface Activation {
  readonly name: string;
  /** act(z), float64. */
  value(z: number): number;
  /** act'(z), float64. */
  derivative(z: number): number;
  /**
   * WGSL of `fn activation(z: vec4f) -> ActivationPair`, with `struct ActivationPair { value: vec4f, slope: vec4f }` declared by the
   * kernel; may start with `// include: special/erf.wgsl` lines.
   */
  readonly wgsl: string;
  /**
   * E[act(u) act(v)] and E[act'(u) act'(v)] for (u, v) Gaussian with covariance [[suu, suv], [suv, svv]], where a closed form exists;
   * without it theory integrates numerically.
   */
  readonly gaussianMoments?: (suu: number, suv: number, svv: number) => { value: number; slope: number };
}
