/**
 * The even part of gelu, z (Phi(z) - 1/2), at two Gaussian variables that are close. With the angles t of `shiftedAngles`, p = 1 + suu and
 * r = 1 + svv, E[even(u) even(v)] = (sqrt(p r) g(t) - (1/p + 1/r) sqrt(p r) sin t + 1/(sqrt(p r) sin t))/(2 pi), g(t) = cos t (pi/2 - t) + sin t.
 */
import { segment, shiftedAngles } from "./angles.ts";

const g = (t: number): number => Math.cos(t) * (Math.PI / 2 - t) + Math.sin(t);

/** g(t - h) - g(t + h). */
const fall = (t: number, h: number): number =>
  2 * Math.sin(t) * Math.sin(h) * (Math.PI / 2 - t) - 2 * Math.cos(t) * segment(h);

/** E[(even(u) - even(v))^2] from E[(u - v)^2]: of each of the three terms those of (u, u) and (v, v) less twice that of (u, v). */
export function evenGeluDifference(suu: number, svv: number, meanSquare: number): number {
  const { mean, spread, excess, ratio } = shiftedAngles(suu, svv, meanSquare);
  const norm = Math.sqrt(1 + suu) * Math.sqrt(1 + svv);
  const [sine, sinSpread, sinAngle] = [mean, spread, mean + excess].map(Math.sin) as [number, number, number];
  const tilt = Math.sinh(ratio);
  // cosh(ratio) - 1 and 1 - cos(spread).
  const bend = 2 * Math.sinh(ratio / 2) ** 2;
  const flat = 2 * Math.sin(spread / 2) ** 2;
  // sin(mean) - sin t of (u, v).
  const sines = -2 * Math.cos(mean + excess / 2) * Math.sin(excess / 2);
  const curved =
    2 * (spread * sinSpread * sine - flat * g(mean) + fall(mean + excess / 2, excess / 2)) +
    bend * (g(mean + spread) + g(mean - spread)) -
    tilt * fall(mean, spread);
  const straight = 4 * (flat * sine + bend * sinAngle - sines);
  const inverse =
    (sinSpread ** 2 - sine * sines - flat * sine * sinAngle) / sinAngle +
    bend * sine * (1 - flat) +
    tilt * Math.cos(mean) * sinSpread;
  const ends = Math.sin(mean + spread) * Math.sin(mean - spread);
  return (norm * curved + straight + (2 * inverse) / norm / ends) / (2 * Math.PI);
}
