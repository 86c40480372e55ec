// lattice_pair.wgsl for float32 whose lines are whole vectors of four sites: two operations in one sweep and the same numbers, by workgroups
// that march with vectors along the first axis. Each invocation makes the first operation at a vector of the tile or of the margin around it
// that the stencil reads, MARGIN vectors beside it and EDGE lines before and behind, and keeps in registers what the stencil spans along the march of the field before it and of the field between the
// operations; of the latter the neighbours in the plane come from workgroup memory. A tile as long as the lines has no margin along them.
// include: field/constants.wgsl
// include: field/march.wgsl

struct Params {
  slab: Slab,   // in vectors along the last axis
  depth: u32,   // planes that a workgroup marches over
  chunks: u32,  // workgroups along the first axis of a realisation
}
struct Operation {
  laplacian: Number, // with 1/dx^2 in it
  force: Number,
  drift: Number,
}
const ACROSS = COLUMNS + 2u * MARGIN;
const DOWN = LINES + 2u * EDGE;
const LAYER = ACROSS * DOWN;

@group(0) @binding(0) var<storage, read> field: array<vec4f>;              // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read> momentum: array<vec4f>;           // [realisations][FIELDS][stride]
@group(0) @binding(2) var<storage, read_write> fieldNext: array<vec4f>;    // [realisations][FIELDS][stride]
@group(0) @binding(3) var<storage, read_write> momentumNext: array<vec4f>; // [realisations][FIELDS][stride]
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> constants: Constants;
@group(0) @binding(6) var<uniform> operation: Operation;
@group(0) @binding(7) var<uniform> second: Operation;

/// The field between the operations in two planes, so that a barrier a plane is enough.
var<workgroup> between: array<vec4f, 2u * FIELDS * LAYER>; // [2][FIELDS][LAYER]

fn blockAt(index: u32) -> vec4f { return field[index]; }

/// The neighbours of a cell of the tile in a layer of `between`.
fn aroundBetween(layer: u32, cell: vec2u) -> Around {
  let line = layer + cell.y * ACROSS;
  let here = line + cell.x;
  var around: Around;
  around.left = between[select(here, line + ACROSS, MARGIN == 0u && cell.x == 0u) - 1u];
  around.right = between[select(here + 1u, line, MARGIN == 0u && cell.x + 1u == ACROSS)];
  if (DIMENSIONS > 2u) {
    for (var j = 0u; j < REACH; j++) { // unroll
      around.back[j] = between[here - (j + 1u) * ACROSS];
      around.ahead[j] = between[here + (j + 1u) * ACROSS];
    }
  }
  return around;
}

@compute @workgroup_size(ACROSS, DOWN)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) group: vec3u) {
  _ = &constants; // which the potential reads
  let slab = params.slab;
  let cell = local.xy;
  // The grid is periodic, and so are tiles that reach beyond it.
  let corner = group.xy * vec2u(COLUMNS, LINES);
  let around = (corner + cell + slab.own.xy - vec2u(MARGIN, EDGE)) % slab.own.xy;
  let place = placeAt(around.x, around.y, slab);
  let inner = cell - vec2u(MARGIN, EDGE); // wraps, and is too large then, before the tile
  let isInner = all(inner < vec2u(COLUMNS, LINES)) && all(corner + inner < slab.own.xy);
  let plane = planeOf(slab);
  let realisation = group.z / params.chunks;
  let first = realisation * FIELDS * slab.stride;
  let top = (group.z - realisation * params.chunks) * params.depth;
  let planes = min(params.depth, slab.own.z - top);
  // The plane of the next second operation, that of the next first one, and that which is read next: each REACH ahead of the one before.
  var done = top + slab.ghosts;
  var z = (done + slab.sides.z - REACH) % slab.sides.z;
  var next = (done + 2u * (slab.sides.z - REACH)) % slab.sides.z;
  var windows: array<Window, FIELDS>;
  var advanced: array<Window, FIELDS>;
  var held: array<Blocks, REACH + 1u>; // momenta between the operations in the last planes
  // What the next plane's operations begin with is asked for a plane ahead: few invocations are there to wait for it.
  var coming: Blocks;
  var momenta: Blocks;
  for (var f = 0u; f < FIELDS; f++) { // unroll
    let own = first + f * slab.stride + place.here;
    coming[f] = field[own + next * plane];
    momenta[f] = momentum[own + z * plane];
  }
  for (var taken = 1u; taken < planes + 2u * SPAN - 1u; taken++) {
    var phi: Blocks;
    next = stepAhead(next, slab.sides.z);
    for (var f = 0u; f < FIELDS; f++) { // unroll
      windows[f] = moved(windows[f], coming[f]);
      coming[f] = field[first + f * slab.stride + next * plane + place.here];
      phi[f] = windows[f][REACH];
    }
    if (taken < SPAN) { continue; }
    for (var r = 0u; r < REACH; r++) { // unroll
      held[r] = held[r + 1u];
    }
    let slope = blockGradient(phi, realisation);
    for (var f = 0u; f < FIELDS; f++) { // unroll
      let start = first + f * slab.stride;
      let laplacian = blockLaplacian(start + z * plane, place, windows[f]);
      let pi = momenta[f] + (operation.laplacian * laplacian - operation.force * slope[f]);
      momenta[f] = momentum[start + stepAhead(z, slab.sides.z) * plane + place.here];
      held[REACH][f] = pi;
      advanced[f] = moved(advanced[f], phi[f] + operation.drift * pi);
    }
    z = stepAhead(z, slab.sides.z);
    if (taken < 2u * SPAN - 1u) { continue; }
    let layer = (taken % 2u) * FIELDS * LAYER;
    var middle: Blocks;
    for (var f = 0u; f < FIELDS; f++) { // unroll
      middle[f] = advanced[f][REACH];
      between[layer + f * LAYER + cell.y * ACROSS + cell.x] = middle[f];
    }
    workgroupBarrier();
    if (isInner) {
      let nextSlope = blockGradient(middle, realisation);
      for (var f = 0u; f < FIELDS; f++) { // unroll
        let at = first + f * slab.stride + done * plane + place.here;
        let laplacian = laplacianOf(advanced[f], aroundBetween(layer + f * LAYER, cell));
        let pi = held[0][f] + (second.laplacian * laplacian - second.force * nextSlope[f]);
        momentumNext[at] = pi;
        fieldNext[at] = middle[f] + second.drift * pi;
      }
    }
    done++;
  }
}
