/**
 * The lattice job on the CPU: the workers share one lattice, padded as packages/wasm/assembly/field/grid.ts says, and run whole stretches of
 * the schedule with the observations in them; the host adds the planes' float64 sums in order.
 */
import { InputError } from "../../errors.ts";
import { assemblePotential } from "../../potential/assemble.ts";
import type { JobControl, LatticeJob, LatticeReport, LatticeState, Observation } from "../engine.ts";
import { LARGEST_MEMORY, planMemory } from "./control.ts";
import { elementOf, type Pool, tooLarge } from "./pool.ts";

/** Bytes of observations kept before they are read. */
const OBSERVATION_BYTES = 32 * 2 ** 20;
/** Numbers of a plane's record: see assembly/field/observe.ts. */
const MOMENTS = 7;

const upTo = (count: number, multiple: number): number => Math.ceil(count / multiple) * multiple;

/** Strides in bytes, and the numbers of planes and rows. */
interface Layout {
  readonly planes: number;
  readonly rows: number;
  readonly rowBytes: number;
  readonly planeBytes: number;
  readonly fieldBytes: number;
  /** Bytes before the first row's first site. */
  readonly lead: number;
}

function layoutOf({ grid }: LatticeJob, size: 4 | 8): Layout {
  const { dimensions, points } = grid;
  const planes = dimensions === 1 ? 1 : points;
  const rows = dimensions === 3 ? points : 1;
  // Half a line on either side of a row: room for its periodic neighbours, and no power of two between rows.
  const rowBytes = upTo(points * size, 16) + 64;
  // Planes whole pages apart would meet in the same sets of the cache.
  const planeBytes = rows * rowBytes + (rows > 1 && (rows * rowBytes) % 4096 < 1024 ? 1088 : 0);
  return { planes, rows, rowBytes, planeBytes, fieldBytes: planes * planeBytes, lead: 32 };
}

/** Copies a packed array [realisations][fields][sites] into the rows at `address`, or from there. */
function copyRows(
  job: LatticeJob,
  { planes, rows, rowBytes, planeBytes, fieldBytes }: Layout,
  elements: Float32Array | Float64Array,
  address: number,
  packed: Float64Array,
  direction: "in" | "out",
): void {
  const { points } = job.grid;
  const size = elements.BYTES_PER_ELEMENT;
  let from = 0;
  for (let rf = 0; rf < job.realisations * job.fields; rf++) {
    for (let plane = 0; plane < planes; plane++) {
      for (let y = 0; y < rows; y++, from += points) {
        const at = (address + rf * fieldBytes + plane * planeBytes + y * rowBytes) / size;
        // Element by element: a view for each of millions of short rows would cost more than the copy.
        if (direction === "in") for (let x = 0; x < points; x++) elements[at + x] = packed[from + x]!;
        else for (let x = 0; x < points; x++) packed[from + x] = elements[at + x]!;
      }
    }
  }
}

