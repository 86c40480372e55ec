/** The load hook that keeps installed packages from being rewritten. */
import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";

it("takes the modules of packages as they are, and leaves the rest to the next loader", async () => {
  const { load } = await import(new URL("../bin/installed.mjs", import.meta.url).href);
  const next = vi.fn(() => "passed on");
  const packed = new URL(import.meta.resolve("tsx/esm/api")).href;
  expect(load(packed, { format: "module" }, next)).toEqual({
    format: "module",
    source: readFileSync(new URL(packed)),
    shortCircuit: true,
  });
  expect(next).not.toHaveBeenCalled();
  for (const [url, format] of [
    [import.meta.url, "module"],
    [packed, "commonjs"],
    ["node:fs", "builtin"],
  ] as const)
    expect(load(url, { format }, next)).toBe("passed on");
  expect(next).toHaveBeenCalledTimes(3);
});
