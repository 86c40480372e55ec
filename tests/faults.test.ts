/** What can go wrong between the program and a device, and the named error that each gives. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { openEngine } from "@slowroll/core/engine/open";
import { findAdapter } from "@slowroll/core/engine/webgpu/adapter";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { type KernelDeclaration, loadKernel } from "@slowroll/core/engine/webgpu/kernel";
import { unpackSoftwareDriver } from "@slowroll/core/engine/webgpu/software";
import { runSteps } from "@slowroll/core/engine/webgpu/submit";
import {
  DeviceLostError,
  EngineUnavailableError,
  GpuValidationError,
  OutOfDeviceMemoryError,
  ShaderCompileError,
} from "@slowroll/core/errors";
import { cacheRoot } from "@slowroll/core/files/cache";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

const evaluate: KernelDeclaration<"phi" | "value" | "gradient"> = {
  name: "potential/evaluate",
  bindings: ["phi", "value", "gradient"],
};
const GOOD =
  "const FIELDS = 1u; alias Fields = array<f32, FIELDS>; fn potentialValue(phi: Fields, realisation: u32) -> f32 { return phi[0]; } fn potentialGradient(phi: Fields, realisation: u32) -> Fields { return phi; }";

describe("kernels", () => {
  it("that do not compile show the line and the source around it", async () => {
    const bad = GOOD.replace("return phi[0];", "return phi[0] + true;");
    const error = await loadKernel(gpu, evaluate, { code: bad }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ShaderCompileError);
    expect((error as Error).message).toMatch(/potential\/evaluate\.wgsl:\d+:\d+: /);
    expect((error as Error).message).toContain("phi[0] + true");
    // The line that it names is the one that it shows under that number.
    const [, line] = /\.wgsl:(\d+):/.exec((error as Error).message)!;
    const shown = (error as Error).message.split("\n").find((text) => text.startsWith(`${line}: `));
    expect(shown).toContain("phi[0] + true");
  });
  it("are compiled once for the same text", async () => {
    const [first, second] = [
      await loadKernel(gpu, evaluate, { code: GOOD }),
      await loadKernel(gpu, evaluate, { code: GOOD }),
    ];
    expect(second.pipeline).toBe(first.pipeline);
    expect((await loadKernel(gpu, evaluate, { code: `${GOOD} ` })).pipeline).not.toBe(first.pipeline);
  });
  it("that are bound wrongly say so where they are bound", async () => {
    const kernel = await loadKernel(gpu, evaluate, { code: GOOD });
    const uniform = await gpu.buffer("only a uniform", 16);
    const wrong = { phi: uniform, value: uniform } as Record<"phi" | "value" | "gradient", GPUBuffer>;
    await expect(kernel.bind(wrong)).rejects.toThrow(GpuValidationError);
    uniform.destroy();
  });
});

describe("buffers", () => {
  it("larger than the adapter allows are refused by name", async () => {
    await expect(gpu.buffer("too large", 2 ** 40)).rejects.toThrow(OutOfDeviceMemoryError);
  });
  it("come back as they were sent", async () => {
    const data = Float32Array.from({ length: 37 }, (_, i) => i / 7);
    const buffer = await gpu.upload("data", data);
    expect(await gpu.download(buffer, data.byteLength)).toEqual(data);
    buffer.destroy();
  });
});

describe("a call that nothing looks after", () => {
  it("fails the next wait where the device refuses it, and no other", async () => {
    const buffer = await gpu.buffer("small", 16);
    gpu.device.queue.writeBuffer(buffer, 0, new Float32Array(8));
    await expect(gpu.finished()).rejects.toThrow(GpuValidationError);
    await gpu.finished();
    buffer.destroy();
  });
  it("is not held against the kernel that was being compiled", async () => {
    const buffer = await gpu.buffer("small", 16);
    gpu.device.queue.writeBuffer(buffer, 0, new Float32Array(8));
    const code = `${GOOD} // compiled here alone`;
    await expect(loadKernel(gpu, evaluate, { code })).rejects.toThrow(GpuValidationError);
    expect((await loadKernel(gpu, evaluate, { code })).pipeline).toBeDefined();
    buffer.destroy();
  });
});

describe("a lost device", () => {
  it("is a named error at the next wait", async () => {
    const doomed = await openGpu("software");
    doomed.device.destroy();
    await expect(doomed.finished()).rejects.toThrow(DeviceLostError);
    const pace = { secondsPerStep: 0 };
    await expect(runSteps(doomed, "lost", pace, 3, () => {})).rejects.toThrow(DeviceLostError);
    doomed.close();
  });
});

describe("the choice of an engine", () => {
  it.each([
    [{ engine: "cpu", adapter: "auto", precision: "compensated" }],
    [{ engine: "webgpu", adapter: "auto", precision: "float64" }],
    [{ engine: "auto", adapter: "auto", precision: "compensated" }],
    [{ engine: "auto", adapter: "hardware", precision: "float64" }],
    [{ engine: "webgpu", adapter: "a card that nobody has", precision: "float32" }],
  ] as const)("%j is refused with what to do", async (choice) => {
    await expect(openEngine(choice)).rejects.toThrow(EngineUnavailableError);
  });
  it("names the engines there are where another is asked for", async () => {
    const choice = { engine: "gpu" as "auto", adapter: "auto", precision: "float32" } as const;
    await expect(openEngine(choice)).rejects.toThrow("there is no engine gpu: use auto, webgpu or cpu");
  });
  it.each([0, 1.5, Number.NaN])("refuses %d threads", async (threads) => {
    const choice = { engine: "cpu", adapter: "auto", precision: "float32", threads } as const;
    await expect(openEngine(choice)).rejects.toMatchObject({ code: "badInput", path: "threads" });
  });
  it("takes the software adapter by its own name", async () => {
    expect((await findAdapter("swiftshader")).type).toBe("software");
  });
  it("takes a software rasteriser of the system's drivers by its name", async () => {
    // In this process the loader that came with the install has become the system's.
    const found = await findAdapter("shader driver");
    expect(found).toMatchObject({ type: "software", reason: 'adapter named "shader driver"' });
    await expect(findAdapter("shader drivers")).rejects.toThrow(/is named "shader drivers": found SwiftShader driver/);
  });
});

describe("the software driver", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-driver-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("has a place where the user has no home", () => {
    vi.stubEnv("XDG_CACHE_HOME", "");
    const homedir = vi.spyOn(os, "homedir").mockImplementation(() => {
      throw new Error("uv_os_homedir returned ENOENT");
    });
    expect(cacheRoot()).toBe(path.join(os.tmpdir(), "slowroll"));
    homedir.mockRestore();
    vi.unstubAllEnvs();
  });

  it("is unpacked once, whole, by however many ask at the same time", async () => {
    const root = path.join(folder, "cache");
    const places = await Promise.all([1, 2, 3].map(() => unpackSoftwareDriver(undefined, root)));
    expect(new Set(places).size).toBe(1);
    expect(readdirSync(places[0]!).sort()).toEqual([
      "libvk_swiftshader.so",
      "libvulkan.so.1",
      "vk_swiftshader_icd.json",
    ]);
    expect(readdirSync(root)).toHaveLength(1);
  });
  it("says where it cannot be unpacked, be there a folder or not", async () => {
    writeFileSync(path.join(folder, "file"), "");
    for (const root of [path.join(folder, "file", "cache"), "/proc"]) {
      const unpacked = unpackSoftwareDriver(undefined, root);
      await expect(unpacked).rejects.toThrow(EngineUnavailableError);
      await expect(unpacked).rejects.toThrow(`cannot be unpacked into ${root}: make it writable or set XDG_CACHE_HOME`);
    }
  });
  it("says that an archive is broken, and leaves nothing", async () => {
    const archive = path.join(folder, "broken.tar.br");
    writeFileSync(archive, "no archive");
    const root = path.join(folder, "empty");
    await expect(unpackSoftwareDriver(archive, root)).rejects.toThrow(EngineUnavailableError);
    expect(readdirSync(root)).toEqual([]);
  });
});
