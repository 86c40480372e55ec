/** What the Fourier transforms of every engine are made of: the stages of a length, and the roots of unity. */

/** Radices in the order of their stages. */
export function radices(points: number): number[] {
  const found: number[] = [];
  let rest = points;
  let twos = 0;
  for (; rest % 2 === 0; rest /= 2) twos++;
  // As few stages of powers of two as radices up to 8 allow, and none of 2 where two of 4 do.
  for (; twos > 4 || twos === 3; twos -= 3) found.push(8);
  for (; twos >= 2; twos -= 2) found.push(4);
  if (twos === 1) found.push(2);
  for (let prime = 3; rest > 1; prime += 2) {
    if (prime * prime > rest) prime = rest;
    for (; rest % prime === 0; rest /= prime) found.push(prime);
  }
  return found;
}

/** cos and sin of 2 pi numerator/denominator to the last bit or so: the angle is reduced to an eighth of a turn first, exactly. */
export function turn(numerator: number, denominator: number): readonly [cosine: number, sine: number] {
  const eighths = 8 * (numerator % denominator);
  const octant = Math.floor(eighths / denominator);
  const rest = eighths - octant * denominator;
  const odd = octant % 2 === 1;
  const angle = (Math.PI / 4) * ((odd ? denominator - rest : rest) / denominator);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  // The angle, or what it lacks to the next multiple of a quarter turn.
  const quarter = Math.floor(octant / 2) + (odd ? 1 : 0);
  const sine = odd ? -s : s;
  if (quarter % 4 === 0) return [c, sine];
  if (quarter % 4 === 1) return [-sine, c];
  if (quarter % 4 === 2) return [-c, -sine];
  return [sine, -c];
}
