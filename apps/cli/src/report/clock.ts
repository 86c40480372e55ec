/** The time that a field's figures run in: cosmic time, or alpha-time where the study steps in it, in which its oscillations are even. */
import type { FieldDocument } from "../document.ts";

export interface Clock {
  /** An axis's title. */
  readonly title: string;
  /** In sentences. */
  readonly symbol: string;
  /** Of each record. */
  readonly times: readonly number[];
  /** At a cosmic time, linearly between records. */
  of(cosmic: number): number;
}

export function clockOf({ times = [], alphaTimes = [], config }: FieldDocument): Clock {
  const { alpha } = config.time;
  if (alpha === 0) return { title: "cosmic time t", symbol: "t", times, of: (cosmic) => cosmic };
  const title = alpha === 1 ? "conformal time η" : `α-time η, dt = a^${alpha} dη`;
  return {
    title,
    symbol: "η",
    times: alphaTimes,
    of(cosmic) {
      const after = times.findIndex((time) => time >= cosmic);
      if (after < 0) return alphaTimes[alphaTimes.length - 1]!;
      if (after === 0) return alphaTimes[0]!;
      const share = (cosmic - times[after - 1]!) / (times[after]! - times[after - 1]!);
      return alphaTimes[after - 1]! + share * (alphaTimes[after]! - alphaTimes[after - 1]!);
    },
  };
}
