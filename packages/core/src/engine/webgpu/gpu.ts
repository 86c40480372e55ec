/**
 * A device with the adapter's own limits, its buffers, and the errors WebGPU reports late turned into exceptions raised where the
 * cause was: every creation runs inside error scopes, and a lost device ends every wait with a DeviceLostError. No physics here.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DeviceLostError, EngineUnavailableError, GpuValidationError, OutOfDeviceMemoryError } from "../../errors.ts";
import { type AdapterChoice, type AdapterDescription, type FoundAdapter, findAdapter } from "./adapter.ts";
import { patiently } from "./patience.ts";

export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** All that the adapter says of itself, its driver's version among it where there is one: what measurements of it are kept under. */
  readonly identity: string;
  readonly reason: string;
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
  /** Waits for `promise`, the thread asleep for most of the time. Throws DeviceLostError, GpuValidationError of a call that was refused before. */
  guarded<T>(promise: Promise<T>): Promise<T>;
  /** Runs `create` inside error scopes. Throws GpuValidationError or OutOfDeviceMemoryError naming `label`. */
  checked<T>(label: string, create: () => T): Promise<T>;
  /** A zeroed buffer of at least `byteLength` bytes, rounded up to 16. Throws OutOfDeviceMemoryError, GpuValidationError. */
  buffer(label: string, byteLength: number, usage?: GPUBufferUsageFlags): Promise<GPUBuffer>;
  /** A storage buffer that holds `data`. */
  upload(label: string, data: Float32Array | Uint32Array, usage?: GPUBufferUsageFlags): Promise<GPUBuffer>;
  /**
   * The first `byteLength` bytes of a buffer (all by default) as float32 numbers: as they are when it is called, since the copy is
   * submitted before it returns.
   */
  download(buffer: GPUBuffer, byteLength?: number): Promise<Float32Array>;
  /** The same for `use` alone, without a copy: what large arrays are read by. */
  read(buffer: GPUBuffer, byteLength: number, use: (data: Float32Array) => void): Promise<void>;
  /** Resolves when all work is done that was submitted before. Throws DeviceLostError. */
  finished(): Promise<void>;
  /** Compiled pipelines by their whole text and layout, so that none is compiled twice. */
  readonly pipelines: Map<string, Promise<GPUComputePipeline>>;
  /** Destroys the device, so that the process can end. */
  close(): void;
}

const STORAGE = 0x80 | 0x08 | 0x04; // GPUBufferUsage.STORAGE | COPY_DST | COPY_SRC: the global exists only once Dawn is loaded
const READ_BACK = 0x01 | 0x08; // GPUBufferUsage.MAP_READ | COPY_DST

const FEATURES = ["timestamp-query"] as const;

/** Bytes of a buffer that holds so many: what `buffer` and `upload` make. */
export const bufferBytes = (byteLength: number): number => Math.max(16, Math.ceil(byteLength / 16) * 16);

/** Bytes that an array may have: buffers are made in multiples of 16, and bound whole. */
export const largestArray = ({
  maxStorageBufferBindingSize,
  maxBufferSize,
}: Pick<GPUSupportedLimits, "maxStorageBufferBindingSize" | "maxBufferSize">): number =>
  16 * Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / 16);

/** Limits as plain numbers; the limits object has its values on the prototype. */
function limitsOf({ limits }: GPUAdapter | GPUDevice): Record<string, number> {
  const plain: Record<string, number> = {};
  for (const name in limits) {
    const value = (limits as unknown as Record<string, unknown>)[name];
    if (typeof value === "number") plain[name] = value;
  }
  return plain;
}

/** What the device holds to: SwiftShader says that a buffer may have 2^30 bytes, and has no memory for one of more than 2^30 - 16. */
function keptLimits(device: GPUDevice, type: AdapterDescription["type"]): GPUSupportedLimits {
  const limits = limitsOf(device);
  if (type === "software") limits.maxBufferSize! -= 16;
  return limits as unknown as GPUSupportedLimits;
}

async function requestDevice({ adapter, name }: FoundAdapter): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({
      label: "slowroll",
      requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits: limitsOf(adapter),
    });
  } catch (cause) {
    throw new EngineUnavailableError(`adapter ${name} gives no device: ${(cause as Error).message}`, { cause });
  }
}

