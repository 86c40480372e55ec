/** Every command in the README runs as written. `npm start` and `npm test` are run by .ci/run, of which this test is a part. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-readme-"));
beforeAll(() => cpSync(path.join(root, "examples"), path.join(cwd, "examples"), { recursive: true }));
afterAll(() => rmSync(cwd, { recursive: true }));

const readme = readFileSync(path.join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => block!.trim().split("\n"));
const commands = [
  ...new Set([
    ...blocks,
    ...[...readme.matchAll(/`((?:slowroll|npx slowroll)[^`]*)`/g)].map(([, command]) => command!),
  ]),
];
const runnable = commands
  .map((command) => command.replace(/^npx /, ""))
  .filter((command) => /^slowroll /.test(command) && !command.includes("FILE"));

describe("README", () => {
  it("names the five examples and the two commands", () => {
    expect(runnable.filter((command) => command.includes("examples/"))).toHaveLength(5);
    expect(blocks.filter((command) => /^npm (start|test)/.test(command))).toHaveLength(2);
  });
  it.each(runnable)("%s", (command) => {
    const words = [...command.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ""));
    const { status, stderr } = spawnSync(
      process.execPath,
      [path.join(root, "apps/cli/bin/slowroll.mjs"), ...words.slice(1)],
      { cwd, encoding: "utf8" },
    );
    expect(status, stderr).toBe(0);
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
