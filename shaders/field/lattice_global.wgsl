// q, q' and the clock of each realisation of a coupled schedule (see CoupledSchedule in engine.ts) where an operation ends and the next
// begins. One workgroup adds a realisation's partial sums, gives q' the closing half of the one and the opening half of the other, then moves
// q and the clock over the next operation and writes the strengths that its sweep will need. Where the state is wanted in between, only the
// closing half is done, with strengths for a sweep that drifts nothing and opens; a dispatch that neither closes nor opens changes nothing
// and records. The powers of q come as generated functions of the engine; q, q' and the clock are sums of two float32, their increments one.
// include: field/opaque.wgsl
// include: special/twofold.wgsl

struct Params {
  sites: f32,       // all of a realisation's
  groups: u32,      // partial sums of a realisation
  curvature: f32,   // 1/dx^2
  opaqueZero: u32,
}
struct Turn {
  closes: u32,      // 1 where an operation ends here
  opens: u32,       // 1 where the next begins
  passes: u32,      // 1 where the one after it will begin without a stop
}
struct Slot {
  record: u32,
}
struct Global {
  q: vec2f,
  rate: vec2f,
  clock: vec2f,
}
struct Strengths {
  drift: Number,
  closingLaplacian: Number,
  closingForce: Number,
  openingLaplacian: Number,
  openingForce: Number,
}
struct Sums {
  momentumSquare: Number,
  gradient: Number,
  potential: Number,
}
const LANES = 256u;

@group(0) @binding(0) var<storage, read> sums: array<Sums>;                 // [realisations][groups]
@group(0) @binding(1) var<storage, read> durations: array<f32>;             // [operations and two more, of 0]
@group(0) @binding(2) var<storage, read_write> begun: array<u32>;           // [realisations]: operations begun
@group(0) @binding(3) var<storage, read_write> globals: array<Global>;      // [realisations]
@group(0) @binding(4) var<storage, read_write> strengths: array<Strengths>; // [realisations]
@group(0) @binding(5) var<storage, read_write> records: array<Global>;      // [records][realisations]
@group(0) @binding(6) var<uniform> params: Params;
@group(0) @binding(7) var<uniform> turn: Turn;
@group(0) @binding(8) var<uniform> slot: Slot;

var<workgroup> momentumSquares: array<vec2f, LANES>;
var<workgroup> gradients: array<vec2f, LANES>;
var<workgroup> potentials: array<vec2f, LANES>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let realisation = group.x;
  var momentumSquare: vec2f;
  var gradient: vec2f;
  var potential: vec2f;
  for (var place = lane; place < params.groups; place += LANES) {
    let part = sums[realisation * params.groups + place];
    momentumSquare = added(momentumSquare, leading(part.momentumSquare));
    gradient = added(gradient, leading(part.gradient));
    potential = added(potential, leading(part.potential));
  }
  momentumSquares[lane] = momentumSquare;
  gradients[lane] = gradient;
  potentials[lane] = potential;
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) {
      let other = lane + width;
      momentumSquares[lane] = added(added(momentumSquares[lane], momentumSquares[other].x), momentumSquares[other].y);
      gradients[lane] = added(added(gradients[lane], gradients[other].x), gradients[other].y);
      potentials[lane] = added(added(potentials[lane], potentials[other].x), potentials[other].y);
    }
  }
  if (lane > 0u) { return; }

  var global = globals[realisation];
  var operation = begun[realisation];
  if (turn.closes + turn.opens == 0u) { records[slot.record * groups.x + realisation] = global; }
  let acceleration =
    (momentumSquareFactor(global.q.x) * momentumSquares[0].x +
      gradientFactor(global.q.x) * (params.curvature * gradients[0].x) +
      potentialFactor(global.q.x) * potentials[0].x) /
    params.sites;
  if (turn.closes == 1u) { global.rate = increased(global.rate, 0.5 * durations[operation - 1u] * acceleration); }
  var drift = 0.0;
  var closing = 0.0;
  var opening = 0.5 * durations[operation];
  if (turn.opens == 1u) {
    global.rate = increased(global.rate, opening * acceleration);
    let duration = durations[operation];
    let way = duration * global.rate.x;
    let middle = global.q.x + (global.q.y + 0.5 * way);
    drift = duration * driftFactor(middle);
    global.q = increased(global.q, way);
    global.clock = increased(global.clock, duration * clockFactor(middle));
    operation += 1u;
    closing = opening;
    opening = select(0.0, 0.5 * durations[operation], turn.passes == 1u);
  }
  let laplacian = params.curvature * laplacianFactor(global.q.x);
  let force = forceFactor(global.q.x);
  strengths[realisation] = Strengths(
    exactly(drift),
    exactly(closing * laplacian),
    exactly(closing * force),
    exactly(opening * laplacian),
    exactly(opening * force),
  );
  globals[realisation] = global;
  begun[realisation] = operation;
}
