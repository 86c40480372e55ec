/** The `kernel` command: theory alone, the infinite-width kernels of a network and its dictionary. */
import type { JobControl } from "../engine/engine.ts";
import { nested } from "../lists.ts";
import { type NetworkSetup, setupKernels, setupNetwork } from "../network/setup.ts";
import type { Standardisation } from "../network/standardise.ts";
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
  /** Of the NTK, descending; none where the study wants none. */
  readonly eigenvalues?: number[];
  /** This and `dictionary` are missing where a relative learning rate has no eigenvalue to be relative to. */
  readonly eta?: number;
  /** With the squared mass of each mode, lambda_i V''(0), in canonical time. */
  readonly dictionary?: Dictionary & { readonly massSquared?: number[] };
  /** What networks see of an input x: (x - shift) / scale, coordinate by coordinate. */
  readonly standardisation?: Standardisation;
  readonly warnings: readonly string[];
}

/** The data, whose targets kernels do not need: where there are none, 0 is what the learning rate is judged by. */
function untargeted({ data }: NetworkStudy): NetworkStudy["data"] {
  return data.targets === CIRCLE_TARGETS && !("circle" in data.inputs) ? { ...data, targets: "0" } : data;
}

/** `eigenvalues`: whether they are found, which of D data takes D^3 and of thousands minutes; they are unless told. */
type KernelStudy = Omit<NetworkStudy, "observe"> & { readonly observe?: object & { readonly eigenvalues?: boolean } };

type Known = Pick<KernelResult, "eigenvalues" | "eta" | "dictionary" | "warnings">;

/** The dictionary as far as it is known without eigenvalues. */
function withoutEigenvalues(
  { warnings }: NetworkSetup["data"],
  { learningRate, momentum }: NetworkStudy["training"],
): Known {
  if (typeof learningRate === "number")
    return { eta: learningRate, dictionary: dictionary(learningRate, momentum), warnings };
  return {
    warnings: [
      ...warnings,
      "training.learningRate: a relative one needs observe.eigenvalues: there are no eta and no dictionary",
    ],
  };
}

function withEigenvalues(
  { spectrum, eta, potential, warnings }: NetworkSetup,
  { momentum }: NetworkStudy["training"],
): Known {
  const eigenvalues = Array.from(spectrum.values);
  const curvature = potential.hessian(0, 0, 0);
  const massSquared = eigenvalues.map((lambda) => lambda * curvature);
  return { eigenvalues, eta, dictionary: { ...dictionary(eta, momentum), massSquared }, warnings };
}

/** Throws InputError and ExpressionError with the config path; InterruptedError. */
export async function kernelStudy(study: KernelStudy, control: JobControl = {}): Promise<KernelResult> {
  const { observe, ...given } = study;
  const { training } = study;
  const own = { ...given, data: untargeted(given) };
  const whole = (observe?.eigenvalues ?? true) ? await setupNetwork(own, control) : undefined;
  const { data, kernels } = whole ?? (await setupKernels(own, control));
  return {
    ...(data.outputs > 1 ? { outputs: data.outputNames } : {}),
    data: { inputs: nested(data.given.inputs, data.dimension) },
    nngp: nested(kernels.nngp, data.points),
    ntk: nested(kernels.ntk, data.points),
    ...(whole ? withEigenvalues(whole, training) : withoutEigenvalues(data, training)),
    ...(data.standardisation ? { standardisation: data.standardisation } : {}),
  };
}
