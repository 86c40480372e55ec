/**
 * The state files of CosmoLattice (Figueroa, Florio, Torrenti and Valkenburg, arXiv:2102.01031) as initial states. It writes them where a run has
 * `save_dir` or `tBackupFreq` and HDF5 was compiled in (saveSim in CosmoInterface/simulationmanager.h, FileSaverHDF5 in
 * TempLat/lattice/IO/HDF5/filesaverhdf5.h). In the root group stand
 *   scalar_0, pi_scalar_0, scalar_1, ...   [points] for each dimension, last index fastest, double or float as it was compiled
 *   aI, aDotI, tSave, ...                  one number each: a, da/d eta and eta
 *   Parameters                             strings of 256 bytes, "name=value"
 * in program units (fields over f_*, times times omega_*), with pi = a^(3 - alpha) dphi/d eta as here. Complex scalars, gauge fields and
 * gravitational waves, which stand beside, are not read.
 *
 * Names and layout are from the source: v1.0 (3e6ac513), v1.1.2 (010caeea) and v1.3 (a5654d64), and commit e1dce47b with TempLat e81ac9c8, are
 * alike in this; so is v2.0.0 (0dad16ec) in saveSim, the TempLat that it fetches was not looked at. No file that CosmoLattice itself wrote
 * was at hand: the tests read files that h5py laid out so, with numbers that a run of e1dce47b ended at.
 */
import type { LatticeState } from "../engine/latticeJob.ts";
import { InputError } from "../errors.ts";
import type { LatticeSpec } from "../field/study.ts";
import { readHdf5 } from "./hdf5.ts";

export interface CosmoLatticeState extends LatticeState {
  readonly scaleFactor: number;
  /** da/d eta. */
  readonly scaleFactorVelocity: number;
  /** eta. */
  readonly alphaTime: number;
  /** As in the run's parameter file. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The side of a saved state's box where its scale factor is 1: a times the run's comoving `lSide`, or 2 pi/`kIR`; undefined where the file's
 * parameters have neither.
 */
export function boxSide({ scaleFactor, parameters }: CosmoLatticeState): number | undefined {
  const side = Number(parameters.lSide ?? (2 * Math.PI) / Number(parameters.kIR));
  return side > 0 && Number.isFinite(side) ? scaleFactor * side : undefined;
}

/** CosmoLattice's default, by name and by number. */
const LEAPFROG = ["LF", "0"];

/**
 * Reads real scalar singlets 0 .. fields - 1: field and momentum are [fields][sites].
 * @param place where in the config the file is named
 * @throws InputError where the file cannot be read or is of another kind, the lattice is not of that size, a value is not finite, or the
 *   run's integrator was leapfrog, which saves each momentum half a step before its field
 */
export async function readCosmoLattice(
  file: string,
  { dimensions, points, fields }: Pick<LatticeSpec, "dimensions" | "points"> & { readonly fields: number },
  place?: string,
): Promise<CosmoLatticeState> {
  return readHdf5(
    file,
    (content) => {
      const parameters: Record<string, string> = Object.fromEntries(
        content.texts("Parameters").map((text) => {
          const split = text.indexOf("=");
          return [text.slice(0, split), text.slice(split + 1)];
        }),
      );
      if (LEAPFROG.includes(parameters.evolver ?? "LF")) {
        throw new InputError(
          `${file} is of a leapfrog run, whose momenta are half a step before its fields; save one with evolver=VV2`,
          { path: place },
        );
      }
      const sites = points ** dimensions;
      const shape = new Array<number>(dimensions).fill(points);
      const gather = (name: string): Float64Array => {
        const values = new Float64Array(fields * sites);
        for (let f = 0; f < fields; f++)
          values.set(content.numbers(`${name}_${f}`, { shape, finite: true }), f * sites);
        return values;
      };
      const single = (name: string): number => content.numbers(name, { shape: [1], finite: true })[0]!;
      return {
        field: gather("scalar"),
        momentum: gather("pi_scalar"),
        scaleFactor: single("aI"),
        scaleFactorVelocity: single("aDotI"),
        alphaTime: single("tSave"),
        parameters,
      };
    },
    place,
  );
}
