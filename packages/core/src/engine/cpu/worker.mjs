// One worker of the CPU engine: instantiates a job's modules over the shared memory and calls their exports. Plain JavaScript, because a
// worker is started from a file that Node reads as it is. What it is sent and answers: pool.ts.
import { parentPort } from "node:worker_threads";
import { load } from "./load.mjs";

let exports;

parentPort.on("message", ({ program, calls }) => {
  try {
    if (program) exports = load(program);
    let value;
    for (const [name, ...args] of calls) value = exports[name](...args);
    parentPort.postMessage({ value });
  } catch (error) {
    parentPort.postMessage({ error: `${error?.message ?? error}` });
  }
});
