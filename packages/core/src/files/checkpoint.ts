/**
 * A lattice run's state between two steps as an HDF5 file, from which the run goes on to the same numbers: every float64 comes back with the
 * same bits. Layout, R realisations of F fields on points^dimensions sites:
 *   attributes                    config (JSON), version, fields, seed, step, alphaTime, grid, precision, parts (JSON), and a digest of all these
 *   field, momentum               [R][F][points]..., one index for each dimension, the last fastest
 *   global                        [R][3]: q, q' and the clock, where the schedule is coupled
 *   parts/1, parts/2, ...         consecutive realisations that have come equally far:
 *     observations/, snapshots/   one dataset for each quantity that was asked for, its first index counting the records
 */
import { createHash } from "node:crypto";
import type { Precision } from "../engine/engine.ts";
import type { LatticeCheckpoint, Reached } from "../engine/latticeJob.ts";
import { InputError } from "../errors.ts";
import type { LatticeSpec } from "../field/study.ts";
import { type Attribute, type Hdf5Content, readHdf5, writeHdf5 } from "./hdf5.ts";
import { observationGroup, readObservations, readSnapshots, snapshotGroup, UNITS } from "./records.ts";

export interface FieldCheckpoint {
  /** The run's config with all defaults filled in; of a sweep's points that are evolved together a list of theirs. */
  readonly config: object;
  /** Of slowroll. */
  readonly version: string;
  /** The fields' names, in order. */
  readonly fields: readonly string[];
  readonly seed?: number;
  /** Steps done; where some realisations wait for others, of those that are evolved. */
  readonly step: number;
  /** eta after them. */
  readonly alphaTime: number;
  readonly grid: Pick<LatticeSpec, "dimensions" | "points" | "length" | "stencil">;
  readonly precision: Precision;
  readonly checkpoint: LatticeCheckpoint;
}

const FORMAT = "slowroll checkpoint";
const FORMAT_VERSION = 3;

const AXES = ["x", "y", "z"];
const STATE = {
  field: "phi at every site",
  momentum: "pi = a^(3 - alpha) dphi/d eta at every site",
} as const;

/** Of consecutive realisations, without their records. */
type PartHeader = Pick<Reached, "realisations" | "operation">;

/** All that is not an array. */
function header(
  { config, version, fields, seed, step, alphaTime, grid, precision }: Omit<FieldCheckpoint, "checkpoint">,
  parts: readonly PartHeader[],
): Record<string, Attribute> {
  return {
    format: FORMAT,
    formatVersion: BigInt(FORMAT_VERSION),
    config: JSON.stringify(config),
    version,
    fields,
    ...(seed === undefined ? {} : { seed }),
    step: BigInt(step),
    alphaTime,
    dimensions: BigInt(grid.dimensions),
    points: BigInt(grid.points),
    length: grid.length,
    stencil: BigInt(grid.stencil),
    precision,
    parts: JSON.stringify(parts.map(({ realisations, operation }) => ({ realisations, operation }))),
  };
}

/** HDF5 keeps no checksum of text attributes. */
const digestOf = (attributes: Record<string, Attribute | undefined>): string =>
  createHash("sha256")
    .update(JSON.stringify(attributes, (_, value) => (typeof value === "bigint" ? `${value}n` : value)))
    .digest("hex");

/**
 * Writes a checkpoint, whole or not at all: killed at any moment, the process leaves the checkpoint before or this one.
 * @throws UnwritableError where the file cannot be written; the old file is then as it was
 */
export async function writeCheckpoint(file: string, saved: FieldCheckpoint): Promise<void> {
  const { grid, fields, checkpoint } = saved;
  const F = fields.length;
  const side = new Array<number>(grid.dimensions).fill(grid.points);
  const R = checkpoint.state.field.length / (F * grid.points ** grid.dimensions);
  const state = Object.entries(STATE).map(([name, description]) => [
    name,
    {
      data: checkpoint.state[name as keyof typeof STATE],
      shape: [R, F, ...side],
      units: UNITS,
      description,
      dimensions: ["realisation", "field", ...AXES.slice(0, grid.dimensions)],
    },
  ]);
  const attributes = header(saved, checkpoint.parts);
  await writeHdf5(file, {
    attributes: { ...attributes, digest: digestOf(attributes) },
    members: {
      ...Object.fromEntries(state),
      ...(checkpoint.global
        ? {
            global: {
              data: checkpoint.global,
              shape: [R, 3],
              units: UNITS,
              description: "q, q' and the clock",
              dimensions: ["realisation", "quantity"],
            },
          }
        : {}),
      parts: {
        members: Object.fromEntries(
          checkpoint.parts.map(({ realisations, observations, snapshots }, p) => [
            `${p + 1}`,
            {
              members: {
                observations: observationGroup(observations, realisations, F),
                snapshots: snapshotGroup(snapshots, realisations, F, grid.points),
              },
            },
          ]),
        ),
      },
    },
  });
}

/** What `header` wrote. Throws InputError for other files, other versions and garbled text. */
function readHeader(content: Hdf5Content, file: string, place: string | undefined) {
  const refuse = (what: string): never => {
    throw new InputError(`${file} ${what}`, { path: place });
  };
  if (content.attribute("format") !== FORMAT) return refuse("is an HDF5 file but no checkpoint of slowroll");
  const formatVersion = Number(content.attribute("formatVersion"));
  if (formatVersion !== FORMAT_VERSION)
    return refuse(`has checkpoint format ${formatVersion}, this version of slowroll reads ${FORMAT_VERSION}`);
  const value = (name: string) => content.attribute(name);
  const number = (name: string) => Number(value(name));
  const seed = value("seed");
  try {
    const read = {
      config: JSON.parse(value("config") as string) as object,
      version: value("version") as string,
      fields: value("fields") as string[],
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      step: number("step"),
      alphaTime: number("alphaTime"),
      grid: {
        dimensions: number("dimensions") as 1 | 2 | 3,
        points: number("points"),
        length: number("length"),
        stencil: number("stencil") as FieldCheckpoint["grid"]["stencil"],
      },
      precision: value("precision") as Precision,
    };
    const parts = JSON.parse(value("parts") as string) as PartHeader[];
    if (digestOf(header(read, parts)) === value("digest")) return { ...read, parts };
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause;
  }
  return refuse("is damaged: its header does not match its digest; use an older checkpoint");
}

/**
 * Reads a checkpoint. Of studies that are evolved together some may have diverged, and their states are not finite: it is at the end that
 * this is told.
 * @param place where in the config or on the command line the file is named
 * @throws InputError where the file cannot be read, is damaged or truncated, or is no checkpoint
 */
export async function readCheckpoint(file: string, place?: string): Promise<FieldCheckpoint> {
  return readHdf5(
    file,
    (content) => {
      const { parts, ...read } = readHeader(content, file, place);
      const { dimensions, points } = read.grid;
      const F = read.fields.length;
      const R = content.shape("field")[0]!;
      const shape = [R, F, ...new Array<number>(dimensions).fill(points)];
      return {
        ...read,
        checkpoint: {
          state: {
            field: content.numbers("field", { shape }),
            momentum: content.numbers("momentum", { shape }),
          },
          ...(content.has("global") ? { global: content.numbers("global", { shape: [R, 3] }) } : {}),
          parts: parts.map((part, p) => ({
            ...part,
            observations: readObservations(content, `parts/${p + 1}`, part.realisations, F),
            snapshots: readSnapshots(content, `parts/${p + 1}`, part.realisations, F, points),
          })),
        },
      };
    },
    place,
  );
}
