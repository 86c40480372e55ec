// Two operations of a lattice schedule in one sweep, each as lattice_step.wgsl makes it: field and momentum are read and written once for
// both, 8 bytes a site, field and operation instead of 16 (compensated: 16 instead of 32). A workgroup marches along the first axis over a
// tile of the other two. At each plane it makes the first operation on the tile and on the margin that the stencil reads, keeping of the
// field between the operations the planes that the stencil spans, and then the second on the plane REACH behind. Its neighbours still need
// the old momentum in their margins, so that both arrays alternate. Three dimensions, without ghosts.
// include: field/constants.wgsl
// include: field/grid.wgsl

struct Params {
  slab: Slab,
  depth: u32,   // planes that a workgroup marches over
  chunks: u32,  // workgroups along the first axis of a realisation
  opaqueZero: u32,
}
struct Operation {
  laplacian: Number, // with 1/dx^2 in it
  force: Number,
  drift: Number,
}
const LANES = COLUMNS * LINES;
const ACROSS = COLUMNS + 2u * REACH;
const LAYER = ACROSS * (LINES + 2u * REACH);
// One more than the stencil spans: a barrier a plane is then enough.
const LAYERS = 2u * REACH + 2u;

@group(0) @binding(0) var<storage, read> field: array<Number>;              // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read> momentum: array<Number>;           // [realisations][FIELDS][stride]
@group(0) @binding(2) var<storage, read_write> fieldNext: array<Number>;    // [realisations][FIELDS][stride]
@group(0) @binding(3) var<storage, read_write> momentumNext: array<Number>; // [realisations][FIELDS][stride]
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> constants: Constants;
@group(0) @binding(6) var<uniform> operation: Operation;
@group(0) @binding(7) var<uniform> second: Operation;

var<workgroup> between: array<Number, FIELDS * LAYERS * LAYER>; // [LAYERS][FIELDS][LAYER]

fn fieldAt(index: u32) -> Number { return field[index]; }

fn layerOf(plane: u32, f: u32) -> u32 { return ((plane % LAYERS) * FIELDS + f) * LAYER; }

/// A cell of the margin around the tile: rows before and behind it, then what is left of the columns.
fn marginCell(index: u32) -> vec2u {
  let rows = 2u * REACH * ACROSS;
  if (index < rows) {
    let y = index / ACROSS;
    return vec2u(index - y * ACROSS, select(y + LINES, y, y < REACH));
  }
  let y = (index - rows) / (2u * REACH);
  let x = (index - rows) % (2u * REACH);
  return vec2u(select(x + COLUMNS, x, x < REACH), y + REACH);
}

/// Makes the first operation at a cell of the tile's layer `plane`, whose site lies at `at`, and returns the momenta.
fn advance(realisation: u32, at: vec3u, cell: vec2u, plane: u32) -> Fields {
  let slab = params.slab;
  let first = realisation * FIELDS * slab.stride;
  let site = siteAt(at, slab);
  var phi: Fields;
  for (var f = 0u; f < FIELDS; f++) { // unroll
    phi[f] = field[first + f * slab.stride + site.index];
  }
  let slope = potentialGradient(phi, realisation);
  var momenta: Fields;
  for (var f = 0u; f < FIELDS; f++) { // unroll
    let start = first + f * slab.stride;
    let laplacian = scaledLaplacian(start, site, phi[f], slab);
    let kick = minus(times(operation.laplacian, laplacian), times(operation.force, slope[f]));
    let pi = kept(plus(momentum[start + site.index], kick));
    momenta[f] = pi;
    between[layerOf(plane, f) + cell.y * ACROSS + cell.x] = kept(plus(phi[f], times(operation.drift, pi)));
  }
  return momenta;
}

/// dx^2 times the Laplacian of the field between the operations at a cell of layer `plane`, summed as by scaledLaplacian.
fn laplacianBetween(plane: u32, f: u32, cell: u32, phi: Number) -> Number {
  let here = layerOf(plane, f) + cell;
  var sum: Number;
  for (var j = 0u; j < REACH; j++) { // unroll
    let k = j + 1u;
    var pairs = plus(minus(between[here - k], phi), minus(between[here + k], phi));
    pairs = plus(pairs, plus(minus(between[here - k * ACROSS], phi), minus(between[here + k * ACROSS], phi)));
    pairs = plus(
      pairs,
      plus(minus(between[layerOf(plane - k, f) + cell], phi), minus(between[layerOf(plane + k, f) + cell], phi)),
    );
    if (REACH == 1u) { sum = pairs; } else { sum = plus(sum, times(WEIGHTS[j], pairs)); }
  }
  return sum;
}

@compute @workgroup_size(COLUMNS, LINES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) group: vec3u) {
  _ = &constants; // which the potential reads
  let slab = params.slab;
  let points = slab.own.x;
  let realisation = group.z / params.chunks;
  let first = realisation * FIELDS * slab.stride;
  let top = (group.z - realisation * params.chunks) * params.depth;
  let planes = min(params.depth, points - top);
  // The grid is periodic, and so are tiles that reach beyond it; `points` may be smaller than REACH.
  let corner = group.xy * vec2u(COLUMNS, LINES) + REACH * (points - 1u);
  let own = local.xy + REACH;
  let cell = own.y * ACROSS + own.x;
  let at = group.xy * vec2u(COLUMNS, LINES) + local.xy;
  var held: array<Fields, REACH + 1u>; // the own site's momenta in the last planes
  for (var plane = 0u; plane < planes + 2u * REACH; plane++) {
    let z = (top + REACH * (points - 1u) + plane) % points;
    for (var r = 0u; r < REACH; r++) { // unroll
      held[r] = held[r + 1u];
    }
    held[REACH] = advance(realisation, vec3u((corner + own) % points, z), own, plane);
    for (var index = lane; index < LAYER - LANES; index += LANES) {
      let margin = marginCell(index);
      _ = advance(realisation, vec3u((corner + margin) % points, z), margin, plane);
    }
    workgroupBarrier();
    if (plane >= 2u * REACH && all(at < vec2u(points))) {
      let middle = plane - REACH;
      var phi: Fields;
      for (var f = 0u; f < FIELDS; f++) { // unroll
        phi[f] = between[layerOf(middle, f) + cell];
      }
      let slope = potentialGradient(phi, realisation);
      let index = siteAt(vec3u(at, top + middle - REACH), slab).index;
      for (var f = 0u; f < FIELDS; f++) { // unroll
        let laplacian = laplacianBetween(middle, f, cell, phi[f]);
        let kick = minus(times(second.laplacian, laplacian), times(second.force, slope[f]));
        let pi = kept(plus(held[0][f], kick));
        momentumNext[first + f * slab.stride + index] = pi;
        fieldNext[first + f * slab.stride + index] = kept(plus(phi[f], times(second.drift, pi)));
      }
    }
  }
}
