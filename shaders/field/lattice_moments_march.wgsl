// The sums of moments.wgsl for each realisation and field by invocations that march (march.wgsl), for float32 in two and three dimensions
// whose lines are whole vectors of four sites.
// include: field/constants.wgsl
// include: field/march.wgsl
// include: field/moments.wgsl

struct Params {
  slab: Slab,        // in vectors along the last axis
  depth: u32,        // planes that an invocation marches over
  across: vec2u,     // workgroups along the last and the middle axis
  sampledSites: u32, // own sites that every slab has
}
struct Slot {
  record: u32,
}
const LANES = COLUMNS * LINES;
const GATHERERS = 16u;

@group(0) @binding(0) var<storage, read> field: array<vec4f>;           // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read> momentum: array<vec4f>;        // [realisations][FIELDS][stride]
@group(0) @binding(2) var<storage, read> firstField: array<vec4f>;      // that of the slab with the grid's first site
@group(0) @binding(3) var<storage, read_write> moments: array<Moments>; // [records][realisations][FIELDS][groups]
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> constants: Constants;
@group(0) @binding(6) var<uniform> slot: Slot;

fn blockAt(index: u32) -> vec4f { return field[index]; }
fn fieldAt(index: u32) -> f32 { return field[index / 4u][index % 4u]; }
fn firstFieldAt(index: u32) -> f32 { return firstField[index / 4u][index % 4u]; }

@compute @workgroup_size(COLUMNS, LINES)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  _ = &constants; // which the potential reads
  _ = &momentum;  // which not all read
  let f = group.y;
  let slab = params.slab;
  let realisationStart = group.z * FIELDS * slab.stride;
  let start = realisationStart + f * slab.stride;
  let reference = standard(lane, 4u * (start + firstOwn(slab)), params.sampledSites);
  let line = group.x / params.across.x;
  let column = (group.x - line * params.across.x) * COLUMNS + local.x;
  let chunk = line / params.across.y;
  let row = (line - chunk * params.across.y) * LINES + local.y;
  let top = chunk * params.depth;
  var sums: array<vec4f, PARTS>;
  // Of slabs that are thinner than others the last march may be past their end.
  if (column < slab.own.x && row < slab.own.y && top < slab.own.z) {
    let place = placeAt(column, row, slab);
    let plane = planeOf(slab);
    let planes = min(params.depth, slab.own.z - top);
    var next = firstPlane(top, slab);
    var window: Window;
    for (var taken = 1u; taken < planes + SPAN; taken++) {
      window = moved(window, field[start + next * plane + place.here]);
      next = stepAhead(next, slab.sides.z);
      if (taken < SPAN) { continue; }
      let z = (slab.ghosts + top + taken - SPAN) * plane;
      let above = window[REACH] - reference.x;
      let x = above * reference.y;
      let square = x * x;
      sums[0] += x;
      sums[1] += square;
      sums[2] += square * x;
      sums[3] += square * square;
      if (MOMENTA) {
        let pi = momentum[start + z + place.here];
        sums[4] += pi;
        sums[5] += pi * pi;
      }
      sums[6] -= above * blockLaplacian(start + z, place, window);
      if (f == 0u) {
        var all: Blocks;
        for (var g = 0u; g < FIELDS; g++) { // unroll
          all[g] = field[realisationStart + g * slab.stride + z + place.here];
        }
        sums[7] += blockValue(all, group.z);
      }
    }
  }
  var own: array<f32, PARTS>;
  for (var n = 0u; n < PARTS; n++) { // unroll
    own[n] = (sums[n].x + sums[n].y) + (sums[n].z + sums[n].w);
  }
  own = gathered(lane, own);
  if (lane == 0u) {
    let place = ((slot.record * groups.z + group.z) * FIELDS + f) * groups.x + group.x;
    moments[place] = Moments(reference.x, reference.y, own);
  }
}
