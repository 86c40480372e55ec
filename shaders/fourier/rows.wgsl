// Fourier transforms of real fields along their last axis, in which rows are contiguous: modes 0 .. POINTS/2 of each row, the others
// being their conjugates. Two rows a and b of a field are one complex line a + i b, whose transform z holds both: that of a is
// (z_k + z*_(-k))/2, that of b (z_k - z*_(-k))/(2i). The field at the first site is taken away first, so that a small fluctuation on a
// large mean keeps its digits; no mode but n = 0 knows. MIXED 1: of a mixture of field and momentum in place of the field; 2: of one of all
// FIELDS fields of a realisation and their momenta, which costs reading them for each, where a pass of its own would write them too.
// include: fourier/stages.wgsl

struct Params {
  skipped: u32, // where the transformed ones begin among all fields
  fields: u32,  // how many are transformed
  rows: u32,    // of each field
  stride: u32,  // from one field to the next
  first: u32,   // where the rows of a field begin
  opaqueZero: u32,
}

@group(0) @binding(0) var<storage, read> field: array<Number>;      // [all fields][stride], among them [rows][POINTS]
@group(0) @binding(1) var<storage, read> firstField: array<Number>; // likewise, of the slab with the grid's first site
@group(0) @binding(2) var<storage, read> twiddles: array<vec2f>;    // [POINTS]: exp(-2 pi i t/POINTS)
@group(0) @binding(3) var<storage, read_write> modes: array<vec2f>; // [fields][rows][MODES]
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read> momentum: array<Number>;      // as field and firstField
@group(0) @binding(6) var<storage, read> firstMomentum: array<Number>;
@group(0) @binding(7) var<storage, read> mixture: array<vec2f>;        // [all fields], MIXED 2 [all fields][FIELDS]: what field and momentum are multiplied with

const MODES = POINTS / 2u + 1u;

fn fluctuation(site: u32, start: u32) -> f32 { return leading(minus(field[site], firstField[start])); }

/// That of field and momentum there with their factors.
fn scaled(factors: vec2f, site: u32, start: u32) -> f32 {
  return factors.x * fluctuation(site, start) + factors.y * leading(minus(momentum[site], firstMomentum[start]));
}

/// What is transformed of field `f` of all at `site`, of whose slab the first site, or the grid's, is `start`.
fn mixed(f: u32, site: u32, start: u32) -> f32 {
  if (MIXED == 0u) { return fluctuation(site, start); }
  if (MIXED == 1u) { return scaled(mixture[f], site, start); }
  let before = (f % FIELDS) * params.stride; // the realisation's fields before
  var sum = 0.0;
  for (var g = 0u; g < FIELDS; g++) {
    let further = g * params.stride;
    sum += scaled(mixture[f * FIELDS + g], site - before + further, start - before + further);
  }
  return sum;
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pairs = (params.rows + 1u) / 2u;
  let firstPair = (group.y * groups.x + group.x) * LINES;
  for (var i = lane; i < HALF; i += LANES) {
    let at = item(i, POINTS);
    let f = (firstPair + at.x) / pairs;
    let row = 2u * ((firstPair + at.x) % pairs);
    var z = vec2f();
    if (f < params.fields) {
      let start = (params.skipped + f) * params.stride + params.first;
      let first = start + row * POINTS + at.y;
      z.x = mixed(params.skipped + f, first, start);
      if (row + 1u < params.rows) { z.y = mixed(params.skipped + f, first + POINTS, start); }
    }
    held[place(at.x, at.y)] = z;
  }
  transform(lane);
  for (var i = lane; i < LINES * MODES; i += LANES) {
    let at = item(i, MODES);
    let f = (firstPair + at.x) / pairs;
    let row = 2u * ((firstPair + at.x) % pairs);
    if (f < params.fields) {
      let z = held[RESULT + place(at.x, at.y)];
      let back = held[RESULT + place(at.x, (POINTS - at.y) % POINTS)];
      let to = (f * params.rows + row) * MODES + at.y;
      modes[to] = 0.5 * vec2f(z.x + back.x, z.y - back.y);
      if (row + 1u < params.rows) { modes[to + MODES] = 0.5 * vec2f(z.y + back.y, back.x - z.x); }
    }
  }
}
