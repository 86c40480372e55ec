// What a slab's arrays hold of a periodic grid, last index fastest: the sites that are its own, and before and behind them, along the
// slowest axis, `ghosts` planes that are copies of its neighbours'. Where one slab is the whole grid there are none.

struct Slab {
  own: vec3u,      // own sites along the last, middle and first axis; 1 along axes that are not there
  stride: u32,     // from one field to the next
  sides: vec3u,  // sites along each axis, ghosts included
  ghosts: u32,
}

struct Site {
  at: vec3u,       // along each axis, ghosts included
  base: vec3u,     // the index less what each axis adds to it
  index: u32,
}

/// The slowest axis: the grid's first index.
const SLOWEST = vec3u(u32(DIMENSIONS == 1u), u32(DIMENSIONS == 2u), u32(DIMENSIONS == 3u));

/// What a step along each axis adds to an index.
fn stepsOf(slab: Slab) -> vec3u {
  let sides = slab.sides;
  return vec3u(1u, sides.x, sides.x * sides.y);
}

fn planeOf(slab: Slab) -> u32 {
  let steps = stepsOf(slab);
  return steps[DIMENSIONS - 1u];
}

fn ownSites(slab: Slab) -> u32 { return slab.own.x * slab.own.y * slab.own.z; }

/// Where the own sites begin, which lie one after another.
fn firstOwn(slab: Slab) -> u32 { return slab.ghosts * planeOf(slab); }

/// The site `own` along each axis from the first own one.
fn siteAt(own: vec3u, slab: Slab) -> Site {
  let at = own + slab.ghosts * SLOWEST;
  let parts = at * stepsOf(slab);
  let index = parts.x + parts.y + parts.z;
  return Site(at, vec3u(index) - parts, index);
}

/// The place along each axis of the index-th of the own sites.
fn placeOf(index: u32, slab: Slab) -> vec3u {
  let line = index / slab.own.x;
  let z = line / slab.own.y;
  return vec3u(index - line * slab.own.x, line - z * slab.own.y, z);
}
