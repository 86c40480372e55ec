// Instantiates a program's modules (pool.ts) over its memory, on a worker or on the thread that calls. Plain JavaScript: see worker.mjs.

/** Milliseconds a worker parks at most before it looks again whether the job was stopped. */
const PARK = 20;

/** Numbers in a row up to which a loop is faster than a view of the row. */
const FEW = 32;

/** Copies `rows` rows of `count` numbers, which begin `step` apart on either side. */
function copyRows(to, at, toStep, from, begin, fromStep, count, rows) {
  for (let row = 0; row < rows; row++) {
    if (count > FEW) to.set(from.subarray(begin, begin + count), at);
    else for (let i = 0; i < count; i++) to[at + i] = from[begin + i];
    at += toStep;
    begin += fromStep;
  }
}

/** The module's exports; every job's kernels import all that any calls, which is missed when it is called. */
const exportsOrMissed = (name, module, imports) =>
  new Proxy(module ? new WebAssembly.Instance(module, imports).exports : {}, {
    get: (exports, key) =>
      exports[key] ??
      (() => {
        throw new Error(`the program has no ${name} ${String(key)}`);
      }),
  });

/** The exports of the program's kernels. */
export function load({ memory, special, potential, curvature, lattice, kernels, activation, arrays = [] }) {
  const env = { memory };
  const words = new Int32Array(memory.buffer);
  const elements = new Float64Array(memory.buffer);
  const outside = arrays.map((array) => new Float64Array(array));
  const host = {
    wait: (address, expected) => void Atomics.wait(words, address >>> 2, expected, PARK),
    wake: (address) => void Atomics.notify(words, address >>> 2),
    now: () => performance.now() / 1000,
    power: Math.pow,
    // Addresses are unsigned, as which WebAssembly does not hand them over.
    put: (array, element, step, address, stride, count, rows) =>
      copyRows(outside[array], element, step, elements, address >>> 3, stride >>> 3, count, rows),
    fetch: (array, element, step, address, stride, count, rows) =>
      copyRows(elements, address >>> 3, stride >>> 3, outside[array], element, step, count, rows),
  };
  const functions = special ? new WebAssembly.Instance(special, { env }).exports : {};
  // An entry of the registry of activations whose row function is not written or not built yet.
  if (activation && !functions[activation])
    throw new Error(`packages/wasm/assembly/network/activations.ts has no ${activation}: add it and run npm run setup`);
  const made = (name, module) => exportsOrMissed(name, module, { env, special: functions });
  return new WebAssembly.Instance(kernels, {
    env,
    host,
    special: functions,
    activation: { apply: functions[activation] },
    potential: made("potential", potential),
    curvature: made("curvature", curvature),
    lattice: made("lattice", lattice),
  }).exports;
}
