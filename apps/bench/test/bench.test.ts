/** The benchmark's report: keys as in the contract, fractions of ceilings measured in the same run, peers reported where missing. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { VERSION } from "@slowroll/core/version";
import { describe, expect, it } from "vitest";
import { run } from "../src/program.ts";

async function bench(...argv: string[]): Promise<{ code: number; out: string; error: string }> {
  let out = "";
  let error = "";
  const code = await run(argv, {
    out: (text) => {
      out += text;
    },
    error: (text) => {
      error += text;
    },
  });
  return { code, out, error };
}

const ONCE_ON_CPU = ["--json", "--samples", "1", "--engine", "cpu", "--no-peers", "--filter"];

describe("slowroll-bench", () => {
  it("reports every kernel as a fraction of the nearer ceiling, and peers on the same work", async () => {
    const { code, out, error } = await bench("--json", "--samples", "1", "--adapter", "software");
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(Object.keys(report).sort()).toEqual(["ceilings", "curves", "engine", "kernels", "peers", "version"]);
    for (const kernel of report.kernels) {
      expect(Object.keys(kernel).sort()).toEqual([
        "ceiling",
        "fraction",
        "name",
        "precision",
        "rate",
        "samples",
        "size",
        "unit",
      ]);
      expect(kernel.fraction).toBeGreaterThan(0);
      expect(kernel.rate).toBeGreaterThan(0);
    }
    expect(new Set(report.peers.map(({ precision }: { precision: string }) => precision))).toEqual(
      new Set(["float32"]),
    );
    const peers = report.peers.map(({ name, missing }: { name: string; missing?: string }) => [
      name,
      missing !== undefined,
    ]);
    expect(peers).toContainEqual(["gpu.js cpu", false]);
    expect(peers).toContainEqual(["typed arrays", false]);
    const { sizes, seconds, exponent } = report.curves[0];
    expect(sizes).toEqual([64, 256, 1024, 4096]);
    expect((4096 / 64) ** exponent / (seconds[3] / seconds[0])).toBeCloseTo(1, 12);
    // Both precisions of the lattice, or a reason why not.
    const precisions = report.kernels
      .filter(({ name }: { name: string }) => name === "lattice, phi^4, Verlet")
      .map(({ precision }: { precision: string }) => precision);
    expect(precisions).toEqual(["float32", "compensated"]);
    expect(error).toMatch(/^leaving out train, two hidden layers, D 128, width 4096, float32: .+ s$/m);
  });
  it.each([
    ["ceilings", []],
    ["linalg/product", ["linalg/product"]],
  ])("gives what it has where it is interrupted in %s, and says so", async (during, measured) => {
    const interrupt = new AbortController();
    let [out, error] = ["", ""];
    const code = await run([...ONCE_ON_CPU, "linalg"], {
      out: (text) => {
        out += text;
      },
      error: (text) => {
        error += text;
        if (text.startsWith(`measuring ${during}`)) interrupt.abort();
      },
      signal: interrupt.signal,
    });
    expect(code).toBe(130);
    const { kernels, incomplete } = JSON.parse(out);
    expect(kernels.map(({ name }: { name: string }) => name)).toEqual(measured);
    expect(incomplete).toMatch(/^interrupted before linalg.(product|dots), /);
    expect(error).toContain("interrupted: it ends after this one; once more ends it at once\n");
    expect(error).toMatch(/^slowroll-bench: interrupted before /m);
  });
  it("measures the cpu engine in both precisions", async () => {
    const { code, out } = await bench(...ONCE_ON_CPU, "linalg");
    expect(code).toBe(0);
    const { engine, ceilings, kernels } = JSON.parse(out);
    expect(engine.kind).toBe("cpu");
    expect(ceilings.float64FlopsPerSecond).toBeGreaterThan(0);
    expect(new Set(kernels.map(({ precision }: { precision: string }) => precision))).toEqual(
      new Set(["float32", "float64"]),
    );
    // The best ceiling counts for `fraction`, those around each timing for `beside`.
    for (const { beside } of kernels) expect(beside).toBeGreaterThan(0);
  });
  it("measures the cpu engine's transforms as the field counts them", async () => {
    const { code, out } = await bench(...ONCE_ON_CPU, "fourier/transform");
    expect(code).toBe(0);
    const { kernels } = JSON.parse(out);
    const sizes = kernels.map(({ size, precision, unit }: Record<string, string>) => [size, precision, unit]);
    expect(sizes).toEqual(
      ["float32", "float64"].flatMap((precision) =>
        ["64^3", "128^3", "256^3"].map((size) => [size, precision, "flop/s"]),
      ),
    );
  });
  it("is readable without --json", async () => {
    const { code, out } = await bench(
      "--samples",
      "1",
      "--adapter",
      "software",
      "--filter",
      "lattice_step",
      "--no-peers",
    );
    expect(code).toBe(0);
    expect(out).toContain("field/lattice_step");
    expect(out).toMatch(/\d% copy/);
  });
  it("refuses a filter that is in no title before anything is measured", async () => {
    const { code, out, error } = await bench(...ONCE_ON_CPU, "linalgo");
    expect([code, out]).toEqual([2, ""]);
    expect(error).toMatch(
      /^slowroll-bench: --filter: no kernel and no job has "linalgo" in its title; titles begin with linalg\/product, .*, train, empirical kernels, lattice$/m,
    );
    expect(error).not.toContain("measuring");
  });
  it("measures gpu.js beside the engine where the filter names it", async () => {
    const { code, out } = await bench("--json", "--samples", "1", "--adapter", "software", "--filter", "gpu.js");
    expect(code).toBe(0);
    const { kernels, peers } = JSON.parse(out);
    expect(kernels).toEqual([]);
    for (const work of ["matrix step 256 x 256 x 128", "stencil 48^3"]) {
      const cpu = peers.find(
        (peer: { name: string; work: string }) => peer.name === "gpu.js cpu" && peer.work === work,
      );
      expect(cpu.ratio).toBeGreaterThan(0);
    }
  });
  it("finds one size in one precision", async () => {
    const { out } = await bench(...ONCE_ON_CPU, "fourier/transform, 64^3, float32");
    expect(JSON.parse(out).kernels.map(({ size, precision }: Record<string, string>) => [size, precision])).toEqual([
      ["64^3", "float32"],
    ]);
  });
  it("says its version", async () => {
    expect(await bench("--version")).toEqual({ code: 0, out: `${VERSION}\n`, error: "" });
  });
  it.each([
    [["--engine", "cpu", "--adapter", "software"], "--adapter: an adapter belongs to the webgpu engine"],
    [["--threads", "1001"], "from 1 to [0-9]+, as many as run at once"],
  ])("refuses %j before anything is measured", async (flags, message) => {
    const { code, out, error } = await bench("--filter", "no such kernel", ...flags);
    expect([code, out]).toEqual([2, ""]);
    expect(error).toMatch(new RegExp(`^slowroll-bench: .*${message}.*\n$`));
  });
  it("says that its output cannot be written", () => {
    const program = path.resolve(import.meta.dirname, "../bin/slowroll-bench.mjs");
    const { status, stderr } = spawnSync("sh", ["-c", `"${process.execPath}" "${program}" --help > /dev/full`], {
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^slowroll-bench: standard output: cannot be written: .*no space left.*\n$/);
    expect(status).toBe(2);
  });
  it.each([
    [["--samples", "0"], 2],
    [["--nonsense"], 2],
    [["--adapter", "nothing of that name"], 3],
  ])("%j ends with %d and one line", async (argv, expected) => {
    const { code, out, error } = await bench(...argv);
    expect(code).toBe(expected);
    expect(out).toBe("");
    expect(error.trim().split("\n")).toHaveLength(1);
  });
});
