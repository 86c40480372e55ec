/** How an engine is chosen. Nothing falls back silently: what was asked for by name and cannot run is an error that says why. */
import { EngineUnavailableError } from "../errors.ts";
import type { Engine, Precision } from "./engine.ts";

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
