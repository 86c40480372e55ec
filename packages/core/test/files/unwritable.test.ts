/** What is told as a file that cannot be written, and what is not the file system's fault. */
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { isOfFileSystem } from "@slowroll/core/files/unwritable";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(path.join(tmpdir(), "slowroll-unwritable-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each<[string, () => unknown, boolean]>([
  ["a folder in the file's place", () => writeFile(folder, ""), true],
  ["a folder that is to be removed as a file", () => rm(folder), true],
  ["a folder that is missing", () => writeFile(path.join(folder, "missing", "file"), ""), true],
  ["a name that is too long", () => mkdir(path.join(folder, "x".repeat(5000))), true],
  ["a module that is missing", () => import(path.join(folder, "missing.js")), false],
  ["one that a module requires", () => createRequire(import.meta.url)("./missing.cjs"), false],
  ["an interruption", () => writeFile(path.join(folder, "file"), "", { signal: AbortSignal.abort() }), false],
])("%s", async (_name, fail, expected) => {
  const error = await Promise.resolve()
    .then(fail)
    .then(
      () => expect.unreachable(),
      (cause: unknown) => cause,
    );
  expect(isOfFileSystem(error)).toBe(expected);
});
