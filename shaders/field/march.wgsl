// Sites in vectors of four along the last axis of a grid, and invocations that march along the first: the vectors of the planes that the
// stencil spans stay in registers, so that a plane is read once for all of them, and an index and a request to memory serve four sites.
// Lengths along the last axis and strides count vectors here; in two dimensions a plane is one line, own.y and sides.y are 1, and the march
// is along z all the same. A kernel says by `blockAt(index)` what the field is at a vector.
// include: field/slab.wgsl

alias Blocks = array<vec4f, FIELDS>;
/// Of one field, what the stencil spans along the first axis: SPAN, which is 2 REACH + 1, planes of which the middle one is looked at.
alias Window = array<vec4f, SPAN>;

/// Where an invocation's vector and its neighbours lie in each plane.
struct Place {
  here: u32,
  left: u32,
  right: u32,
  back: array<u32, REACH>,
  ahead: array<u32, REACH>,
}

fn stepBack(at: u32, side: u32) -> u32 { return select(at, side, at == 0u) - 1u; }
fn stepAhead(at: u32, side: u32) -> u32 { return select(at + 1u, 0u, at + 1u == side); }

/// The first plane of the window of a march that begins at own plane `top`: REACH before it.
fn firstPlane(top: u32, slab: Slab) -> u32 {
  var plane = top + slab.ghosts;
  for (var r = 0u; r < REACH; r++) { // unroll
    plane = stepBack(plane, slab.sides.z);
  }
  return plane;
}

fn placeAt(column: u32, line: u32, slab: Slab) -> Place {
  let side = slab.sides.x;
  let start = line * side;
  var place = Place(start + column, start + stepBack(column, side), start + stepAhead(column, side), array<u32, REACH>(), array<u32, REACH>());
  var back = line;
  var ahead = line;
  for (var j = 0u; j < REACH; j++) { // unroll
    back = stepBack(back, slab.sides.y);
    ahead = stepAhead(ahead, slab.sides.y);
    place.back[j] = back * side + column;
    place.ahead[j] = ahead * side + column;
  }
  return place;
}

/// A vector's neighbours in its plane: those beside it along the last axis, and up to REACH lines before and behind.
struct Around {
  left: vec4f,
  right: vec4f,
  back: array<vec4f, REACH>,
  ahead: array<vec4f, REACH>,
}

fn aroundAt(start: u32, place: Place) -> Around {
  var around: Around;
  around.left = blockAt(start + place.left);
  around.right = blockAt(start + place.right);
  if (DIMENSIONS > 2u) {
    for (var j = 0u; j < REACH; j++) { // unroll
      around.back[j] = blockAt(start + place.back[j]);
      around.ahead[j] = blockAt(start + place.ahead[j]);
    }
  }
  return around;
}

/// dx^2 times the Laplacian of a field at a vector, summed as by scaledLaplacian in grid.wgsl.
fn laplacianOf(window: Window, around: Around) -> vec4f {
  let phi = window[REACH];
  let left = around.left;
  let right = around.right;
  // The sites one, two and three before and behind.
  let back = array<vec4f, 3>(vec4f(left.w, phi.xyz), vec4f(left.zw, phi.xy), vec4f(left.yzw, phi.x));
  let ahead = array<vec4f, 3>(vec4f(phi.yzw, right.x), vec4f(phi.zw, right.xy), vec4f(phi.w, right.xyz));
  var sum: vec4f;
  for (var j = 0u; j < REACH; j++) { // unroll
    var pairs = (back[j] - phi) + (ahead[j] - phi);
    if (DIMENSIONS > 2u) { pairs += (around.back[j] - phi) + (around.ahead[j] - phi); }
    pairs += (window[REACH - 1u - j] - phi) + (window[REACH + 1u + j] - phi);
    if (REACH == 1u) { sum = pairs; } else { sum += WEIGHTS[j] * pairs; }
  }
  return sum;
}

/// The same at the vector `place` of a plane that starts at `start`.
fn blockLaplacian(start: u32, place: Place, window: Window) -> vec4f { return laplacianOf(window, aroundAt(start, place)); }

/// The window with one plane more ahead, and without the last behind.
fn moved(window: Window, ahead: vec4f) -> Window {
  var result: Window;
  for (var s = 1u; s < SPAN; s++) { // unroll
    result[s - 1u] = window[s];
  }
  result[SPAN - 1u] = ahead;
  return result;
}

/// One of a vector's four sites.
fn siteOf(phi: Blocks, v: u32) -> Fields {
  var site: Fields;
  for (var f = 0u; f < FIELDS; f++) { // unroll
    site[f] = phi[f][v];
  }
  return site;
}

fn blockGradient(phi: Blocks, realisation: u32) -> Blocks {
  var slopes: Blocks;
  for (var v = 0u; v < 4u; v++) { // unroll
    let slope = potentialGradient(siteOf(phi, v), realisation);
    for (var f = 0u; f < FIELDS; f++) { // unroll
      slopes[f][v] = slope[f];
    }
  }
  return slopes;
}

fn blockValue(phi: Blocks, realisation: u32) -> vec4f {
  var values: vec4f;
  for (var v = 0u; v < 4u; v++) { // unroll
    values[v] = potentialValue(siteOf(phi, v), realisation);
  }
  return values;
}
