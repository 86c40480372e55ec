/** How an engine is chosen. Nothing falls back silently: what was asked for by name and cannot run is an error that says why. */
import { EngineUnavailableError } from "../errors.ts";
import type { Engine, EngineInfo, Precision } from "./engine.ts";

export interface EngineChoice {
  readonly engine: "auto" | "webgpu" | "cpu";
  /** `auto`, `hardware`, `software` or part of a name. Naming one means the webgpu engine. */
  readonly adapter: string;
  readonly precision: Precision;
}

/**
 * Opens the engine that the choice asks for.
 * @throws EngineUnavailableError (exit 3) where none offers it.
 */
export async function openEngine({ engine, adapter, precision }: EngineChoice): Promise<Engine> {
  if (engine === "cpu") {
    throw new EngineUnavailableError("the cpu engine is not built yet: use --engine webgpu (or auto)", {
      path: "--engine",
    });
  }
  if (precision !== "float32") {
    throw new EngineUnavailableError(`no engine here offers precision ${precision}: use precision: float32`, {
      path: "precision",
    });
  }
  const { openWebGpuEngine } = await import("./webgpu/engine.ts");
  return openWebGpuEngine(adapter);
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
    trainEnsemble: async (...job) => (await open()).trainEnsemble(...job),
    evolveLattice: async (...job) => (await open()).evolveLattice(...job),
    close: async () => {
      await opened?.close();
    },
  };
}
