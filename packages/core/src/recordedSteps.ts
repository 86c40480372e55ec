/** Steps 0, every, 2 every, ... and the last: those that runs of networks and of fields record. */
export function recordedSteps(steps: number, every: number): number[] {
  const records = Array.from({ length: Math.floor(steps / every) + 1 }, (_, r) => r * every);
  if (records[records.length - 1] !== steps) records.push(steps);
  return records;
}

/** Steps 0 .. count - 1. */
export const firstSteps = (count: number): number[] => Array.from({ length: count }, (_, t) => t);
