// What the workers of one job share beside its data: a control block of seven words, a cache line apart so that no two of them are fought
// over. The host's twin is packages/core/src/engine/cpu/control.ts.
//   + 0   stop: not zero once the job must end early (interrupted, or a worker has died)
//   + 64  claim: the next item of work that nobody has taken
//   + 128 progress: units of work done, 64 bits
//   + 192 arrivals at the barrier, + 256 its generation, + 320 the workers that are parked at it
//   + 384 signs of life within a unit of work

// Parking goes through JavaScript's Atomics: `memory.atomic.wait32` in a large function hung under V8's baseline compiler.
@external("host", "wait")
declare function hostWait(address: usize, expected: i32): void;
@external("host", "wake")
declare function hostWake(address: usize): void;

let control: usize = 0;
let workers: i32 = 1;
/** This worker's number, 0 .. workers - 1. */
export let worker: i32 = 0;

/**
 * Spins before a worker parks: at most a few tens of microseconds, longer than the others take where the work is even. Where they do not
 * come meanwhile, because other programs have their cores, spinning keeps those cores from them: every wait that ends parked halves the
 * next one's spins. One that ends in time gives them all back, and so does every sixteenth that does not, or the workers would go on
 * parking once the cores are free again.
 */
const MOST_SPINS = 20000;
const LEAST_SPINS = 200;
const PARKINGS = 16;
let spins: i32 = MOST_SPINS;
let parkings: i32 = 0;

export function joinWorkers(controlBlock: usize, count: i32, self: i32): void {
  control = controlBlock;
  workers = count;
  worker = self;
}

export function workerCount(): i32 {
  return workers;
}

export function stopped(): bool {
  return atomic.load<i32>(control) != 0;
}

/** The next item, each given once. */
export function claim(): i32 {
  return atomic.add<i32>(control, 1, 64);
}

export function progress(units: i64): void {
  atomic.add<i64>(control, units, 128);
}

/** Multiply-adds between two signs of life: a tenth of a second's. */
const SILENT: i64 = 1 << 27;
let silent: i64 = 0;

/** Hears of multiply-adds that have been done, of which one unit of work may have so many that it takes minutes. */
export function alive(done: i64): void {
  silent += done;
  if (silent < SILENT) return;
  silent = 0;
  atomic.add<i32>(control, 1, 384);
}

/** Waits until all workers are here. False where the job must end early. */
export function barrier(): bool {
  if (workers == 1) return !stopped();
  const generation = atomic.load<i32>(control, 256);
  if (atomic.add<i32>(control, 1, 192) + 1 == workers) {
    atomic.store<i32>(control, 0, 192);
    atomic.add<i32>(control, 1, 256);
    if (atomic.load<i32>(control, 320) != 0) hostWake(control + 256);
    return !stopped();
  }
  for (let spin = 0; spin < spins; spin++) {
    if (stopped()) return false;
    if (atomic.load<i32>(control, 256) != generation) {
      spins = MOST_SPINS;
      return !stopped();
    }
  }
  spins = ++parkings % PARKINGS == 0 ? MOST_SPINS : max(LEAST_SPINS, spins / 2);
  // Counted before it looks at the generation for the last time: whoever is last either sees it counted or is seen by it.
  atomic.add<i32>(control, 1, 320);
  while (atomic.load<i32>(control, 256) == generation && !stopped()) hostWait(control + 256, generation);
  atomic.sub<i32>(control, 1, 320);
  return !stopped();
}
