/** Every file of examples/ is a config as it stands, and runs to its end when made small. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { slowroll } from "../apps/cli/test/inProcess.ts";
import { parseConfig } from "../packages/core/src/config/parse.ts";
import type { ConfigCommand } from "../packages/core/src/config/schema.ts";

const folder = path.resolve(import.meta.dirname, "..", "examples");
const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-examples-"));
afterAll(() => rmSync(cwd, { recursive: true }));

interface Example {
  readonly command: ConfigCommand;
  /** What makes it small. */
  readonly set: readonly string[];
}
const SMALL_ENSEMBLE = ["ensemble.size=16", "training.steps=20"];
const EXAMPLES: Readonly<Record<string, Example>> = {
  "band.yaml": { command: "network", set: [...SMALL_ENSEMBLE, "network.width=64"] },
  "depth.yaml": {
    command: "duality",
    set: ["ensemble.size=16", "network.width=32", "duality.hyperparameters.depth=[1,3]"],
  },
  "domainWalls.yaml": { command: "field", set: ["lattice.points=16", "time.end=1"] },
  "drift.yaml": { command: "duality", set: [...SMALL_ENSEMBLE, "duality.widths=[32,64]"] },
  // A small ensemble need not hold the checks of the large one.
  "duality.yaml": { command: "duality", set: [...SMALL_ENSEMBLE, "duality.widths=[32,64]", "duality.checks=[]"] },
  "field.yaml": { command: "field", set: [] },
  "frozen.yaml": { command: "field", set: ["lattice.points=16", "time.end=0.5"] },
  "kernel.yaml": { command: "kernel", set: [] },
  "lattice.yaml": { command: "field", set: ["lattice.points=8", "time.end=0.3"] },
  "modes.yaml": { command: "field", set: [] },
  "naturalInflation.yaml": {
    command: "field",
    set: ["lattice.points=16", "fluctuations.realisations=2", "time.end=0.5"],
  },
  "network.yaml": { command: "network", set: SMALL_ENSEMBLE },
  "outputs.yaml": { command: "network", set: [...SMALL_ENSEMBLE, "network.width=64"] },
  "perturbations.yaml": { command: "duality", set: ["network.width=512"] },
  "preheating.yaml": { command: "field", set: ["lattice.points=16", "time.end=2"] },
  "regression.yaml": { command: "network", set: [...SMALL_ENSEMBLE, "network.width=64"] },
  "resonance.yaml": { command: "field", set: ["time.end=1", "sweep={field.potential.parameters.q: [50, 60]}"] },
};

describe("examples", () => {
  it("are all named here", () => {
    expect(Object.keys(EXAMPLES)).toEqual(
      readdirSync(folder)
        .filter((file) => file.endsWith(".yaml"))
        .sort(),
    );
  });
  it.each(Object.entries(EXAMPLES))("%s", async (name, { command, set }) => {
    const file = path.join(folder, name);
    const text = readFileSync(file, "utf8");
    expect(text).toMatch(/^# yaml-language-server: .*\n# [A-Z]/);
    await expect(parseConfig(command, text, { source: file })).resolves.toBeDefined();
    const overrides = set.flatMap((change) => ["--set", change]);
    const argv = [command, file, ...overrides, "--engine", "cpu", "--quiet", "--json"];
    const { code, out, error } = await slowroll(argv, { cwd });
    expect(code, error).toBe(0);
    expect(error).not.toContain("warning");
    expect(JSON.parse(out).command).toBe(command);
  });
});
