// Numbers of sites by value, for each realisation and field: bin floor((phi - low) perWidth), what lies beyond the range counting in
// its ends. Counts are integers, so that their order does not matter; each workgroup counts in its own memory first.
// include: field/slab.wgsl

struct Params {
  slab: Slab,
  sitesPerGroup: u32,
  opaqueZero: u32,
}
struct Range {
  low: Number,
  perWidth: f32,   // bins over the range's width; 0 where it has none, which puts all into the first bin
}
const LANES = 64u;

@group(0) @binding(0) var<storage, read> field: array<Number>;             // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read> ranges: array<Range>;             // [realisations][FIELDS]
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>; // [realisations][FIELDS][BINS], 0 before
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> own: array<atomic<u32>, BINS>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let place = group.z * FIELDS + group.y;
  let range = ranges[place];
  let start = place * params.slab.stride + firstOwn(params.slab);
  let end = min(ownSites(params.slab), (group.x + 1u) * params.sitesPerGroup);
  for (var index = group.x * params.sitesPerGroup + lane; index < end; index += LANES) {
    let bin = floor(leading(minus(field[start + index], range.low)) * range.perWidth);
    atomicAdd(&own[u32(clamp(bin, 0.0, f32(BINS - 1u)))], 1u);
  }
  workgroupBarrier();
  for (var bin = lane; bin < BINS; bin += LANES) {
    let count = atomicLoad(&own[bin]);
    if (count > 0u) { atomicAdd(&counts[place * BINS + bin], count); }
  }
}
