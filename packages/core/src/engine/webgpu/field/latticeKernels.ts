/** The declarations of the kernels that evolve and observe a lattice: names and bindings as in shaders/field/. */

import { InputError } from "../../../errors.ts";
import { emitCompensatedMonomials, emitCompensatedWgsl } from "../../../potential/compensated.ts";
import { fitsFloat32, float32 } from "../../../potential/emit.ts";
import type { Form } from "../../../potential/form.ts";
import { emitMonomials, emitWgsl, type Monomials } from "../../../potential/wgsl.ts";
import { type CoupledSchedule, type Grid, type LatticeJob, potentialsOf, STENCILS } from "../../latticeJob.ts";
import type { Buffers } from "../buffers.ts";
import { share } from "../evenly.ts";
import type { Kernel, KernelDeclaration, Specialisation } from "../kernel.ts";
import { NUMBERS, type Numbers } from "./latticeNumbers.ts";

const declare = <B extends string>(declaration: KernelDeclaration<B>): KernelDeclaration<B> => declaration;

/** A sweep's kernel in both forms of the same bindings: site by site, and marching (latticeMarch.ts). */
export interface SweepKernel<B extends string> {
  readonly sites: KernelDeclaration<B>;
  readonly march: KernelDeclaration<B>;
}

const declareSweep = <B extends string>(sites: KernelDeclaration<B>): SweepKernel<B> => ({
  sites,
  march: { ...sites, name: `${sites.name}_march` },
});

export const latticeStep = declareSweep({
  name: "field/lattice_step",
  bindings: ["field", "momentum", "fieldNext"],
  dynamic: ["operation"],
});

export const latticePair = declareSweep({
  name: "field/lattice_pair",
  bindings: ["field", "momentum", "fieldNext", "momentumNext"],
  dynamic: ["operation", "second"],
});

export const latticeGhosts = declare({ name: "field/lattice_ghosts", bindings: ["before", "behind", "renewed"] });

export const latticeCoupled = declareSweep({
  name: "field/lattice_coupled",
  bindings: ["field", "momentum", "firstField", "firstMomentum", "strengths", "fieldNext", "momentumNext", "sums"],
});

export const latticeGlobal = declare({
  name: "field/lattice_global",
  bindings: ["sums", "durations", "begun", "globals", "strengths", "records"],
  dynamic: ["turn", "slot"],
});

export const latticeMoments = declareSweep({
  name: "field/lattice_moments",
  bindings: ["field", "momentum", "firstField", "moments"],
  dynamic: ["slot"],
});

export const latticeCosine = declare({
  name: "field/lattice_cosine",
  bindings: ["field", "firstField", "cosines", "sums"],
  dynamic: ["slot"],
});

export const latticeHistogram = declare({ name: "field/lattice_histogram", bindings: ["field", "ranges", "counts"] });

/** A specialisation, what the numbers of the arrays that it declares are, and the constants of each potential that it serves. */
export interface LatticeSpecialisation extends Required<Specialisation> {
  readonly numbers: Numbers;
  readonly constantsOf: Form["constants"];
}

/** What lattice kernels are specialised by: the grid's dimensions and stencil, the numbers' kind, and the WGSL of the potential. */
export function latticeSpecialisation(
  { dimensions, stencil }: Pick<Grid, "dimensions" | "stencil">,
  potential: string,
  numbers: Numbers,
  constantsOf: Form["constants"] = new Map(),
): LatticeSpecialisation {
  const weights = STENCILS[stencil];
  const columns = dimensions === 1 ? 64 : 32;
  return {
    constants: { DIMENSIONS: dimensions, COLUMNS: columns, LINES: 64 / columns, REACH: weights.length },
    numbers,
    constantsOf,
    includes: [numbers.include],
    code: [
      `const WEIGHTS = array<Number, REACH>(${weights
        .map((weight) => Array.from(numbers.pack(Float64Array.of(weight)), (word) => word.toPrecision(9)))
        .map((words) => `Number(${words.join(", ")})`)
        .join(", ")});`,
      potential,
    ].join("\n"),
  };
}

/** The same for potentials of one form, in the WGSL of the numbers' kind. Throws InputError where a constant does not fit float32. */
export function potentialSpecialisation(
  grid: Pick<Grid, "dimensions" | "stencil">,
  form: Form,
  numbers: Numbers,
): LatticeSpecialisation {
  const potential = numbers === NUMBERS.compensated ? emitCompensatedWgsl(form) : emitWgsl(form);
  return latticeSpecialisation(grid, potential, numbers, form.constants);
}

/** What a kernel that asks no potential is specialised by: the same whatever it is. */
export const withoutPotential = ({ constants, includes }: Required<Specialisation>, fields: number) => ({
  constants: { ...constants, FIELDS: fields },
  includes,
});

/** Numbers in the uniform of constants.wgsl. */
export const MAX_CONSTANTS = 4096;

export const CONSTANTS_BYTES = 16 * MAX_CONSTANTS;

/** Numbers, [realisations][constants], as the uniform of constants.wgsl has them. */
export function constantsData(values: readonly number[], { pack }: Numbers): Float32Array<ArrayBuffer> {
  const data = new Float32Array(CONSTANTS_BYTES / 4);
  for (const [i, value] of values.entries()) data.set(pack(Float64Array.of(value)), 4 * i);
  return data;
}

