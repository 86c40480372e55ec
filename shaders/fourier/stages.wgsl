// Fourier transforms of LINES lines of POINTS = r_1 r_2 ... complex numbers in workgroup memory: a Stockham stage for each factor r,
//   y[q + b (r p + k)] = w^(b p k) sum_j w^(j k POINTS/r) x[q + b (p + a j)],   w = exp(-2 pi i/POINTS), POINTS = b r a, q < b, p < a,
// which sorts as it goes (Van Loan, Computational Frameworks for the Fast Fourier Transform, 1.7). 2, 3, 4, 5 and 8 have butterflies,
// other primes are summed as they stand. A kernel fills the first half of `held`, calls `transform`, and reads from RESULT on. It binds
// `twiddles`, [POINTS]: w^t.

struct Stage {
  radix: u32,
  before: u32,  // b, the product of the radices done
  after: u32,   // a, of those to come
}
const HALF = LINES * POINTS;
const RESULT = (STAGES % 2u) * HALF;
const LANES = 256u;

/// Two halves that the stages go to and fro between.
var<workgroup> held: array<vec2f, 2u * LINES * POINTS>;

fn place(line: u32, n: u32) -> u32 { return line * LINE_STEP + n * POINT_STEP; }

/// Line and number within it of the i-th of LINES * count items, those that lie side by side in memory first.
fn item(i: u32, count: u32) -> vec2u {
  if (POINT_STEP == 1u) { return vec2u(i / count, i % count); }
  return vec2u(i % LINES, i / LINES);
}

fn product(z: vec2f, w: vec2f) -> vec2f { return vec2f(z.x * w.x - z.y * w.y, z.x * w.y + z.y * w.x); }
fn quarterBack(z: vec2f) -> vec2f { return vec2f(z.y, -z.x); }

/// Where a butterfly reads (`source` and every `across` on), where it writes (`sink` and every `along` on), and its b p.
struct Butterfly {
  source: u32,
  across: u32,
  sink: u32,
  along: u32,
  turn: u32,
}

fn taken(it: Butterfly, j: u32) -> vec2f { return held[it.source + it.across * j]; }
fn put(it: Butterfly, k: u32, z: vec2f) { held[it.sink + it.along * k] = product(z, twiddles[it.turn * k]); }

fn two(it: Butterfly) {
  let a = taken(it, 0u);
  let b = taken(it, 1u);
  put(it, 0u, a + b);
  put(it, 1u, a - b);
}

fn three(it: Butterfly) {
  let a = taken(it, 0u);
  let b = taken(it, 1u);
  let c = taken(it, 2u);
  let sum = b + c;
  let middle = a - 0.5 * sum;
  let side = quarterBack(0.8660254037844386 * (b - c));
  put(it, 0u, a + sum);
  put(it, 1u, middle + side);
  put(it, 2u, middle - side);
}

fn quartet(a: vec2f, b: vec2f, c: vec2f, d: vec2f) -> mat4x2f {
  let even = a + c;
  let odd = b + d;
  let difference = a - c;
  let side = quarterBack(b - d);
  return mat4x2f(even + odd, difference + side, even - odd, difference - side);
}

fn four(it: Butterfly) {
  let z = quartet(taken(it, 0u), taken(it, 1u), taken(it, 2u), taken(it, 3u));
  put(it, 0u, z[0]);
  put(it, 1u, z[1]);
  put(it, 2u, z[2]);
  put(it, 3u, z[3]);
}

fn five(it: Butterfly) {
  let cosines = vec2f(0.30901699437494745, -0.8090169943749475);
  let sines = vec2f(0.9510565162951535, 0.5877852522924731);
  let a = taken(it, 0u);
  let b = taken(it, 1u);
  let c = taken(it, 2u);
  let d = taken(it, 3u);
  let e = taken(it, 4u);
  let outer = b + e;
  let inner = c + d;
  let first = a + cosines.x * outer + cosines.y * inner;
  let second = a + cosines.y * outer + cosines.x * inner;
  let firstSide = quarterBack(sines.x * (b - e) + sines.y * (c - d));
  let secondSide = quarterBack(sines.y * (b - e) - sines.x * (c - d));
  put(it, 0u, a + outer + inner);
  put(it, 1u, first + firstSide);
  put(it, 2u, second + secondSide);
  put(it, 3u, second - secondSide);
  put(it, 4u, first - firstSide);
}

fn eight(it: Butterfly) {
  let half = 0.7071067811865476;
  let even = quartet(taken(it, 0u), taken(it, 2u), taken(it, 4u), taken(it, 6u));
  let odd = quartet(taken(it, 1u), taken(it, 3u), taken(it, 5u), taken(it, 7u));
  let first = half * (odd[1] + quarterBack(odd[1]));
  let second = quarterBack(odd[2]);
  let third = half * (quarterBack(odd[3]) - odd[3]);
  put(it, 0u, even[0] + odd[0]);
  put(it, 1u, even[1] + first);
  put(it, 2u, even[2] + second);
  put(it, 3u, even[3] + third);
  put(it, 4u, even[0] - odd[0]);
  put(it, 5u, even[1] - first);
  put(it, 6u, even[2] - second);
  put(it, 7u, even[3] - third);
}

/// One number of a stage's result, n = q + b (r p + k), from the half that begins at `start`.
fn summed(here: Stage, start: u32, line: u32, n: u32) -> vec2f {
  let q = n % here.before;
  let rest = n / here.before;
  let p = rest / here.radix;
  let k = rest % here.radix;
  var source = start + place(line, q + here.before * p);
  var root = 0u;
  var sum = vec2f();
  for (var j = 0u; j < here.radix; j++) {
    sum += product(held[source], twiddles[root * (POINTS / here.radix)]);
    source += here.before * here.after * POINT_STEP;
    root += k;
    if (root >= here.radix) { root -= here.radix; }
  }
  return product(sum, twiddles[here.before * p * k]);
}

fn transform(lane: u32) {
  for (var stage = 0u; stage < STAGES; stage++) { // unroll
    const here = PLAN[stage];
    const start = (stage % 2u) * HALF;
    const end = HALF - start;
    const butterflies = here.before * here.after;
    workgroupBarrier();
    if (here.radix == 2u || here.radix == 3u || here.radix == 4u || here.radix == 5u || here.radix == 8u) {
      for (var i = lane; i < LINES * butterflies; i += LANES) {
        let at = item(i, butterflies);
        let q = at.y % here.before;
        let p = at.y / here.before;
        let sink = end + place(at.x, q + here.before * here.radix * p);
        let it = Butterfly(
          start + place(at.x, at.y), butterflies * POINT_STEP, sink, here.before * POINT_STEP, here.before * p);
        switch (here.radix) {
          case 2u: { two(it); }
          case 3u: { three(it); }
          case 4u: { four(it); }
          case 5u: { five(it); }
          default: { eight(it); }
        }
      }
    } else {
      for (var i = lane; i < HALF; i += LANES) {
        let at = item(i, POINTS);
        held[end + place(at.x, at.y)] = summed(here, start, at.x, at.y);
      }
    }
  }
  workgroupBarrier();
}
