/**
 * Finding an adapter through Dawn. `hardware` is whatever the system's own drivers offer that is not a software rasteriser; `software`
 * is the driver that comes with the install, or where none does the system's software rasteriser; a name is matched against the adapters'
 * descriptions, whatever they are.
 */
import { EngineUnavailableError } from "../../errors.ts";
import { loadSoftwareDriver } from "./software.ts";

/** `auto`, `hardware`, `software`, or part of an adapter's name. */
export type AdapterChoice = string;

export interface AdapterDescription {
  readonly name: string;
  readonly backend: string;
  readonly type: "hardware" | "software";
}

export interface FoundAdapter extends AdapterDescription {
  readonly adapter: GPUAdapter;
  readonly reason: string;
}

/**
 * Timestamps in full resolution; workgroup memory cleared by a loop in the shader, because SwiftShader compiles the extension's clearing
 * word by word, 25 s for 32 KiB; the 16 KiB of immediates and other defaults left as they are.
 */
const DAWN_OPTIONS: string[] = [
  "disable-dawn-features=timestamp_quantization,use_vulkan_zero_initialize_workgroup_memory_extension",
];

const SOFTWARE_NAMES = /swiftshader|llvmpipe|lavapipe|softpipe|microsoft basic render/i;

/** Dawn's instances, which are never let go: one that is collected while an event of its devices is still to come takes the process along. */
const instances: GPU[] = [];

/** Dawn: beside the bundle there may be none, and its binary does not load on every system. */
async function loadDawn() {
  try {
    return await import("webgpu");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new EngineUnavailableError(
      code === "ERR_MODULE_NOT_FOUND"
        ? "the webgpu package is not installed: install it beside this program, or use --engine cpu"
        : `the webgpu package does not load here: ${message.split("\n")[0]}; use --engine cpu`,
      { cause },
    );
  }
}

async function createInstance(): Promise<GPU> {
  const { create, globals } = await loadDawn();
  Object.assign(globalThis, globals);
  const instance = create(DAWN_OPTIONS);
  instances.push(instance);
  return instance;
}

function describe(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description } = adapter.info;
  const name = description || device || [vendor, architecture].filter(Boolean).join(" ") || "unnamed adapter";
  const software = adapter.info.isFallbackAdapter || SOFTWARE_NAMES.test(`${name} ${architecture} ${device}`);
  const backend = (adapter.info as { backend?: string }).backend;
  const platform: Partial<Record<NodeJS.Platform, string>> = { darwin: "metal", win32: "d3d12" };
  return { name, backend: backend ?? platform[process.platform] ?? "vulkan", type: software ? "software" : "hardware" };
}

/** Dawn prints a warning of its own where Linux has no Vulkan loader at all; looking first keeps the output clean. */
function hasVulkanLoader(): boolean {
  if (process.platform !== "linux") return true;
  try {
    process.dlopen({ exports: {} }, "libvulkan.so.1");
    return true;
  } catch (error) {
    return (error as Error).message.includes("did not self-register");
  }
}

/** What the system's own drivers offer, be it hardware or a software rasteriser. */
async function findSystem(): Promise<FoundAdapter | undefined> {
  if (!hasVulkanLoader()) return undefined;
  const instance = await createInstance();
  const adapter = await instance.requestAdapter({ powerPreference: "high-performance" });
  return adapter ? { ...describe(adapter), adapter, reason: "hardware adapter found" } : undefined;
}

/** The software adapter that comes with the install; where none does, the system's. */
async function findSoftware(reason: string): Promise<FoundAdapter> {
  try {
    await loadSoftwareDriver();
  } catch (error) {
    const system = await findSystem();
    if (system?.type === "software") return { ...system, reason };
    throw error;
  }
  const instance = await createInstance();
  const adapter = await instance.requestAdapter();
  if (!adapter) {
    throw new EngineUnavailableError(
      "the software adapter that comes with the install was not accepted by Dawn: run `slowroll doctor`",
    );
  }
  return { ...describe(adapter), adapter, reason };
}

/**
 * The adapter that `choice` asks for.
 * @throws EngineUnavailableError where there is none, saying what was found and what to install.
 */
export async function findAdapter(choice: AdapterChoice): Promise<FoundAdapter> {
  if (choice === "software") return findSoftware("software adapter asked for");
  const system = await findSystem();
  const hardware = system?.type === "hardware" ? system : undefined;
  if (choice === "auto") return hardware ?? findSoftware("no hardware adapter found, so the software adapter");
  if (choice === "hardware") {
    if (hardware) return hardware;
    throw new EngineUnavailableError(
      "no hardware adapter found: install the GPU's Vulkan driver (and libvulkan1), or use --adapter software",
    );
  }
  if (system?.name.toLowerCase().includes(choice.toLowerCase())) {
    return { ...system, reason: `adapter named ${JSON.stringify(choice)}` };
  }
  if ("swiftshader".includes(choice.toLowerCase())) return findSoftware(`adapter named ${JSON.stringify(choice)}`);
  throw new EngineUnavailableError(
    `no adapter is named ${JSON.stringify(choice)}: found ${system ? `${system.name}, ` : ""}the software adapter`,
  );
}
