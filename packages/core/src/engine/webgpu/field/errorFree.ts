/**
 * Whether an adapter's compiler leaves compensated numbers alone: it may reassociate sums, fuse products with them and take rounding for
 * nothing. So what a job's kernels are made of is tried on the adapter before the job relies on it, against float64.
 */
import { EngineUnavailableError } from "../../../errors.ts";
import type { CompensatedOperation } from "../../../potential/compensated.ts";
import { ownBuffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { type KernelDeclaration, loadKernel, type Specialisation } from "../kernel.ts";
import { submit } from "../submit.ts";
import { join, NUMBERS, split } from "./latticeNumbers.ts";
import { ALWAYS, LANES, type Trial, trialOf } from "./trials.ts";

const check: KernelDeclaration<"operands" | "results"> = {
  name: "field/compensated_check",
  bindings: ["operands", "results"],
};

/** What makes the kernel try operations: a case for each. */
export function trialSpecialisation(trials: readonly Trial[]): Specialisation {
  const files = new Set([NUMBERS.compensated.include, ...trials.map(({ include }) => include)]);
  return {
    code: [
      ...Array.from(files, (file) => `// include: ${file}`),
      "fn tried(operation: u32, x: Number, y: Number, lane: u32) -> Number {",
      "  switch operation {",
      ...trials.map(({ call }, t) => `    case ${t}u: { return ${call}; }`),
      "    default: { return exactly(0.0); }",
      "  }",
      "}",
    ].join("\n"),
  };
}

/** The first argument of an operation's at which it is off by more than its bound. */
function failure({ name, operands, reference, bound }: Trial, got: Float64Array): string | undefined {
  for (const [i, [x, y]] of operands.entries()) {
    const want = reference(x, y);
    const error = Math.abs(got[i]! - want);
    const allowed = bound(want, x, y);
    if (error <= allowed) continue;
    const named = /\by\b/.test(name) ? `x = ${x}, y = ${y}` : `x = ${x}`;
    return `${name} at ${named} is ${got[i]} and not ${want}, off by ${error.toExponential(1)} where ${allowed.toExponential(1)} is allowed`;
  }
  return undefined;
}

/** `specialisation` says what the operations are. Throws EngineUnavailableError. */
export async function assertTrials(
  gpu: Gpu,
  trials: readonly Trial[],
  specialisation: Specialisation = trialSpecialisation(trials),
): Promise<void> {
  const buffers = ownBuffers(gpu);
  try {
    const { pipeline, uniform, bind } = await loadKernel(gpu, check, specialisation);
    const data = split(Float64Array.from(trials.flatMap(({ operands }) => operands.flat())));
    const operands = await buffers.upload("operands", data);
    const results = await buffers.make("results", 8 * LANES * trials.length);
    const zero = new Uint32Array(uniform("params", { opaqueZero: 0 }));
    const params = await buffers.upload("check parameters", zero, GPUBufferUsage.UNIFORM);
    const bindings = await bind({ operands, results, params });
    submit(gpu, "check of compensated numbers", [{ pipeline, bindings, workgroups: [trials.length, 1, 1] }]);
    const got = join(await gpu.download(results, 8 * LANES * trials.length));
    for (const [t, trial] of trials.entries()) {
      const found = failure(trial, got.subarray(t * LANES, (t + 1) * LANES));
      if (found)
        throw new EngineUnavailableError(
          `${gpu.adapter.name} does not round as precision compensated needs: ${found}; use precision: float32, or float64 with --engine cpu`,
          { path: "precision" },
        );
    }
  } finally {
    buffers.destroy();
  }
}

/**
 * Tries what every lattice is made of.
 * @throws EngineUnavailableError where something is off by more than its bound.
 */
export const assertErrorFree = (gpu: Gpu): Promise<void> => assertTrials(gpu, ALWAYS);

/** What has been tried on a device. */
const passed = new WeakMap<Gpu, Set<CompensatedOperation>>();

/**
 * Tries what a job's potential is made of, each operation once for a device.
 * @throws EngineUnavailableError where something is off by more than its bound.
 */
export async function assertOperations(gpu: Gpu, operations: Iterable<CompensatedOperation>): Promise<void> {
  const before = passed.get(gpu) ?? new Set();
  const untried = [...operations].filter((operation) => !before.has(operation)).sort();
  if (untried.length > 0) await assertTrials(gpu, untried.map(trialOf));
  passed.set(gpu, new Set([...before, ...untried]));
}
