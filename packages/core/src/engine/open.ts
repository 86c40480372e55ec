/** How an engine is chosen. Nothing falls back silently: what was asked for by name and cannot run is an error that says why. */
import { EngineUnavailableError, InputError } from "../errors.ts";
import type { Engine, EngineInfo, EngineKind, Precision } from "./engine.ts";
import type { LatticePrecision } from "./webgpu/field/latticeNumbers.ts";

export interface EngineChoice {
  readonly engine: "auto" | "webgpu" | "cpu";
  /** `auto`, `hardware`, `software` or part of a name. Naming one means the webgpu engine. */
  readonly adapter: string;
  readonly precision: Precision;
  /** Threads of the cpu engine; one for each core where not given. */
  readonly threads?: number | undefined;
}

/** What each engine can keep a state in. */
const PRECISIONS: Readonly<Record<EngineKind, readonly Precision[]>> = {
  webgpu: ["float32", "compensated"],
  cpu: ["float32", "float64"],
};

/** Throws EngineUnavailableError where `kind` does not offer `precision`. */
function assertOffered(kind: EngineKind, precision: Precision): void {
  if (PRECISIONS[kind].includes(precision)) return;
  throw new EngineUnavailableError(
    `the ${kind} engine does not offer precision ${precision}: use ${PRECISIONS[kind].join(" or ")}${kind === "webgpu" && precision === "float64" ? ", or --engine cpu" : ""}`,
    { path: "precision" },
  );
}

async function openCpu({ precision, threads }: EngineChoice, reason: string): Promise<Engine> {
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0))
    throw new InputError(`must be a whole number of threads, not ${threads}`, { path: "threads" });
  const { openCpuEngine } = await import("./cpu/engine.ts");
  return openCpuEngine({ precision, threads, reason });
}

/**
 * Opens the engine that the choice asks for; `auto` takes the first that offers the precision, a hardware adapter before the cpu engine.
 * @throws EngineUnavailableError (exit 3) where none offers it; InputError for threads that are no whole number above 0.
 */
export async function openEngine(choice: EngineChoice): Promise<Engine> {
  const { engine, adapter, precision } = choice;
  // What is no TypeScript may ask for anything.
  if (engine !== "auto" && !Object.hasOwn(PRECISIONS, engine))
    throw new EngineUnavailableError(`there is no engine ${engine}: use auto, webgpu or cpu`, { path: "engine" });
  if (engine === "cpu") {
    assertOffered("cpu", precision);
    return openCpu(choice, "asked for");
  }
  if (engine === "webgpu" || adapter !== "auto") {
    assertOffered("webgpu", precision);
    const { openWebGpuEngine } = await import("./webgpu/engine.ts");
    return openWebGpuEngine(adapter, precision as LatticePrecision);
  }
  if (!PRECISIONS.webgpu.includes(precision)) {
    return openCpu(choice, `precision ${precision} is the cpu engine's`);
  }
  try {
    const { openWebGpuEngine } = await import("./webgpu/engine.ts");
    return await openWebGpuEngine("hardware", precision as LatticePrecision);
  } catch (error) {
    if (!(error instanceof EngineUnavailableError)) throw error;
    const [reason] = error.message.split(":") as [string];
    if (!PRECISIONS.cpu.includes(precision)) {
      throw new EngineUnavailableError(
        `no engine here offers precision ${precision}: ${reason}; use precision: float64, or --adapter software`,
        { path: "precision", cause: error },
      );
    }
    return openCpu(choice, reason);
  }
}

/** An engine that opens when its first job comes, so that what is wrong with a study is told before any device is asked for. */
export interface LazyEngine extends Engine {
  /** Undefined until the first job. */
  readonly opened: Engine | undefined;
}

/** `onOpen` hears of the engine before its first job runs. The jobs throw as `openEngine` does. */
export function lazyEngine(choice: EngineChoice, onOpen: (info: EngineInfo) => void): LazyEngine {
  let opening: Promise<Engine> | undefined;
  let opened: Engine | undefined;
  const open = (): Promise<Engine> => {
    opening ??= openEngine(choice).then((engine) => {
      opened = engine;
      onOpen(engine.info);
      return engine;
    });
    return opening;
  };
  return {
    get opened() {
      return opened;
    },
    get info() {
      if (!opened) throw new EngineUnavailableError("the engine opens with its first job");
      return opened.info;
    },
    assertRoom: async (job) => (await open()).assertRoom(job),
    trainEnsemble: async (...job) => (await open()).trainEnsemble(...job),
    evolveLattice: async (...job) => (await open()).evolveLattice(...job),
    close: async () => {
      // One that is still opening too; why it does not open, its jobs say.
      const engine = await opening?.catch(() => undefined);
      await engine?.close();
    },
  };
}
