// Sums of |n|^DIMENSIONS |phi_n|^2 over the modes n of a bin, or of omega_n (WEIGHTING 1) or 1/omega_n (2) in place of |n|^DIMENSIONS, modes
// whose omega^2 is not above 0 left out. The bin of n is round(|n|): bin b holds |n|^2 from b^2 - b + 1 to b^2 + b, and so a
// stretch of each row, found in whole numbers. An invocation owns a bin and sums it in the order of the rows: no atomics, the same bits
// every time. Modes with 0 < n < POINTS/2 along the last axis count twice, for their conjugates. The host adds the partial sums in float64.

struct Params {
  rows: u32,
  rowsPerGroup: u32,
  width: u32,         // rows with the same index along the first axis
  first: u32,         // the first of their indices along the middle axis
  skipped: u32,       // where the fields begin among all
}
const LANES = 64u;
const MODES = POINTS / 2u + 1u;

@group(0) @binding(0) var<storage, read> modes: array<vec2f>;        // [fields][rows][MODES]
@group(0) @binding(1) var<storage, read_write> partials: array<f32>; // [fields][groups][BINS]
@group(0) @binding(2) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> waveSquares: array<f32>;    // [MODES]: what an index along an axis adds to omega^2, of 0 nothing
@group(0) @binding(4) var<storage, read> massSquared: array<f32>;    // [all fields]: the rest of omega^2

/// The whole part of the square root; the float one may be off by one.
fn root(square: u32) -> u32 {
  var found = u32(sqrt(f32(square)));
  if (found * found > square) { found--; }
  if ((found + 1u) * (found + 1u) <= square) { found++; }
  return found;
}

/// The square of the wave number at an index.
fn waveSquare(index: u32) -> u32 {
  let n = min(index, POINTS - index);
  return n * n;
}

fn waveOf(index: u32) -> f32 { return waveSquares[min(index, POINTS - index)]; }

/// Of a mode of this |n|^2, `rest` being its omega^2 but for what `n` along the last axis adds.
fn weight(square: u32, rest: f32, n: u32) -> f32 {
  if (WEIGHTING != 0u) {
    let omegaSquared = rest + waveSquares[n];
    if (omegaSquared <= 0.0) { return 0.0; }
    let omega = sqrt(omegaSquared);
    return select(omega, 1.0 / omega, WEIGHTING == 2u);
  }
  let q = f32(square);
  if (DIMENSIONS == 1u) { return sqrt(q); }
  if (DIMENSIONS == 2u) { return q; }
  return q * sqrt(q);
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let end = min(params.rows, (group.x + 1u) * params.rowsPerGroup);
  for (var bin = lane; bin < BINS; bin += LANES) {
    let low = bin * bin - bin + 1u;
    let high = bin * bin + bin;
    var sum = 0.0;
    for (var row = group.x * params.rowsPerGroup; row < end; row++) {
      let across = waveSquare(params.first + row % params.width) + waveSquare(row / params.width);
      if (across > high) { continue; }
      let first = select(0u, root(low - across - 1u) + 1u, low > across);
      let last = min(root(high - across), MODES - 1u);
      let start = (group.y * params.rows + row) * MODES;
      var rest = 0.0;
      if (WEIGHTING != 0u) {
        rest = massSquared[params.skipped + group.y] + waveOf(params.first + row % params.width) + waveOf(row / params.width);
      }
      for (var n = first; n <= last; n++) {
        let z = modes[start + n];
        let times = select(2.0, 1.0, n == 0u || 2u * n == POINTS);
        sum += times * weight(across + n * n, rest, n) * dot(z, z);
      }
    }
    partials[(group.y * groups.x + group.x) * BINS + bin] = sum;
  }
}
