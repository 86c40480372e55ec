/** A checkout that is not set up, or whose set-up is older than its sources, says so in one line. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const checkout = mkdtempSync(path.join(os.tmpdir(), "slowroll-set-up-"));
const at = (...names: string[]): string => path.join(checkout, ...names);
afterAll(() => rmSync(checkout, { recursive: true }));

beforeAll(() => {
  // Links within the checkout stay links, so that they lead to the copies.
  for (const folder of ["apps", "packages", "shaders", "examples"])
    cpSync(path.join(root, folder), at(folder), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => path.basename(source) !== "build",
    });
});

const BINS = { slowroll: "apps/cli/bin/slowroll.mjs", "slowroll-bench": "apps/bench/bin/slowroll-bench.mjs" } as const;
const run = (program: keyof typeof BINS, ...argv: string[]) =>
  spawnSync(process.execPath, [at(BINS[program]), ...argv], { cwd: checkout, encoding: "utf8" });
const MEND = "this checkout is not set up, or its set-up is older than its sources: run npm run setup\n";

it.each(["slowroll", "slowroll-bench"] as const)("%s says that its working folder has been removed", (program) => {
  const gone = `mkdir gone && cd gone && rmdir ../gone && "${process.execPath}" "${at(BINS[program])}" --help`;
  const { status, stderr } = spawnSync("sh", ["-c", gone], { cwd: checkout, encoding: "utf8" });
  expect(stderr).toBe(`${program}: the working folder is gone: change into one that is there\n`);
  expect(status).toBe(2);
});

it.each(["slowroll", "slowroll-bench"] as const)("%s runs where no temporary file can be written", (program) => {
  const TMPDIR = path.join(root, "package.json", "none");
  const { status, stderr, stdout } = spawnSync(process.execPath, [path.join(root, BINS[program]), "--help"], {
    encoding: "utf8",
    env: { ...process.env, TMPDIR },
  });
  expect(stderr).toBe("");
  expect(stdout).toContain(`Usage: ${program} `);
  expect(status).toBe(0);
});

describe("a checkout", () => {
  it.each(["slowroll", "slowroll-bench"] as const)("without packages says how to mend it: %s", (program) => {
    const { status, stderr } = run(program, "--help");
    expect(stderr).toBe(`${program}: Cannot find package 'tsx': ${MEND}`);
    expect(status).toBe(78);
  });
  it("without what the set-up builds says how to mend it, before it computes anything", () => {
    symlinkSync(path.join(root, "node_modules"), at("node_modules"));
    const kernel = ["kernel", "examples/kernel.yaml", "--json"];
    const missing = run("slowroll", ...kernel);
    expect(missing.stderr).toBe(`slowroll: Cannot find module '${at("packages/core/build/zod.mjs")}': ${MEND}`);
    expect(JSON.parse(missing.stdout).error.code).toBe("notSetUp");
    expect(missing.status).toBe(78);
    const bench = run("slowroll-bench", "--filter", "nothing", "--engine", "webgpu", "--adapter", "software");
    expect(bench.stderr).toBe(`slowroll-bench: Cannot find module '${at("packages/core/build/zod.mjs")}': ${MEND}`);
    expect(bench.status).toBe(78);
    cpSync(path.join(root, "packages/core/build"), at("packages/core/build"), { recursive: true });
    const plotting = run("slowroll", "field", "examples/field.yaml", "--out", "run", "--quiet");
    expect(plotting.stderr).toContain(`slowroll: Cannot find module '${at("apps/cli/build/vega.mjs")}': ${MEND}`);
    expect(plotting.status).toBe(78);
    expect(existsSync(at("run"))).toBe(false);
  });
  it("is mended by the set-up where what that has built is gone, whatever its stamps say", () => {
    for (const name of ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", "scripts", "tests/package.json"])
      cpSync(path.join(root, name), at(name), { recursive: true });
    for (const folder of ["packages/wasm/build", "apps/cli/build", "tests/node_modules"])
      cpSync(path.join(root, folder), at(folder), { recursive: true, verbatimSymlinks: true });
    rmSync(at("packages/core/build"), { recursive: true });
    const { stderr } = spawnSync(process.execPath, [at("scripts/setup.mjs")], { encoding: "utf8" });
    expect(stderr).toContain("setup: making one file each of libraries that come in hundreds\n");
    expect(existsSync(at("packages/core/build/zod.mjs"))).toBe(true);
  });
});