/** The constants of a job's realisations on the device. Throws InputError where one does not fit float32. */
export function uploadConstants(
  job: LatticeJob,
  { constantsOf, numbers }: LatticeSpecialisation,
  buffers: Buffers,
): Promise<GPUBuffer> {
  const values = potentialsOf(job).flatMap((potential) => constantsOf.get(potential) ?? []);
  for (const value of values) float32(value);
  return buffers.upload("constants", constantsData(values, numbers), GPUBufferUsage.UNIFORM);
}

/** A coupled schedule's powers of q by the names of their functions in lattice_global.wgsl. */
export const monomialsOf = ({
  acceleration,
  laplacian,
  force,
  drift,
  clock,
}: Omit<CoupledSchedule, "kind" | "durations" | "initial">): Monomials => ({
  momentumSquareFactor: acceleration.momentumSquare,
  gradientFactor: acceleration.gradient,
  potentialFactor: acceleration.potential,
  laplacianFactor: laplacian,
  forceFactor: force,
  driftFactor: drift,
  clockFactor: clock,
});

/** Invocations of the workgroup that adds a realisation's sums, where the adapter has so many. */
const MAX_ADDERS = 1024;

/** Bytes of workgroup memory of each: three sums. */
const ADDER_BYTES = 24;

/**
 * Invocations that add so many partial sums, a power of two. Between two sweeps one workgroup adds and the rest of the device waits, so reads
 * that an invocation makes one after another count: of 16,384 sums 64 with the 256 invocations that every adapter has, 16 with 1,024, for two
 * barriers more. Adding parts in a dispatch before would leave two, but every operation would have that dispatch too; 4,096 sweepers would
 * leave 16 as well, but only a turn or two of workgroups to a large device, the last of them partly empty. Of few sums no more invocations
 * than sums: the others would only wait at barriers.
 */
export function adders(
  groups: number,
  limits: Pick<
    GPUSupportedLimits,
    "maxComputeInvocationsPerWorkgroup" | "maxComputeWorkgroupSizeX" | "maxComputeWorkgroupStorageSize"
  >,
): number {
  const most = Math.min(
    MAX_ADDERS,
    limits.maxComputeInvocationsPerWorkgroup,
    limits.maxComputeWorkgroupSizeX,
    limits.maxComputeWorkgroupStorageSize / ADDER_BYTES,
  );
  return 2 ** Math.min(Math.floor(Math.log2(most)), Math.ceil(Math.log2(groups)));
}

/** Sums of an invocation that its workgroup adds at once at most: what they take of its memory any adapter has. */
const MAX_PARTS = 8;

/** How a workgroup of a coupled schedule's sweep adds its sums, two and two of each field: in rounds of so many parts (coupled.wgsl). */
export function coupledSums(fields: number): { readonly PARTS: number; readonly ROUNDS: number } {
  const sums = 2 + 2 * fields;
  const rounds = Math.ceil(sums / MAX_PARTS);
  return { PARTS: Math.ceil(sums / rounds), ROUNDS: rounds };
}

/** What a coupled schedule's sweep is specialised by. */
export const coupledSpecialisation = (
  specialisation: LatticeSpecialisation,
  fields: number,
): LatticeSpecialisation => ({
  ...specialisation,
  constants: { ...specialisation.constants, ...coupledSums(fields) },
});

/** What moments are specialised by: those of momenta that sweeps sum are left out. */
export const momentsSpecialisation = (
  specialisation: LatticeSpecialisation,
  momenta: boolean,
): LatticeSpecialisation => ({ ...specialisation, constants: { ...specialisation.constants, MOMENTA: momenta } });

/**
 * What the kernel of a coupled schedule's q is specialised by, for so many invocations that add. Throws InputError where a factor does not fit
 * float32.
 */
export function globalSpecialisation(
  schedule: Parameters<typeof monomialsOf>[0],
  numbers: Numbers,
  fields: number,
  lanes: number,
): Specialisation {
  const monomials = monomialsOf(schedule);
  for (const { factor } of Object.values(monomials)) {
    if (fitsFloat32(factor)) continue;
    throw new InputError(
      `makes ${factor} a factor of the expansion, which float32 cannot hold; give fields in another unit, or use --engine cpu`,
      { path: "background.planckMass" },
    );
  }
  const emit = numbers === NUMBERS.compensated ? emitCompensatedMonomials : emitMonomials;
  const constants = { LANES: lanes, FIELDS: fields, ...coupledSums(fields) };
  return { constants, includes: [numbers.include], code: emit(monomials) };
}

/**
 * Workgroups of one realisation at most, each with one partial sum: as many as keep a large device busy, few enough to add quickly. A
 * software adapter runs as many as it has threads, and the barriers of each cost it as much as a thousand sites.
 */
export const MAX_SWEEPERS = { hardware: 16_384, software: 16 } as const;

/**
 * Workgroups [x, y, z] that sweep so many sites along each axis of one realisation in a coupled operation, at most `most`: each takes
 * lines of sites so far apart.
 */
export function sweepers(
  [along, across, planes]: readonly [number, number, number],
  [columns, lines]: Kernel<string>["workgroup"],
  most: number,
): readonly [number, number, number] {
  const x = share(Math.ceil(along / columns), most);
  const y = share(Math.ceil(across / lines), Math.floor(most / x));
  const z = share(planes, Math.floor(most / (x * y)));
  return [x, y, z];
}
