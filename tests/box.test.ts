/** The bundle runs with Node alone from an empty folder: only `webgpu` beside it, no sources, no node_modules of ours. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { unpackSoftwareDriver } from "@slowroll/core/engine/webgpu/software";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const box = mkdtempSync(path.join(os.tmpdir(), "slowroll-box-"));
const require = createRequire(path.join(root, "packages/core/package.json"));

/** Copies an installed package with what it needs itself, as an offline machine would be handed it. */
function carry(name: string): void {
  const entry = require.resolve(name);
  const marker = `${path.sep}node_modules${path.sep}${name}${path.sep}`;
  const folder = entry.slice(0, entry.lastIndexOf(marker) + marker.length);
  mkdirSync(path.join(box, "node_modules", name), { recursive: true });
  cpSync(folder, path.join(box, "node_modules", name), { recursive: true, dereference: true });
}

beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, [path.join(root, "scripts/bundle.mjs")], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  cpSync(path.join(root, "dist/box"), path.join(box, "box"), { recursive: true });
  carry("webgpu");
  // The adapter of this machine, where it has no GPU.
  carry("@sparticuz/chromium");
});
afterAll(() => rmSync(box, { recursive: true }));

const run = (program: string, ...argv: string[]) =>
  spawnSync(process.execPath, [path.join(box, "box", program), ...argv], {
    cwd: box,
    encoding: "utf8",
    env: { PATH: "", HOME: box },
  });

it("takes no folder's place that holds something else than a bundle", () => {
  const folder = path.join(box, "thesis");
  mkdirSync(folder);
  writeFileSync(path.join(folder, "chapter"), "one");
  const bundle = [path.join(root, "scripts/bundle.mjs"), folder];
  const { status, stderr } = spawnSync(process.execPath, bundle, { encoding: "utf8" });
  expect(stderr).toMatch(/^bundle: .*thesis holds something else than a bundle: name an empty folder/);
  expect(status).toBe(2);
  expect(readdirSync(folder)).toEqual(["chapter"]);
});

describe("the box", () => {
  it("holds two programs, and the HDF5 library and the workers beside them", () => {
    expect(
      readdirSync(path.join(root, "dist/box"))
        .filter((name) => name.endsWith(".mjs"))
        .sort(),
    ).toEqual(["eigenWorker.mjs", "hdf5.mjs", "slowroll-bench.mjs", "slowroll.mjs", "worker.mjs"]);
  });
  it("writes and reads HDF5 files", () => {
    const script = `const { ready, File } = await import("./box/hdf5.mjs");
      await ready;
      const written = new File("numbers.h5", "w");
      written.create_dataset({ name: "numbers", data: Float64Array.of(1, 2.5) });
      written.close();
      console.log(new File("numbers.h5", "r").get("numbers").value.join());`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: box,
      encoding: "utf8",
      env: { PATH: "", HOME: box },
    });
    expect(stderr).toBe("");
    expect(stdout).toBe("1,2.5\n");
  });
  it.each(["webgpu", "cpu"])("runs a study with its report on the %s engine", (engine) => {
    const { status, stderr } = run(
      "slowroll.mjs",
      "network",
      "--set",
      "network.width=16",
      "--set",
      "ensemble.size=4",
      "--set",
      "training.steps=5",
      "--out",
      engine,
      ...(engine === "webgpu" ? ["--adapter", "software"] : ["--engine", "cpu", "--set", "precision=float64"]),
    );
    expect(status, stderr).toBe(0);
    expect(existsSync(path.join(box, engine, "plots", "trajectories.svg"))).toBe(true);
    expect(readFileSync(path.join(box, engine, "report.html"), "utf8")).toContain("vegaEmbed");
  });
  it("runs on the cpu engine where a GPU's driver is and no webgpu package", async () => {
    const alone = mkdtempSync(path.join(os.tmpdir(), "slowroll-alone-"));
    onTestFinished(() => rmSync(alone, { recursive: true }));
    cpSync(path.join(root, "dist/box"), alone, { recursive: true });
    const driver = await unpackSoftwareDriver();
    const lattice = ["--set", "lattice.points=8", "--set", "time.end=0.1", "--set", "time.step=0.01"];
    const field = (...argv: string[]) =>
      spawnSync(process.execPath, [path.join(alone, "slowroll.mjs"), "field", ...lattice, ...argv], {
        cwd: alone,
        encoding: "utf8",
        env: { PATH: "", HOME: alone, LD_LIBRARY_PATH: driver },
      });
    const asked = field("--engine", "webgpu");
    expect(asked.stderr).toBe(
      "slowroll: the webgpu package is not installed: install it beside this program, or use --engine cpu\n",
    );
    expect(asked.status).toBe(3);
    const { status, stderr } = field();
    expect(stderr).toMatch(/^engine: cpu .*: the webgpu package is not installed\n/);
    expect(status).toBe(0);
  });
  it("runs the benchmark", () => {
    const { status, stdout, stderr } = run(
      "slowroll-bench.mjs",
      "--json",
      "--samples",
      "1",
      "--filter",
      "field/",
      "--adapter",
      "software",
    );
    expect(status, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.ceilings.copyBytesPerSecond).toBeGreaterThan(0);
    expect(report.kernels.map(({ name }: { name: string }) => name)).toEqual([
      "field/lattice_step",
      "field/lattice_step_march",
      "field/lattice_pair",
      "field/lattice_pair_march",
      "field/lattice_moments",
      "field/lattice_moments_march",
      "field/lattice_cosine",
      "field/lattice_histogram",
      "field/lattice_ghosts",
      "field/lattice_coupled",
      "field/lattice_coupled_march",
      "field/lattice_global",
    ]);
  });
});
