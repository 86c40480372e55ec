// Mini-batches: the force on the data of a step's subset is multiplied by D / (their number), that on all others is 0. One workgroup takes
// one network, and counts its steps.

struct Params {
  outputs: u32,
  chunks: u32,
  words: u32,      // of a step's subset
  weight: f32,     // D / (data of a subset)
}

@group(0) @binding(0) var<storage, read> subsets: array<u32>;         // [steps][words]: bit a & 31 of word a >> 5 is datum a's
@group(0) @binding(1) var<storage, read_write> force: array<vec4f>;   // [networks][outputs][chunks]
@group(0) @binding(2) var<storage, read_write> steps: array<u32>;     // [networks]: steps done
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let network = group.z;
  let step = steps[network];
  let columns = params.outputs * params.chunks;
  for (var column = lane; column < columns; column += 64u) {
    let chunk = column % params.chunks;
    let word = subsets[step * params.words + (chunk >> 3u)];
    let pushes = (vec4u(word >> (4u * (chunk & 7u))) >> vec4u(0u, 1u, 2u, 3u)) & vec4u(1u);
    let place = network * columns + column;
    force[place] = select(vec4f(0.0), params.weight * force[place], pushes == vec4u(1u));
  }
  storageBarrier();
  if (lane == 0u) { steps[network] = step + 1u; }
}
