/**
 * Every command in the README and in docs/ runs as written, FILE standing for a file of ours and the benchmark for one kernel of it; so do
 * the library's examples. The program runs in this process, which loads it once; as one of its own it is tested in
 * apps/cli/test/process.test.ts. `npm start` and `npm test` are run by .ci/run, of which this test is a part.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { slowroll } from "../apps/cli/test/inProcess.ts";
import { type ConfigCommand, commandSchema } from "../packages/core/src/config/schema.ts";

const root = path.resolve(import.meta.dirname, "..");
const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-readme-"));
const POTENTIAL = "{ expression: lambda*phi^4/4, parameters: { lambda: 2 } }\n";
beforeAll(() => {
  cpSync(path.join(root, "examples"), path.join(cwd, "examples"), { recursive: true });
  writeFileSync(path.join(cwd, "FILE"), POTENTIAL);
});
afterAll(() => rmSync(cwd, { recursive: true }));

const PAGES = ["README.md", "docs/fields.md", "docs/networks.md"].map((file) => ({
  folder: path.dirname(path.join(root, file)),
  file,
  text: readFileSync(path.join(root, file), "utf8"),
}));
const pages = PAGES.map(({ text }) => text).join("\n");
const blocks = [...pages.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => block!.trim().split("\n"));
const commands = [
  ...new Set([
    ...blocks,
    ...[...pages.matchAll(/`((?:npx )?slowroll(?:-bench)?(?: [^`]*)?)`/g)].map(([, command]) => command!),
  ]),
];
const runnable = [...new Set(commands.map((command) => command.replace(/^npx /, "")))].filter((command) =>
  /^slowroll( |-bench)/.test(command),
);
interface Ended {
  readonly code: number | null;
  readonly error: string;
}
const PROGRAMS: Readonly<Record<string, (argv: string[]) => Promise<Ended>>> = {
  slowroll: (argv) => slowroll(argv, { cwd }),
  "slowroll-bench": async (argv) => {
    // All of it takes minutes.
    const little = ["--samples", "1", "--filter", "linalg/dots", "--no-peers"];
    const bin = path.join(root, "apps/bench/bin/slowroll-bench.mjs");
    const { status, stderr } = spawnSync(process.execPath, [bin, ...argv, ...little], { cwd, encoding: "utf8" });
    return { code: status, error: stderr };
  },
};

type Schema = { readonly properties?: Record<string, Schema>; readonly anyOf?: Schema[]; readonly oneOf?: Schema[] };

/** The keys of a command's config, as `background.kind`. */
function keysOfCommand(command: ConfigCommand): string[] {
  const keysOf = ({ properties = {}, anyOf = [], oneOf = [] }: Schema): string[] => [
    ...Object.keys(properties),
    ...[...anyOf, ...oneOf].flatMap(keysOf),
  ];
  return Object.entries((commandSchema(command) as Schema).properties!).flatMap(([section, schema]) => {
    const keys = keysOf(schema);
    return keys.length > 0 ? keys.map((key) => `${section}.${key}`) : [section];
  });
}

/** The keys of a network's data, as `data.inputs.circle.points`; of a section with keys, those. */
function dataKeys(): string[] {
  const leaves = (at: string, { properties = {}, anyOf = [], oneOf = [] }: Schema): string[] => [
    ...Object.entries(properties).flatMap(([key, schema]) => {
      const inner = leaves(`${at}.${key}`, schema);
      return inner.length > 0 ? inner : [`${at}.${key}`];
    }),
    ...[...anyOf, ...oneOf].flatMap((schema) => leaves(at, schema)),
  ];
  const keys = leaves("data", (commandSchema("network") as Schema).properties!.data!);
  // Test inputs are as the data's.
  return [...new Set(keys.map((key) => key.replace(/^(data\.test\.inputs)\..*/, "$1")))];
}

describe("README and docs", () => {
  it("names every example and the two commands", () => {
    for (const example of readdirSync(path.join(root, "examples")).filter((file) => file.endsWith(".yaml")))
      expect(
        runnable.some((command) => command.includes(`examples/${example}`)),
        example,
      ).toBe(true);
    expect(blocks.filter((command) => /^npm (start|test)/.test(command))).toHaveLength(2);
  });
  it.each(runnable)("%s", async (command) => {
    const words = [...command.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ""));
    const { code, error } = await PROGRAMS[words[0]!]!(words.slice(1));
    expect(code, error).toBe(0);
  });
  it("have examples of the library that run, and have the types that a strict project asks for", () => {
    // In the checkout's own folder, as the README says; all in one process, which loads the library once.
    const folder = mkdtempSync(path.join(root, ".readme-"));
    try {
      const names = PAGES.map(({ file, text }) => {
        const [, code] = /```ts\n(.*?)```/s.exec(text)!;
        const name = `${path.basename(file, ".md")}.mts`;
        writeFileSync(path.join(folder, name), `${code}\nconsole.log("${name}", Object.values(result).length);\n`);
        return name;
      });
      writeFileSync(path.join(folder, "all.mts"), names.map((name) => `await import("./${name}");\n`).join(""));
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ["--import", "tsx", path.join(folder, "all.mts")],
        {
          cwd: root,
          encoding: "utf8",
        },
      );
      expect(status, stderr).toBe(0);
      // A project's strictest rules, and the types of browsers beside Node's, which say otherwise of some things.
      const compilerOptions = {
        ...{ module: "NodeNext", target: "ES2022", lib: ["ES2023", "DOM"], types: ["node"], skipLibCheck: true },
        ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noImplicitOverride: true },
        ...{ allowImportingTsExtensions: true, noEmit: true },
      };
      writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: names }));
      const types = spawnSync("npx", ["tsc", "-p", folder], { cwd: root, encoding: "utf8" });
      expect(types.status, types.stdout).toBe(0);
      for (const name of names) {
        const [, count] = new RegExp(`^${name} (\\d+)$`, "m").exec(stdout) ?? [];
        expect(Number(count), name).toBeGreaterThan(1);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it("has scripts for all that it calls with npm", () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    for (const [, name] of pages.matchAll(/`npm run ([\w:]+)`/g)) expect(Object.keys(scripts)).toContain(name);
  });
  it.each(PAGES)("$file points at files that are there", ({ folder, text }) => {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g))
      expect(existsSync(path.join(folder, target!)), target).toBe(true);
  });
  it.each([
    ["field", "docs/fields.md"],
    ["network", "docs/networks.md"],
  ] as const)("documents every key of %s configs in %s", (command, page) => {
    const { text } = PAGES.find(({ file }) => file === page)!;
    for (const key of keysOfCommand(command)) {
      const [section, name] = key.split(".");
      // A row of the table names it, in full or after another of its section.
      const named = name ? `(${section})?\\.${name}` : section;
      expect(text, key).toMatch(new RegExp(`^\\| [^|]*\`${named}\``, "m"));
    }
  });
  it("documents every key of a network's data", () => {
    const { text } = PAGES.find(({ file }) => file === "docs/networks.md")!;
    const keys = dataKeys();
    expect(keys).toContain("data.inputs.sphere.seed");
    for (const key of keys) expect(text, key).toMatch(new RegExp(`^\\| \`${key}\``, "m"));
  });
});
