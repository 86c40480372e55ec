/** The order that a scheme shows. */

/** Slope of log error against log step. */
export function measuredOrder(steps: number[], errors: number[]): number {
  return Math.log(errors[0]! / errors[errors.length - 1]!) / Math.log(steps[0]! / steps[steps.length - 1]!);
}
