/**
 * Every command in the README runs as written, FILE standing for a file of ours and the benchmark for one kernel of it; so does the
 * library's example. `npm start` and `npm test` are run by .ci/run, of which this test is a part.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-readme-"));
const POTENTIAL = "{ expression: lambda*phi^4/4, parameters: { lambda: 2 } }\n";
beforeAll(() => {
  cpSync(path.join(root, "examples"), path.join(cwd, "examples"), { recursive: true });
  writeFileSync(path.join(cwd, "FILE"), POTENTIAL);
});
afterAll(() => rmSync(cwd, { recursive: true }));

const readme = readFileSync(path.join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => block!.trim().split("\n"));
const commands = [
  ...new Set([
    ...blocks,
    ...[...readme.matchAll(/`((?:npx )?slowroll(?:-bench)?(?: [^`]*)?)`/g)].map(([, command]) => command!),
  ]),
];
const runnable = [...new Set(commands.map((command) => command.replace(/^npx /, "")))].filter((command) =>
  /^slowroll( |-bench)/.test(command),
);
const PROGRAMS: Readonly<Record<string, { file: string; more: string[] }>> = {
  slowroll: { file: "apps/cli/bin/slowroll.mjs", more: [] },
  // All of it takes minutes.
  "slowroll-bench": {
    file: "apps/bench/bin/slowroll-bench.mjs",
    more: ["--samples", "1", "--filter", "linalg/dots", "--no-peers"],
  },
};

describe("README", () => {
  it("names the five examples and the two commands", () => {
    expect(runnable.filter((command) => command.includes("examples/"))).toHaveLength(5);
    expect(blocks.filter((command) => /^npm (start|test)/.test(command))).toHaveLength(2);
  });
  it.each(runnable)("%s", (command) => {
    const words = [...command.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ""));
    const { file, more } = PROGRAMS[words[0]!]!;
    const argv = [path.join(root, file), ...words.slice(1), ...more];
    const { status, stderr } = spawnSync(process.execPath, argv, { cwd, encoding: "utf8" });
    expect(status, stderr).toBe(0);
  });
  it("has an example of the library that runs", () => {
    const [, code] = /```ts\n(.*?)```/s.exec(readme)!;
    // Beside the tests, from where the library's name is known.
    const file = path.join(root, "tests", `readme-${process.pid}.mts`);
    writeFileSync(file, `${code}\nconsole.log(result.loss.length);\n`);
    try {
      const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", file], {
        cwd: root,
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
      expect(Number(stdout)).toBeGreaterThan(1);
    } finally {
      rmSync(file);
    }
  });
  it("has scripts for all that it calls with npm", () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    for (const [, name] of readme.matchAll(/`npm run ([\w:]+)`/g)) expect(Object.keys(scripts)).toContain(name);
  });
  it("points at files that are there", () => {
    for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)]+)\)/g))
      expect(existsSync(path.join(root, target!)), target).toBe(true);
  });
});
