// q, q' and the clock of each realisation of a coupled schedule (see CoupledSchedule in latticeJob.ts) where an operation ends and the next
// begins. One workgroup, of LANES invocations, a power of two, adds a realisation's partial sums, gives q' the closing half of the one and
// the opening half of the other, then moves q and the clock over the next operation and writes the strengths that its sweep will need. Where
// the state is wanted in between, only the closing half is done, with strengths for a sweep that drifts nothing and opens; a dispatch that
// neither closes nor opens changes nothing. What belongs to the time between closing and opening is recorded, if it is asked for. The powers
// of q come as generated functions of the engine. q, q' and the clock are sums of two float32 whatever the numbers are that their increments
// and the strengths are made of.
// include: field/coupled.wgsl
// include: field/opaque.wgsl
// include: special/twofold.wgsl

struct Params {
  sites: Number,     // all of a realisation's
  curvature: Number, // 1/dx^2
  groups: u32,       // partial sums of a realisation
  opaqueZero: u32,
}
struct Turn {
  closes: u32,      // 1 where an operation ends here
  opens: u32,       // 1 where the next begins
  passes: u32,      // 1 where the one after it will begin without a stop
}
struct Slot {
  record: u32,      // NOWHERE where nothing is recorded
}
struct Global {
  q: vec2f,
  rate: vec2f,
  clock: vec2f,
}

const NOWHERE = 0xffffffffu;
/// Pairs of a record: those of Global, and then the means of pi and of pi^2 of each field.
const RECORDED = 3u + 2u * FIELDS;

@group(0) @binding(0) var<storage, read> sums: array<Number>;               // [realisations][groups][SUMS]
@group(0) @binding(1) var<storage, read> durations: array<Number>;          // [operations and two more, of 0]
@group(0) @binding(2) var<storage, read_write> begun: array<u32>;           // [realisations]: operations begun
@group(0) @binding(3) var<storage, read_write> globals: array<Global>;      // [realisations]
@group(0) @binding(4) var<storage, read_write> strengths: array<Strengths>; // [realisations]
@group(0) @binding(5) var<storage, read_write> records: array<vec2f>;       // [records][realisations][RECORDED]
@group(0) @binding(6) var<uniform> params: Params;
@group(0) @binding(7) var<uniform> turn: Turn;
@group(0) @binding(8) var<uniform> slot: Slot;

alias Totals = array<vec2f, 3>;
var<workgroup> shares: array<Totals, LANES>;

fn summed(a: vec2f, b: Number) -> vec2f {
  let sum = twoSum(a.x, leading(b));
  return twoSum(sum.x, sum.y + (a.y + trailing(b)));
}

fn moved(a: vec2f, by: Number) -> vec2f { return shortened(summed(a, by)); }

/// The sums of all invocations, whole in the first.
fn totals(lane: u32, own: Totals) -> Totals {
  shares[lane] = own;
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) {
      let other = lane + width;
      for (var n = 0u; n < 3u; n++) { // unroll
        shares[lane][n] = added(added(shares[lane][n], shares[other][n].x), shares[other][n].y);
      }
    }
  }
  return shares[lane];
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let realisation = group.x;
  let first = realisation * params.groups;
  let record = (slot.record * groups.x + realisation) * RECORDED;
  if (slot.record != NOWHERE) {
    for (var f = 0u; f < FIELDS; f++) {
      // Zeros written out: without them some compilers leave what the turn before has left.
      var own = Totals();
      for (var place = lane; place < params.groups; place += LANES) {
        let at = (first + place) * SUMS + FIRST_MOMENTUM + 2u * f;
        own[0] = summed(own[0], sums[at]);
        own[1] = summed(own[1], sums[at + 1u]);
      }
      own = totals(lane, own);
      if (lane == 0u) {
        records[record + 3u + 2u * f] = own[0];
        records[record + 4u + 2u * f] = own[1];
      }
      workgroupBarrier();
    }
  }
  var own: Totals; // of pi^2 over all fields, of the gradients and of V
  for (var place = lane; place < params.groups; place += LANES) {
    let at = (first + place) * SUMS;
    for (var f = 0u; f < FIELDS; f++) {
      own[0] = summed(own[0], sums[at + FIRST_MOMENTUM + 2u * f + 1u]);
    }
    own[1] = summed(own[1], sums[at]);
    own[2] = summed(own[2], sums[at + 1u]);
  }
  own = totals(lane, own);
  if (lane > 0u) { return; }

  var global = globals[realisation];
  var operation = begun[realisation];
  let start = rounded(global.q);
  let kinetic = times(momentumSquareFactor(start), rounded(own[0]));
  let bent = times(gradientFactor(start), times(params.curvature, rounded(own[1])));
  let stored = times(potentialFactor(start), rounded(own[2]));
  let acceleration = over(plus(plus(kinetic, bent), stored), params.sites);
  if (turn.closes == 1u) { global.rate = moved(global.rate, times(0.5 * durations[operation - 1u], acceleration)); }
  if (slot.record != NOWHERE) {
    records[record] = global.q;
    records[record + 1u] = global.rate;
    records[record + 2u] = global.clock;
  }
  var drift = exactly(0.0);
  var closing = exactly(0.0);
  var opening = 0.5 * durations[operation];
  if (turn.opens == 1u) {
    global.rate = moved(global.rate, times(opening, acceleration));
    let duration = durations[operation];
    let way = times(duration, rounded(global.rate));
    let middle = plus(start, 0.5 * way);
    drift = times(duration, driftFactor(middle));
    global.q = moved(global.q, way);
    global.clock = moved(global.clock, times(duration, clockFactor(middle)));
    operation += 1u;
    closing = opening;
    opening = select(exactly(0.0), 0.5 * durations[operation], turn.passes == 1u);
  }
  let end = rounded(global.q);
  let laplacian = times(params.curvature, laplacianFactor(end));
  let force = forceFactor(end);
  strengths[realisation] =
    Strengths(drift, times(closing, laplacian), times(closing, force), times(opening, laplacian), times(opening, force));
  globals[realisation] = global;
  begun[realisation] = operation;
}
