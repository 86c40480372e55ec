// One worker of the CPU engine: instantiates a job's modules over the shared memory and calls their exports. Plain JavaScript, because a
// worker is started from a file that Node reads as it is. What it is sent and answers: pool.ts.
import { parentPort } from "node:worker_threads";

/** Milliseconds a worker parks at most before it looks again whether the job was stopped. */
const PARK = 20;

let exports;

function load({ memory, special, potential, kernels, activation }) {
  const env = { memory };
  const words = new Int32Array(memory.buffer);
  const functions = new WebAssembly.Instance(special, { env }).exports;
  const host = {
    wait: (address, expected) => void Atomics.wait(words, address >>> 2, expected, PARK),
    wake: (address) => void Atomics.notify(words, address >>> 2),
    now: () => performance.now() / 1000,
    power: Math.pow,
  };
  exports = new WebAssembly.Instance(kernels, {
    env,
    host,
    special: functions,
    activation: { apply: functions[activation] },
    potential: new WebAssembly.Instance(potential, { env, special: functions }).exports,
  }).exports;
}

parentPort.on("message", ({ program, calls }) => {
  try {
    if (program) load(program);
    let value;
    for (const [name, ...args] of calls) value = exports[name](...args);
    parentPort.postMessage({ value });
  } catch (error) {
    parentPort.postMessage({ error: `${error?.message ?? error}` });
  }
});
