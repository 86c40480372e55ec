// Stretches of a prescribed schedule without observations in between. Several operations pass over the lattice in one sweep, so that memory
// sees each site once for all of them. A worker's slab is swept as a trapezoid: operation s of a sweep takes the planes that are further than
// s reaches of the stencil from the slab's ends, each as soon as the operation before has passed the last plane it reads; then, after a
// barrier, the gaps around the slabs' ends are filled, growing as they go. The two arrays alternate, so that no gap finds its neighbours
// overwritten: operation s + 1 stays one reach further from the gap than what operation s of the gap still reads.
import { barrier, progress, stopped, worker, workerCount } from "../control";
import { fieldBytes, fields, planes, points, reach, realisations, rows, wrapped } from "./grid";
import { stepPlane } from "./planes";

/** Operations of one sweep at most: more fall out of the second cache. */
const SWEEP = 4;

/** The trapezoid of operations `from` .. `from + count - 1` in planes `low` .. `high - 1`. */
function inside<T>(from: i32, count: i32, start: usize, low: i32, high: i32): void {
  for (let front = low + reach; front < high - reach; front++) {
    for (let s = 0; s < count; s++) {
      const plane = front - s * reach;
      const margin = (s + 1) * reach;
      if (plane >= low + margin && plane < high - margin) stepPlane(from + s, start, plane);
    }
  }
}

/** The gap around the slabs' common end before plane `end`. */
function between<T>(from: i32, count: i32, start: usize, end: i32): void {
  for (let s = 0; s < count; s++) {
    const margin = (s + 1) * reach;
    for (let plane = end - margin; plane < end + margin; plane++) stepPlane(from + s, start, wrapped(plane, planes));
  }
}

@inline
export function slabStart(slab: i32, slabs: i32): i32 {
  return <i32>((<i64>planes * slab) / slabs);
}

/** One realisation by this worker alone. */
function evolveAlone<T>(from: i32, to: i32, start: usize): void {
  const depth = max(1, min(SWEEP, planes / (2 * reach)));
  for (let operation = from; operation < to; ) {
    if (stopped()) return;
    const count = min(depth, to - operation);
    if (count == 1) {
      for (let plane = 0; plane < planes; plane++) stepPlane(operation, start, plane);
    } else {
      inside<T>(operation, count, start, 0, planes);
      between<T>(operation, count, start, 0);
    }
    operation += count;
    progress(<i64>count * <i64>fields * <i64>planes * <i64>rows * <i64>points);
  }
}

/** One realisation by all workers that its planes have room for. */
function evolveTogether<T>(from: i32, to: i32, start: usize): bool {
  // A slab has room for at least one operation's gaps.
  const slabs = min(workerCount(), planes / (2 * reach));
  const takesPart = worker < slabs;
  const low = takesPart ? slabStart(worker, slabs) : 0;
  const high = takesPart ? slabStart(worker + 1, slabs) : 0;
  const depth = min(SWEEP, planes / slabs / (2 * reach));
  for (let operation = from; operation < to; ) {
    const count = min(depth, to - operation);
    if (takesPart) inside<T>(operation, count, start, low, high);
    if (!barrier()) return false;
    if (takesPart) between<T>(operation, count, start, low);
    if (!barrier()) return false;
    operation += count;
    if (worker == 0) progress(<i64>count * <i64>fields * <i64>planes * <i64>rows * <i64>points);
  }
  return true;
}

/** Operations `from` .. `to - 1` of all realisations, with all other workers. False where stopped. */
export function evolve<T>(from: i32, to: i32): bool {
  const realisationBytes = <usize>fields * fieldBytes;
  const count = workerCount();
  // Whole realisations in parallel need no barriers: the last few, where not every worker would have one, are shared.
  const shared = planes >= 4 * reach ? realisations % count : 0;
  for (let r = worker; r < realisations - shared; r += count) evolveAlone<T>(from, to, <usize>r * realisationBytes);
  for (let r = realisations - shared; r < realisations; r++) {
    if (!evolveTogether<T>(from, to, <usize>r * realisationBytes)) return false;
  }
  return barrier();
}
