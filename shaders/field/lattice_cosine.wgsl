// Sums of (phi - r) cos(k.x) over the sites, k = 2 pi mode/length, for each realisation and field; r, the field at the first site, takes the
// large mean away. The cosine is looked up: k.x is a whole multiple of 2 pi/points, so a table of `points` values holds every one of them.
// include: field/slab.wgsl

struct Params {
  mode: vec3u,        // along the last, middle and first axis, each reduced to 0 .. points - 1
  points: u32,
  slab: Slab,
  shift: vec3u,       // along each axis, from the grid's first site to the slab's
  sitesPerGroup: u32,
  opaqueZero: u32,
}
struct Slot {
  record: u32,
}
const LANES = 64u;

@group(0) @binding(0) var<storage, read> field: array<Number>;       // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read> firstField: array<Number>;  // that of the slab with the grid's first site
@group(0) @binding(2) var<storage, read> cosines: array<Number>;     // [points]: cos(2 pi n/points)
@group(0) @binding(3) var<storage, read_write> sums: array<Number>;  // [records][realisations][FIELDS][groups]
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> slot: Slot;

var<workgroup> shares: array<Number, LANES>;

/// mode place modulo `points`, along each axis. The product of two numbers below 2^16 fits a u32; along a line there may be up to 2^22 points,
/// and place is taken in digits of ten bits, the highest first.
fn turned(mode: vec3u, place: vec3u, points: u32) -> vec3u {
  if (points <= 65536u) { return mode * place % points; }
  var phases = mode * (place >> vec3u(20u)) % points;
  phases = (phases * 1024u % points + mode * ((place >> vec3u(10u)) & vec3u(1023u)) % points) % points;
  return (phases * 1024u % points + mode * (place & vec3u(1023u)) % points) % points;
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let points = params.points;
  let slab = params.slab;
  let start = (group.z * FIELDS + group.y) * slab.stride + firstOwn(slab);
  let reference = firstField[start];
  let end = min(ownSites(slab), (group.x + 1u) * params.sitesPerGroup);
  var sum: Number;
  for (var index = group.x * params.sitesPerGroup + lane; index < end; index += LANES) {
    let phases = turned(params.mode, placeOf(index, slab) + params.shift, points);
    sum = plus(sum, times(minus(field[start + index], reference), cosines[(phases.x + phases.y + phases.z) % points]));
  }
  shares[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    for (var other = 1u; other < LANES; other++) { sum = plus(sum, shares[other]); }
    sums[((slot.record * groups.z + group.z) * FIELDS + group.y) * groups.x + group.x] = sum;
  }
}
