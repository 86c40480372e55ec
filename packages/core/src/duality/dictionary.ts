/**
 * The dictionary of the duality (Krippendorf and Spannowsky, arXiv:2202.11104; physics.md section 3): learning rate eta and momentum beta
 * in terms of a universe. In canonical time s = t delta, delta = sqrt(2 eta/(1 + beta)), the heavy ball reads
 * phi_ss + 3H phi_s + Theta V'(phi) = 0.
 */
export interface Dictionary {
  /** 3H. */
  readonly friction: number;
  readonly hubble: number;
  /** The cosmological constant, 3 H^2. */
  readonly lambda: number;
  /** Lambda eta: 2/3 for plain gradient descent, whatever the learning rate. */
  readonly lambdaEta: number;
  /** delta: canonical time per step. */
  readonly timeUnit: number;
}

export function dictionary(learningRate: number, momentum: number): Dictionary {
  const friction = (1 - momentum) * Math.sqrt(2 / (learningRate * (1 + momentum)));
  const lambda = friction ** 2 / 3;
  return {
    friction,
    hubble: friction / 3,
    lambda,
    lambdaEta: lambda * learningRate,
    timeUnit: Math.sqrt((2 * learningRate) / (1 + momentum)),
  };
}

/** A and B of A phi'' + B phi' + Theta V'(phi) = 0 in step time. */
export function stepEquation(learningRate: number, momentum: number): { readonly a: number; readonly b: number } {
  return { a: (1 + momentum) / (2 * learningRate), b: (1 - momentum) / learningRate };
}
