// Writes field.h5 and checkpoint.h5 of a small lattice's run, and the trajectories of small ensembles, of one output and of two, with their
// results, to the folder of its argument, for read_results.py.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { writeCheckpoint } from "../packages/core/src/files/checkpoint.ts";
import { writeFieldFile } from "../packages/core/src/files/fieldFile.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = process.argv[2]!;
const run = (...argv: string[]) =>
  JSON.parse(
    execFileSync(process.execPath, [path.join(root, "apps/cli/bin/slowroll.mjs"), ...argv, "--json", "--quiet"], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    }),
  );
const observe = "observe={ spectraEvery: 500, velocitySpectra: true, occupationNumbers: true }";
const result = run("field", "examples/lattice.yaml", "--engine", "cpu", "--save-final", folder, "--set", observe);
writeFileSync(path.join(folder, "field.json"), JSON.stringify(result));
const array = (name: string) => new Float64Array(new Uint8Array(readFileSync(path.join(folder, `${name}.f64`))).buffer);

await writeFieldFile(path.join(folder, "field.h5"), result);
const { lattice, time } = result.config;
const step = Math.round(time.end / time.step);
await writeCheckpoint(path.join(folder, "checkpoint.h5"), {
  config: result.config,
  version: result.version,
  fields: ["phi"],
  step,
  alphaTime: time.end,
  grid: lattice,
  precision: result.engine.precision,
  checkpoint: {
    state: { field: array("field"), momentum: array("momentum") },
    parts: [
      {
        realisations: 1,
        operation: step,
        observations: [
          {
            afterOperation: 0,
            fieldMean: Float64Array.of(result.mean[0]),
            fieldVariance: Float64Array.of(result.variance[0]),
          },
        ],
        snapshots: [],
      },
    ],
  },
});

const small = ["network.width=32", "training.steps=20", "training.recordEvery=6", "ensemble.size=21"];
for (const [name, targets] of Object.entries({ one: "sin(theta)", two: "[sin(theta), cos(theta)]" })) {
  for (const ending of ["npy", "parquet"]) {
    const file = path.join(folder, `${name}.${ending}`);
    const ensemble = run(
      "network",
      "--engine",
      "cpu",
      ...[...small, `data.targets=${targets}`].flatMap((value) => ["--set", value]),
      "--save-trajectories",
      file,
    );
    writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(ensemble));
  }
}
