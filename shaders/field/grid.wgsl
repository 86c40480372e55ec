// The central Laplacian of order 2 REACH on a periodic grid: dx^2 Laplacian phi = sum over axes and j = 1 .. REACH of
// WEIGHTS[j - 1] (phi(x + j) + phi(x - j) - 2 phi(x)), taken as differences to the site itself, which are exact for neighbours close to
// each other. A kernel says by `fieldAt` what the field is at an index.
// include: field/slab.wgsl

/// dx^2 times the Laplacian at an own site of the field that starts at `first`; a side may be shorter than the stencil, which then goes
/// round it. Along an axis with ghosts an own site's neighbours are all there, and nothing goes round.
fn scaledLaplacian(first: u32, site: Site, phi: Number, slab: Slab) -> Number {
  let start = site.base + first;
  let steps = stepsOf(slab);
  let last = slab.sides - 1u;
  var ahead = site.at;
  var back = site.at;
  var sum: Number;
  for (var j = 0u; j < REACH; j++) { // unroll
    ahead = select(ahead + 1u, vec3u(0u), ahead == last);
    back = select(back - 1u, last, back == vec3u(0u));
    let up = start + ahead * steps;
    let down = start + back * steps;
    var pairs = plus(minus(fieldAt(down.x), phi), minus(fieldAt(up.x), phi));
    if (DIMENSIONS > 1u) { pairs = plus(pairs, plus(minus(fieldAt(down.y), phi), minus(fieldAt(up.y), phi))); }
    if (DIMENSIONS > 2u) { pairs = plus(pairs, plus(minus(fieldAt(down.z), phi), minus(fieldAt(up.z), phi))); }
    if (REACH == 1u) { sum = pairs; } else { sum = plus(sum, times(WEIGHTS[j], pairs)); }
  }
  return sum;
}