export async function evolveLattice(
  pool: Pool,
  precision: "float32" | "float64",
  job: LatticeJob,
  control: JobControl = {},
): Promise<LatticeReport> {
  const { size, suffix } = elementOf(precision);
  const { grid, realisations, fields, reductions, observeAfter } = job;
  const { dimensions, points, spacing } = grid;
  const sites = points ** dimensions;
  const layout = layoutOf(job, size);
  const { planes, rowBytes, planeBytes, fieldBytes, lead } = layout;
  if (job.schedule.kind !== "prescribed") throw new InputError("not here yet", { path: "background" });
  const { coefficients } = job.schedule;
  const operations = coefficients.length / 3;
  const modes = reductions.filter((reduction) => reduction.kind === "cosine");
  const wantsMoments = reductions.some(({ kind }) => kind !== "cosine");
  const planeCount = realisations * fields * planes;
  const momentBytes = wantsMoments ? 8 * MOMENTS * planeCount : 0;
  const recordBytes = momentBytes + 8 * modes.length * planeCount;
  const capacity = Math.max(1, Math.min(observeAfter.length, Math.floor(OBSERVATION_BYTES / Math.max(1, recordBytes))));

  const plan = planMemory();
  const arrayBytes = realisations * fields * fieldBytes + 2 * lead;
  // The arrays start at different places within a page, as rows and planes do.
  const array = (offset: number): number => plan.place(arrayBytes + offset) + offset + lead;
  const field = [array(0), array(1344)] as const;
  const momentum = array(2688);
  const coefficientsAt = plan.place(24 * operations);
  const due = plan.place(4 * capacity);
  const momentsAt = plan.place(momentBytes * capacity);
  const cosinesAt = plan.place(8 * modes.length * planeCount * capacity);
  const modesAt = plan.place(12 * modes.length);
  const turnsAt = plan.place(8 * points);
  const forces = Array.from({ length: pool.threads }, () => plan.place(fields * rowBytes + 64));
  if (plan.bytes > LARGEST_MEMORY) throw tooLarge(plan.bytes, "lattice.points");

  const session = await pool.open(
    {
      activation: `linearRow${suffix}`,
      potential: await assemblePotential(job.potential, precision),
      bytes: plan.bytes,
      workers: pool.threads,
      setup: (worker) => [
        ["setGrid", dimensions, points, realisations, fields, rowBytes, planeBytes, fieldBytes],
        ["setLattice", field[0], field[1], momentum, coefficientsAt, forces[worker]!],
        ["setObservations", wantsMoments ? momentsAt : 0, cosinesAt, modes.length, modesAt, turnsAt],
      ],
    },
    "lattice.points",
  );
  const { memory } = session;
  const initial = await job.initial();
  const elements = size === 4 ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
  copyRows(job, layout, elements, field[0], initial.field, "in");
  copyRows(job, layout, elements, momentum, initial.momentum, "in");
  const doubles = new Float64Array(memory.buffer);
  const words = new Int32Array(memory.buffer);
  for (let o = 0; o < operations; o++) {
    doubles[coefficientsAt / 8 + 3 * o] = coefficients[3 * o]! / spacing ** 2;
    doubles[coefficientsAt / 8 + 3 * o + 1] = coefficients[3 * o + 1]!;
    doubles[coefficientsAt / 8 + 3 * o + 2] = coefficients[3 * o + 2]!;
  }
  for (let n = 0; n < points; n++) doubles[turnsAt / 8 + n] = Math.cos((2 * Math.PI * n) / points);
  for (const [m, { mode }] of modes.entries()) {
    // Grid indices run first to last; the kernel counts axes from the last.
    for (let axis = 0; axis < 3; axis++) {
      const n = mode[dimensions - 1 - axis] ?? 0;
      words[modesAt / 4 + 3 * m + axis] = ((n % points) + points) % points;
    }
  }

  const observations: Observation[] = [];
  const total = operations * realisations * fields * sites;
  let engineSeconds = 0;
  let done = 0;
  for (let next = 0; next < observeAfter.length || done < operations; ) {
    // A stretch: the operations up to the last observation that still finds a record; after the last one, all that are left.
    const stretch = observeAfter.slice(next, next + capacity);
    const from = done;
    const to = next + stretch.length < observeAfter.length ? stretch[stretch.length - 1]! : operations;
    words.set(stretch, due / 4);
    const before = from * realisations * fields * sites;
    const { seconds } = await session.run(
      () => [[`evolveLattice${suffix}`, from, to, due, stretch.length]],
      control,
      (units) => control.onProgress?.(before + units, total, "site updates"),
    );
    engineSeconds += seconds;
    done = to;
    next += stretch.length;
    for (const [record, afterOperation] of stretch.entries()) {
      const moments = doubles.subarray(
        (momentsAt + record * momentBytes) / 8,
        (momentsAt + (record + 1) * momentBytes) / 8,
      );
      const cosine = modes.map((_, m) => {
        const at = cosinesAt / 8 + (record * modes.length + m) * planeCount;
        return gatherCosine(doubles.subarray(at, at + planeCount), planes, sites);
      });
      observations.push({
        afterOperation,
        ...(wantsMoments ? gatherMoments(job, moments, planes) : {}),
        ...(modes.length > 0 ? { cosine } : {}),
      });
    }
  }

  const final: LatticeState = {
    field: new Float64Array(realisations * fields * sites),
    momentum: new Float64Array(realisations * fields * sites),
  };
  copyRows(job, layout, elements, field[operations % 2 === 0 ? 0 : 1], final.field, "out");
  copyRows(job, layout, elements, momentum, final.momentum, "out");
  return { engineSeconds, observations, snapshots: [], final };
}

/** The means that were asked for, from one observation's sums [realisations][fields][planes][MOMENTS]. */
function gatherMoments(job: LatticeJob, sums: Float64Array, planes: number): Omit<Observation, "afterOperation"> {
  const { realisations, fields } = job;
  const sites = job.grid.points ** job.grid.dimensions;
  const mean = (moment: number): Float64Array =>
    Float64Array.from({ length: realisations * fields }, (_, rf) => {
      let sum = 0;
      for (let plane = 0; plane < planes; plane++) sum += sums[(rf * planes + plane) * MOMENTS + moment]!;
      return sum / sites;
    });
  const above = mean(0);
  const square = mean(1);
  const potential = mean(5);
  const asked = new Set(job.reductions.map(({ kind }) => kind));
  return {
    ...(asked.has("field")
      ? {
          fieldMean: above.map((value, rf) => sums[rf * planes * MOMENTS + 6]! + value),
          fieldVariance: square.map((value, rf) => Math.max(0, value - above[rf]! ** 2)),
        }
      : {}),
    ...(asked.has("momentum") ? { momentumMean: mean(2), momentumSquare: mean(3) } : {}),
    ...(asked.has("gradient") ? { gradient: mean(4).map((value) => value / job.grid.spacing ** 2) } : {}),
    ...(asked.has("potential") ? { potential: potential.filter((_, rf) => rf % fields === 0) } : {}),
  };
}

/** 2 <phi cos(k.x)> from sums [realisations][fields][planes]. */
function gatherCosine(sums: Float64Array, planes: number, sites: number): Float64Array {
  return Float64Array.from({ length: sums.length / planes }, (_, rf) => {
    let sum = 0;
    for (let plane = 0; plane < planes; plane++) sum += sums[rf * planes + plane]!;
    return (2 * sum) / sites;
  });
}
