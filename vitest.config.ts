import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // The GPU device belongs to a process, not to a thread: forks keep one test file's device away from another's.
    pool: "forks",
    include: ["{packages,apps}/*/test/**/*.test.ts", "tests/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
