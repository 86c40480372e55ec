// Decomposes one matrix away from the main thread, which can then still hear of an interrupt. What it is sent and answers: eigen.ts.
import { parentPort, workerData } from "node:worker_threads";
import { decompose } from "./decompose.mjs";

const { values, vectors } = decompose(workerData.symmetric, workerData.size);
parentPort.postMessage({ values, vectors }, [values.buffer, vectors.buffer]);
