// Sites of a periodic grid, last index fastest, and the second-order Laplacian: sum over axes of (phi(x+dx) - 2 phi(x) + phi(x-dx)) / dx^2,
// taken as differences to the site itself, which are exact in float32 for neighbours close to each other.

struct Site {
  index: u32,
  back: vec3u,     // the neighbours' indices along each axis, last axis first
  ahead: vec3u,
}

/// The site at `x` (last index), `y`, `z` (first index of three) of a grid with `points` on each side.
fn siteAt(x: u32, y: u32, z: u32, points: u32) -> Site {
  let plane = points * points;
  let row = y * points + select(0u, z * plane, DIMENSIONS == 3u);
  let index = row + x;
  let last = points - 1u;
  let column = x + select(0u, z * plane, DIMENSIONS == 3u);
  let pile = x + y * points;
  return Site(
    index,
    vec3u(row + select(x - 1u, last, x == 0u), column + select(y - 1u, last, y == 0u) * points, pile + select(z - 1u, last, z == 0u) * plane),
    vec3u(row + select(x + 1u, 0u, x == last), column + select(y + 1u, 0u, y == last) * points, pile + select(z + 1u, 0u, z == last) * plane),
  );
}

/// dx^2 times the Laplacian of the field that starts at `first`.
fn scaledLaplacian(first: u32, site: Site, phi: f32) -> f32 {
  var sum = (field[first + site.back.x] - phi) + (field[first + site.ahead.x] - phi);
  if (DIMENSIONS > 1u) { sum += (field[first + site.back.y] - phi) + (field[first + site.ahead.y] - phi); }
  if (DIMENSIONS > 2u) { sum += (field[first + site.back.z] - phi) + (field[first + site.ahead.z] - phi); }
  return sum;
}
