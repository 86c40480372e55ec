/** A folder with files that are wrong in their own ways, and what a wrong config or command line in it must end with. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { slowroll } from "./inProcess.ts";

export const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-bad-"));
let before: string[];
beforeAll(() => {
  writeFileSync(path.join(cwd, "ragged.csv"), "1,2\n3\n");
  writeFileSync(path.join(cwd, "words.csv"), "a,b\n1,2\n3,x\n");
  writeFileSync(path.join(cwd, "empty.csv"), "");
  writeFileSync(path.join(cwd, "zero.csv"), "k,power\n0,1\n1,1\n2,1\n3,1\n4,1\n");
  writeFileSync(path.join(cwd, "spaces.csv"), "0 1\n1 2\n");
  writeFileSync(path.join(cwd, "short.f64"), new Uint8Array(12));
  writeFileSync(path.join(cwd, "potential.yaml"), "expression: phi^2 + chi\n");
  writeFileSync(path.join(cwd, "two.yaml"), "fields: [phi, phi]\npotential: { expression: phi^2 }\n");
  writeFileSync(path.join(cwd, "neither.yaml"), "fields: [phi, chi]\nexpression: phi^2 + chi\n");
  writeFileSync(path.join(cwd, "word.yaml"), "expression: l*phi^2\nparameters: { l: 1/2 }\n");
  writeFileSync(path.join(cwd, "key.yaml"), "fields: [phi]\npotential: { expression: l*phi^2, parameter: { l: 1 } }\n");
  writeFileSync(path.join(cwd, "walls.yaml"), "fields: [phi, chi]\npotential: { expression: phi^2 + chi }\n");
  writeFileSync(path.join(cwd, "binary.yaml"), new Uint8Array([0xff, 0x00, 0x01]));
  writeFileSync(path.join(cwd, "utf16.yaml"), "\uFEFFtime: { end: 1 }", "utf16le");
  mkdirSync(path.join(cwd, "full"));
  writeFileSync(path.join(cwd, "full", "a"), "");
  writeFileSync(path.join(cwd, "a-file"), "");
  writeFileSync(path.join(cwd, "there.npy"), "");
  mkdirSync(path.join(cwd, "folder.npy"));
  before = readdirSync(cwd, { recursive: true }) as string[];
});
afterAll(() => rmSync(cwd, { recursive: true }));

/** Exit 2, one clear line that begins with `place` and has `word` in it, nothing written. */
export async function refused(argv: readonly string[], input: string, place: string, word: string): Promise<void> {
  const { code, out, error } = await slowroll(argv, { cwd, input });
  // What is only known once the engine is there comes after its lines.
  const told = error.split("\n").filter((line) => line !== "" && !/^(engine|memory): /.test(line));
  expect(told).toHaveLength(1);
  expect(code).toBe(2);
  expect(out).toBe("");
  expect(told[0]).toMatch(/^slowroll: /);
  expect(told[0]!.startsWith(`slowroll: ${place}`), told[0]).toBe(true);
  expect(told[0]).toContain(word);
  expect(told[0]!.length).toBeLessThan(320);
  expect(error).not.toMatch(/\bat .*:\d+:\d+\)?$/m);
  expect(readdirSync(cwd, { recursive: true })).toEqual(before);
}
