/** The identity of plain float64 on the host, where a command needs no engine. */
import type { EngineInfo } from "./engine.ts";

export const HOST: EngineInfo = {
  kind: "cpu",
  name: "host",
  backend: "javascript",
  type: "software",
  precision: "float64",
  threads: 1,
  reason: "theory and homogeneous fields need no engine",
};
