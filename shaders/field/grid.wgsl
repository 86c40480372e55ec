// Sites of a periodic grid, last index fastest, and the central Laplacian of order 2 REACH: dx^2 Laplacian phi = sum over axes and
// j = 1 .. REACH of WEIGHTS[j - 1] (phi(x + j) + phi(x - j) - 2 phi(x)), taken as differences to the site itself, which are exact for
// neighbours close to each other. A kernel says by `fieldAt` what the field is at an index.

struct Site {
  at: vec3u,      // along the last, middle and first axis
  base: vec3u,    // the index less what each axis adds to it
  index: u32,
}

/// The site at `x` (last index), `y`, `z` (first index of three; 0 for axes that are not there) of a grid with `points` on each side.
fn siteAt(x: u32, y: u32, z: u32, points: u32) -> Site {
  let parts = vec3u(x, y * points, z * points * points);
  let index = parts.x + parts.y + parts.z;
  return Site(vec3u(x, y, z), vec3u(index) - parts, index);
}

/// The site of an index.
fn siteOf(index: u32, points: u32) -> Site {
  let line = index / points;
  let z = line / points;
  return siteAt(index - line * points, select(line - z * points, line, DIMENSIONS < 3u), select(0u, z, DIMENSIONS == 3u), points);
}

/// dx^2 times the Laplacian of the field that starts at `first`; a side may be shorter than the stencil, which then goes round it.
fn scaledLaplacian(first: u32, site: Site, phi: Number, points: u32) -> Number {
  let start = site.base + first;
  let strides = vec3u(1u, points, points * points);
  let last = vec3u(points - 1u);
  var ahead = site.at;
  var back = site.at;
  var sum: Number;
  for (var j = 0u; j < REACH; j++) { // unroll
    ahead = select(ahead + 1u, vec3u(0u), ahead == last);
    back = select(back - 1u, last, back == vec3u(0u));
    let up = start + ahead * strides;
    let down = start + back * strides;
    var pairs = plus(minus(fieldAt(down.x), phi), minus(fieldAt(up.x), phi));
    if (DIMENSIONS > 1u) { pairs = plus(pairs, plus(minus(fieldAt(down.y), phi), minus(fieldAt(up.y), phi))); }
    if (DIMENSIONS > 2u) { pairs = plus(pairs, plus(minus(fieldAt(down.z), phi), minus(fieldAt(up.z), phi))); }
    if (REACH == 1u) { sum = pairs; } else { sum = plus(sum, times(WEIGHTS[j], pairs)); }
  }
  return sum;
}
