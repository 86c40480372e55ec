import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // The GPU device belongs to a process, not to a thread: forks keep one test file's device away from another's.
    pool: "forks",
    include: ["{packages,apps}/*/test/**/*.test.ts", "tests/**/*.test.ts"],
    // These machines stall at times: a time-out tells a hang, not a slow minute.
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});
