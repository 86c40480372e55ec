/** The `kernel` command: theory alone, the infinite-width kernels of a network and its dictionary. */
import type { JobControl } from "../engine/engine.ts";
import { setupNetwork } from "../network/setup.ts";
import type { Standardisation } from "../network/standardise.ts";
import { nested } from "../network/statistics.ts";
import { CIRCLE_TARGETS, type NetworkStudy } from "../network/study.ts";
import { type Dictionary, dictionary } from "./dictionary.ts";

/** Keys as in the contract. */
export interface KernelResult {
  /** Names of several outputs, each of which has these kernels; there is none between two. */
  readonly outputs?: readonly string[];
  /** [D][d] inputs in the config's units, so that other programs can make kernels between the same points. */
  readonly data: { readonly inputs: number[][] };
  readonly nngp: number[][];
  readonly ntk: number[][];
  /** Of the NTK, descending. */
  readonly eigenvalues: number[];
  readonly eta: number;
  /** With the squared mass of each mode, lambda_i V''(0), in canonical time. */
  readonly dictionary: Dictionary & { readonly massSquared: number[] };
  /** What networks see of an input x: (x - shift) / scale, coordinate by coordinate. */
  readonly standardisation?: Standardisation;
  readonly warnings: readonly string[];
}

/** The data, whose targets kernels do not need: where there are none, 0 is what the learning rate is judged by. */
function untargeted({ data }: NetworkStudy): NetworkStudy["data"] {
  return data.targets === CIRCLE_TARGETS && !("circle" in data.inputs) ? { ...data, targets: "0" } : data;
}

/** Throws InputError and ExpressionError with the config path; InterruptedError. */
export async function kernelStudy(study: NetworkStudy, control: JobControl = {}): Promise<KernelResult> {
  const own = { ...study, data: untargeted(study) };
  const { data, kernels, spectrum, eta, potential, warnings } = await setupNetwork(own, control);
  const eigenvalues = Array.from(spectrum.values);
  const curvature = potential.hessian(0, 0, 0);
  return {
    ...(data.outputs > 1 ? { outputs: data.outputNames } : {}),
    data: { inputs: nested(data.given.inputs, data.dimension) },
    nngp: nested(kernels.nngp, data.points),
    ntk: nested(kernels.ntk, data.points),
    eigenvalues,
    eta,
    dictionary: {
      ...dictionary(eta, study.training.momentum),
      massSquared: eigenvalues.map((lambda) => lambda * curvature),
    },
    ...(data.standardisation ? { standardisation: data.standardisation } : {}),
    warnings,
  };
}