/** The waits for a device, which end when it is lost and tell what it has refused meanwhile, until it is closed. */
function waitsOn(device: GPUDevice, name: string): Pick<Gpu, "guarded" | "close"> {
  let lost: DeviceLostError | undefined;
  let closed = false;
  const whenLost = device.lost.then((info) => {
    lost = new DeviceLostError(`the device of ${name} was lost (${info.reason}): ${info.message || "no reason given"}`);
    throw lost;
  });
  whenLost.catch(() => {});
  // An error outside any scope would otherwise only be printed; it is kept and thrown at the next wait.
  let uncaptured: GPUError | undefined;
  device.onuncapturederror = (event) => {
    uncaptured ??= event.error;
  };
  return {
    async guarded<T>(promise: Promise<T>): Promise<T> {
      if (lost) throw lost;
      let result: T;
      try {
        result = await patiently(Promise.race([promise, whenLost]));
      } catch (error) {
        // Maps reject with an abort error an instant before `lost` resolves.
        await Promise.race([whenLost, sleep(20)]);
        throw lost ?? error;
      }
      if (uncaptured && !closed) {
        const { message } = uncaptured;
        uncaptured = undefined;
        throw new GpuValidationError(`WebGPU refused a call: ${message.split("\n")[0]}`);
      }
      return result;
    },
    close() {
      closed = true;
      device.destroy();
    },
  };
}

/** What runs creations on a device inside error scopes. */
const scopesOn = (device: GPUDevice, name: string, guarded: Gpu["guarded"]): Gpu["checked"] =>
  async function checked<T>(label: string, create: () => T): Promise<T> {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    let outcome: { result: T } | { error: unknown };
    try {
      outcome = { result: create() };
    } catch (error) {
      outcome = { error };
    }
    // Both scopes are popped whatever happened, else later errors land in them.
    const scopes = [device.popErrorScope(), device.popErrorScope()];
    const [invalid, full] = await guarded(Promise.all(scopes));
    // Memory first: what uses a buffer that was not to be had is invalid only in consequence.
    if (full) {
      throw new OutOfDeviceMemoryError(
        `${label}: ${name} is out of memory: use fewer networks, sites or a smaller width`,
      );
    }
    if (invalid) throw new GpuValidationError(`${label}: ${invalid.message.split("\n")[0]}`);
    if ("error" in outcome) throw outcome.error;
    return outcome.result;
  };

/** How buffers of a device are made, filled and read. */
function buffersOn({
  device,
  adapter: { name },
  limits,
  guarded,
  checked,
}: Pick<Gpu, "device" | "adapter" | "limits" | "guarded" | "checked">): Pick<
  Gpu,
  "buffer" | "upload" | "download" | "read"
> {
  const buffer: Gpu["buffer"] = async (label, byteLength, usage = 0) => {
    const size = bufferBytes(byteLength);
    if (size > limits.maxBufferSize) {
      throw new OutOfDeviceMemoryError(
        `${label}: ${size} bytes asked for, one buffer of ${name} holds ${limits.maxBufferSize}`,
      );
    }
    return checked(label, () => device.createBuffer({ label, size, usage: STORAGE | usage }));
  };
  const read: Gpu["read"] = async (source, byteLength, use) => {
    const size = Math.ceil(byteLength / 4) * 4;
    const label = `${source.label} read-back`;
    const staging = await checked(label, () => {
      const copied = device.createBuffer({ label, size, usage: READ_BACK });
      const encoder = device.createCommandEncoder({ label });
      encoder.copyBufferToBuffer(source, 0, copied, 0, size);
      device.queue.submit([encoder.finish()]);
      return copied;
    });
    try {
      await guarded(staging.mapAsync(0x01));
      use(new Float32Array(staging.getMappedRange()));
    } finally {
      staging.destroy();
    }
  };
  return {
    buffer,
    read,
    async upload(label, data, usage = 0) {
      const target = await buffer(label, data.byteLength, usage);
      device.queue.writeBuffer(target, 0, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
      return target;
    },
    async download(source, byteLength = source.size) {
      let copy!: Float32Array;
      await read(source, byteLength, (data) => {
        copy = data.slice();
      });
      return copy;
    },
  };
}

/**
 * Opens a device on the chosen adapter.
 * @throws EngineUnavailableError where there is no such adapter or it gives no device.
 */
export async function openGpu(choice: AdapterChoice = "auto"): Promise<Gpu> {
  const found = await findAdapter(choice);
  const { adapter, reason, name, backend, type } = found;
  const device = await requestDevice(found);
  const limits = keptLimits(device, type);
  const { guarded, close } = waitsOn(device, name);
  const opened = {
    device,
    adapter: { name, backend, type },
    limits,
    guarded,
    checked: scopesOn(device, name, guarded),
  };
  const { vendor, architecture, device: model, description } = adapter.info;
  return {
    ...opened,
    ...buffersOn(opened),
    identity: [vendor, architecture, model, description, backend].join("; "),
    reason,
    features: new Set(device.features),
    pipelines: new Map(),
    finished: () => guarded(device.queue.onSubmittedWorkDone()),
    close,
  };
}
