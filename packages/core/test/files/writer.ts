/** Writes one checkpoint after another to the file of its argument, each filled with its step, and says when the first stands. */
import { writeCheckpoint } from "@slowroll/core/files/checkpoint";

const points = 64;
for (let step = 1; ; step++) {
  await writeCheckpoint(process.argv[2]!, {
    config: {},
    version: "0.1.0",
    fields: ["phi"],
    step,
    alphaTime: step,
    grid: { dimensions: 3, points, length: 1, stencil: 2 },
    precision: "float64",
    checkpoint: {
      state: { field: new Float64Array(points ** 3).fill(step), momentum: new Float64Array(points ** 3).fill(-step) },
      parts: [{ realisations: 1, operation: step, observations: [], snapshots: [] }],
    },
  });
  if (step === 1) process.stdout.write("written\n");
}
