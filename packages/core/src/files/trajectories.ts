/**
 * Every network's outputs in training as one file, written batch by batch, so that the ensemble never stands in memory:
 *   .npy       float64 [networks][records][data], of several outputs [networks][records][data][outputs], C order (numpy/lib/format.py,
 *              version 1.0)
 *   .parquet   columns network, step, datum, of several outputs component, and output, a row for each number of the same array in the
 *              same order; row groups of 2^18 rows, with the range of networks in each, whatever the batches were
 * The file has its name once it is complete: until then it is called FILE.partial.
 */
import fs from "node:fs";
import path from "node:path";
import { dataOf, type EnsembleBatch, type EnsembleJob, outputsOf } from "../engine/ensembleJob.ts";
import { InputError } from "../errors.ts";
import { beginReplacement, type Replacement } from "./replace.ts";
import { isOfFileSystem, unwritable } from "./unwritable.ts";

export interface TrajectoryFile {
  /** Appends the records of the job's next batch; the first batch makes the file. Throws UnwritableError where it cannot be written. */
  add(batch: EnsembleBatch, job: EnsembleJob): void;
  /** Gives the file its name. Throws UnwritableError where it cannot be written. */
  finish(): void;
  /** Removes what has been written unless it is finished; true where there was something. */
  abandon(): boolean;
}

/** One format's writing of the numbers that follow each other in the file. */
interface Sink {
  add(batch: EnsembleBatch): void;
  end(): void;
}
type Format = (partial: string, job: EnsembleJob) => Sink;

/** The header and its length fill whole blocks of 64 bytes, so that the numbers may be mapped. */
function npyHeader(shape: readonly number[]): Uint8Array {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length);
  bytes.set([0x93, ...Buffer.from("NUMPY"), 1, 0, (length - 10) & 0xff, (length - 10) >> 8]);
  bytes.set(Buffer.from(`${text.padEnd(length - 11)}\n`), 10);
  return bytes;
}

const npy: Format = (partial, job) => {
  const append = (bytes: Uint8Array) => fs.appendFileSync(partial, bytes);
  const C = outputsOf(job.architecture);
  append(npyHeader([job.networks.count, job.recordOutputs.length, dataOf(job), ...(C > 1 ? [C] : [])]));
  return {
    add: ({ outputs }) => append(new Uint8Array(outputs.buffer, outputs.byteOffset, outputs.byteLength)),
    end: () => {},
  };
};

/** Rows of a row group: a few megabytes. */
const GROUP = 2 ** 18;

async function parquet(): Promise<Format> {
  const { fileWriter, ParquetWriter } = await import("hyparquet-writer");
  const required = { repetition_type: "REQUIRED" } as const;
  return (partial, job) => {
    const [D, C] = [dataOf(job), outputsOf(job.architecture)];
    const component = C > 1 ? [{ name: "component", type: "INT32", ...required } as const] : [];
    const writer = new ParquetWriter({
      writer: fileWriter(partial),
      createdBy: "slowroll",
      statistics: false,
      schema: [
        { name: "trajectories", num_children: 4 + component.length },
        { name: "network", type: "INT32", converted_type: "UINT_32", ...required },
        { name: "step", type: "INT32", ...required },
        { name: "datum", type: "INT32", ...required },
        ...component,
        { name: "output", type: "DOUBLE", ...required },
      ],
    });
    const rows = {
      network: new Uint32Array(GROUP),
      step: new Int32Array(GROUP),
      datum: new Int32Array(GROUP),
      component: new Int32Array(GROUP),
      output: new Float64Array(GROUP),
    };
    let filled = 0;
    const writeGroup = (): void => {
      const column = <K extends keyof typeof rows>(name: K) => ({ name, data: rows[name].subarray(0, filled) });
      writer.write({
        rowGroupSize: GROUP,
        columnData: [
          { ...column("network"), statistics: true },
          column("step"),
          column("datum"),
          ...component.map(({ name }) => column(name)),
          // Random numbers have neither a dictionary nor anything to compress.
          { ...column("output"), encoding: "PLAIN", codec: "UNCOMPRESSED" },
        ],
      });
      filled = 0;
    };
    return {
      add({ first, count, outputs }) {
        let from = 0;
        for (let m = 0; m < count; m++) {
          for (const step of job.recordOutputs) {
            for (let i = 0; i < D * C; i++) {
              rows.network[filled] = first + m;
              rows.step[filled] = step;
              rows.datum[filled] = Math.floor(i / C);
              rows.component[filled] = i % C;
              rows.output[filled] = outputs[from++]!;
              if (++filled === GROUP) writeGroup();
            }
          }
        }
      },
      end() {
        if (filled > 0) writeGroup();
        writer.finish();
      },
    };
  };
}

/**
 * The file that `file` names, by its ending; nothing is made before the first batch.
 * @param place where on the command line or in the config the file is named
 * @throws InputError for another ending
 */
export async function createTrajectoryFile(file: string, place?: string): Promise<TrajectoryFile> {
  const ending = path.extname(file).toLowerCase();
  if (ending !== ".npy" && ending !== ".parquet")
    throw new InputError(`must end with .npy or .parquet, not ${file || "nothing"}`, { path: place });
  const format = ending === ".npy" ? npy : await parquet();
  let open: { readonly replacement: Replacement; readonly sink: Sink } | undefined;
  const writing = (work: () => void): void => {
    try {
      work();
    } catch (cause) {
      if (!isOfFileSystem(cause)) throw cause;
      throw unwritable(file, cause, { otherwise: "or name a file in another folder", path: place });
    }
  };
  return {
    add(batch, job) {
      writing(() => {
        if (!open) {
          const replacement = beginReplacement(file);
          open = { replacement, sink: format(replacement.partial, job) };
        }
        open.sink.add(batch);
      });
    },
    finish() {
      writing(() => {
        open?.sink.end();
        open?.replacement.commit();
      });
      open = undefined;
    },
    abandon() {
      const had = open !== undefined;
      open?.replacement.abandon();
      open = undefined;
      return had;
    },
  };
}
