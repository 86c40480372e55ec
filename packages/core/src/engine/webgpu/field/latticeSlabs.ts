/**
 * How a lattice stands on the device. Where one binding holds a realisation, its arrays are what the host's are. Where it does not, they
 * are cut into slabs: stretches of planes along the slowest axis, each in buffers of its own, which hold besides copies of the
 * neighbours' nearest planes, its ghosts. A kernel sees one slab, reads its neighbours' sites among the ghosts, and is the same for both;
 * between two sweeps lattice_ghosts.wgsl copies the ghosts anew, a few planes of the hundreds that a sweep moves.
 */
import { InputError } from "../../../errors.ts";
import { type Grid, type LatticeJob, type LatticeState, STENCILS } from "../../latticeJob.ts";
import { evenly } from "../evenly.ts";
import { type Gpu, largestArray } from "../gpu.ts";
import { loadKernel } from "../kernel.ts";
import type { Dispatch } from "../submit.ts";
import { latticeGhosts, withoutPotential } from "./latticeKernels.ts";
import type { Numbers } from "./latticeNumbers.ts";
import type { Setting, StateArrays } from "./latticeSteps.ts";

/** A stretch of planes: where it starts along the slowest axis, and how many. */
export interface Slab {
  readonly first: number;
  readonly planes: number;
}

export interface Layout {
  readonly slabs: readonly Slab[];
  /** Planes of each neighbour in a slab's arrays; 0 where one slab is the whole lattice. */
  readonly ghosts: number;
  /** Sites of a plane. */
  readonly plane: number;
  /** Sites from one field of a slab's array to the next, ghosts included: of all slabs those of the thickest. */
  readonly stride: number;
}

/** A lattice that is its own only slab. */
export function wholeLayout({ dimensions, points }: Pick<Grid, "dimensions" | "points">): Layout {
  const plane = points ** (dimensions - 1);
  return { slabs: [{ first: 0, planes: points }], ghosts: 0, plane, stride: points * plane };
}

/**
 * The fewest slabs, as alike as can be, that the adapter's bindings hold of one realisation whose numbers take `bytes` each, with ghosts for
 * sweeps of so many operations.
 * @throws InputError where no slabs do.
 */
export function layoutOf(
  limits: Pick<GPUSupportedLimits, "maxStorageBufferBindingSize" | "maxBufferSize">,
  { grid, fields }: Pick<LatticeJob, "grid" | "fields">,
  bytes: number,
  operations: 1 | 2 = 1,
): Layout {
  const { dimensions, points, stencil } = grid;
  const plane = points ** (dimensions - 1);
  const largest = largestArray(limits);
  const held = Math.floor(largest / (bytes * fields * plane));
  if (held >= points) return wholeLayout(grid);
  const ghosts = operations * STENCILS[stencil].length;
  const count = Math.ceil(points / Math.max(0, held - 2 * ghosts));
  // A slab's ghosts are its next neighbours' own planes.
  if (dimensions === 1 || !(Math.floor(points / count) >= ghosts)) {
    const values = fields * points ** dimensions;
    throw new InputError(
      `the lattice does not fit: ${values} values of one realisation take ${bytes * values} bytes, one binding of this adapter holds ${largest}, ${dimensions === 1 ? "and one dimension is not cut" : "too little for slabs of it"}; use fewer points or --engine cpu`,
      { path: "lattice.points" },
    );
  }
  const slabs = evenly(points, count).map(({ first, size }) => ({ first, planes: size }));
  return { slabs, ghosts, plane, stride: (Math.ceil(points / count) + 2 * ghosts) * plane };
}

/** Planes of the thickest slab. */
export const thickest = ({ slabs }: Layout): number => Math.max(...slabs.map(({ planes }) => planes));

