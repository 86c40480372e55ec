/** Both reference jobs as an engine in float64. */
import type { Engine } from "@slowroll/core/engine/engine";
import { referenceEnsemble } from "./ensemble.ts";
import { referenceLattice } from "./lattice.ts";

export const referenceEngine: Engine = {
  info: {
    kind: "cpu",
    name: "reference",
    backend: "javascript",
    type: "software",
    precision: "float64",
    threads: 1,
    reason: "tests",
  },
  assertRoom: async () => {},
  trainEnsemble: async (job, onBatch) => {
    await onBatch(referenceEnsemble(job));
    return { engineSeconds: 0 };
  },
  evolveLattice: (job) => referenceLattice(job),
  close: async () => {},
};
