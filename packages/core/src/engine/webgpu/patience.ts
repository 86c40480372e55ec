/**
 * Waiting for the device. Dawn looks for what is awaited at every turn of the event loop and offers no other way, which takes a whole core, on
 * a software adapter one of those that the work needs, and leaves some five hundred bytes of garbage a look. So the turns of a wait pause for a
 * part of what it has taken so far: what lasts is seen later by no more than that part, and what comes at once is seen at once.
 */

/** Part of the wait so far that a turn pauses. */
const PART = 1 / 16;
/** Milliseconds that a turn pauses at most: the user may want to interrupt. */
const LONGEST = 16;
/** Milliseconds under which a sleep lasts longer than it was asked to: such a pause is spent awake. */
const SHORTEST_SLEEP = 0.06;

/** Milliseconds between two turns that others must have had: they are not to sleep with the wait. */
const OTHERS = 1;

/** Sleeps end by their time alone: nobody changes this. */
const never = new Int32Array(new SharedArrayBuffer(4));

/** Waits that are open, and when the newest of them began: the others have no reason for more looks than it. */
let open = 0;
let newest = 0;
let turning = false;
/** Until when nothing that is awaited is expected, and when the last pause ended. */
let expected = 0;
let ended = 0;

function turn(): void {
  turning = open > 0;
  if (!turning) return;
  const now = performance.now();
  const others = now - ended > OTHERS;
  const pause = Math.min(LONGEST, now < expected && !others ? expected - now : PART * (now - newest));
  if (pause > SHORTEST_SLEEP) Atomics.wait(never, 0, 0, pause);
  else while (performance.now() < now + pause);
  ended = performance.now();
  setImmediate(turn);
}

/** What `promise` gives, the thread asleep for most of the time where it takes long. */
export async function patiently<T>(promise: Promise<T>): Promise<T> {
  newest = performance.now();
  open++;
  if (!turning) {
    turning = true;
    setImmediate(turn);
  }
  try {
    return await promise;
  } finally {
    open--;
  }
}

/** What `promise` of an open wait gives, of which nothing is expected before the time `until`, of performance.now(): turns pause as long as they may. */
export async function notBefore<T>(until: number, promise: Promise<T>): Promise<T> {
  expected = until;
  try {
    return await promise;
  } finally {
    expected = 0;
  }
}
