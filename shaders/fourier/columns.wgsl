// Fourier transforms in place along an axis that is not the last: the numbers of a line lie `stride` apart, and `stride` lines side by
// side, so that a workgroup reads LINES neighbours at once.
// include: fourier/stages.wgsl

struct Params {
  stride: u32,
  lines: u32,
}

@group(0) @binding(0) var<storage, read> twiddles: array<vec2f>;    // [POINTS]: exp(-2 pi i t/POINTS)
@group(0) @binding(1) var<storage, read_write> modes: array<vec2f>; // [lines/stride][POINTS][stride]
@group(0) @binding(2) var<uniform> params: Params;

/// Where number n of a line stands.
fn modeAt(line: u32, n: u32) -> u32 {
  let outer = line / params.stride;
  return line + (outer * (POINTS - 1u) + n) * params.stride;
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let firstLine = (group.y * groups.x + group.x) * LINES;
  for (var i = lane; i < HALF; i += LANES) {
    let at = item(i, POINTS);
    if (firstLine + at.x < params.lines) { held[place(at.x, at.y)] = modes[modeAt(firstLine + at.x, at.y)]; }
  }
  transform(lane);
  for (var i = lane; i < HALF; i += LANES) {
    let at = item(i, POINTS);
    if (firstLine + at.x < params.lines) { modes[modeAt(firstLine + at.x, at.y)] = held[RESULT + place(at.x, at.y)]; }
  }
}