/** A slab as slab.wgsl's Slab. */
export function slabUniform({ dimensions, points }: Pick<Grid, "dimensions" | "points">, layout: Layout, slab: Slab) {
  const along = (planes: number) => {
    const [x, y, z] = [...new Array<number>(dimensions - 1).fill(points), planes, 1, 1];
    return [x!, y!, z!] as const;
  };
  const { ghosts, stride } = layout;
  return { own: along(slab.planes), stride, sides: along(slab.planes + 2 * ghosts), ghosts };
}

/** Stretches of a slab's own values: where they start among the host's and in the slab's arrays, and how many they are. */
function* stretches({ slabs, ghosts, plane, stride }: Layout, { first, planes }: Slab, arrays: number) {
  if (slabs.length === 1) yield { host: 0, device: 0, count: arrays * stride };
  else {
    const last = slabs[slabs.length - 1]!;
    const sites = (last.first + last.planes) * plane;
    for (let array = 0; array < arrays; array++)
      yield { host: array * sites + first * plane, device: array * stride + ghosts * plane, count: planes * plane };
  }
}

/** Numbers that a state is packed by: one array of so many serves for all. */
const PACKED = 2 ** 20;

/** Puts a state into the slabs' own sites. */
export function writeState(
  gpu: Gpu,
  { realisations, fields }: LatticeJob,
  layout: Layout,
  { words, pack }: Numbers,
  arrays: readonly StateArrays[],
  state: LatticeState,
): void {
  const packed = new Float32Array(words * PACKED);
  for (const [s, slab] of layout.slabs.entries())
    for (const { host, device, count } of stretches(layout, slab, realisations * fields))
      for (const name of ["field", "momentum"] as const)
        for (let i = 0; i < count; i += PACKED) {
          const some = Math.min(PACKED, count - i);
          const data = pack(state[name].subarray(host + i, host + i + some), packed.subarray(0, words * some));
          // Taken over before it returns.
          gpu.device.queue.writeBuffer(arrays[s]![name], 4 * words * (device + i), data);
        }
}

/** Reads the slabs' own sites of one of a state's arrays into `target`, [realisations][fields][sites]. */
export async function readArray(
  gpu: Gpu,
  { realisations, fields }: LatticeJob,
  layout: Layout,
  { words, unpack }: Numbers,
  slabs: readonly GPUBuffer[],
  target: Float64Array,
): Promise<void> {
  for (const [s, slab] of layout.slabs.entries()) {
    await gpu.read(slabs[s]!, 4 * words * realisations * fields * layout.stride, (data) => {
      for (const { host, device, count } of stretches(layout, slab, realisations * fields))
        unpack(data.subarray(words * device, words * (device + count)), target.subarray(host, host + count));
    });
  }
}

/** What copies the ghosts of an array, given by its slabs, anew; nothing where there are none. */
export async function ghostCopies(
  { gpu, job, layout, specialisation, buffers }: Setting,
  slabs: readonly GPUBuffer[],
): Promise<Dispatch[]> {
  const { ghosts, plane, slabs: planned } = layout;
  if (ghosts === 0) return [];
  const { pipeline, workgroup, uniform, bind } = await loadKernel(
    gpu,
    latticeGhosts,
    withoutPotential(specialisation, job.fields),
  );
  const most = gpu.limits.maxComputeWorkgroupsPerDimension;
  const count = planned.length;
  const copies: Dispatch[] = [];
  // One after the other: what is made while another fails would be left behind.
  for (const [s, slab] of planned.entries()) {
    const before = (s + count - 1) % count;
    const values = { slab: slabUniform(job.grid, layout, slab), planesBefore: planned[before]!.planes };
    const data = new Uint32Array(uniform("params", values));
    const params = await buffers.upload("ghost parameters", data, GPUBufferUsage.UNIFORM);
    copies.push({
      pipeline,
      bindings: await bind({ before: slabs[before]!, behind: slabs[(s + 1) % count]!, renewed: slabs[s]!, params }),
      workgroups: [Math.min(most, Math.ceil((ghosts * plane) / workgroup[0])), job.fields, 1],
    });
  }
  return copies;
}
