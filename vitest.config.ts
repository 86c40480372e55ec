import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take longest, the longest first: begun last, one of them would run on alone. */
const LONGEST = [
  "tests/conformance/training.test.ts",
  "apps/bench/test/bench.test.ts",
  "tests/conformance/lattice.test.ts",
  "tests/checkpoints.test.ts",
  "tests/conformance/kernels.test.ts",
  "apps/cli/test/process.test.ts",
  "tests/physics/expansion.test.ts",
  "tests/sweep.test.ts",
  "tests/unwritable.test.ts",
  "tests/conformance/ensemble.test.ts",
  "tests/physics/network.test.ts",
  "tests/readme.test.ts",
  "tests/memory.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).sort((left, right) => place(left) - place(right));
  }
}

export default defineConfig({
  test: {
    // The GPU device belongs to a process, not to a thread: forks keep one test file's device away from another's.
    pool: "forks",
    // Vitest leaves a core for itself, half of a small machine, and needs next to nothing of it.
    maxWorkers: availableParallelism(),
    // What the set-up builds is loaded as it is, as installed packages are.
    server: { deps: { external: [/\/build\/\w+\.mjs$/] } },
    sequence: { sequencer: LongestFirst },
    include: ["{packages,apps}/*/test/**/*.test.ts", "tests/**/*.test.ts"],
    // These machines stall at times: a time-out tells a hang, not a slow minute.
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
