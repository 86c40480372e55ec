/** What a job is going to take, in words. */
import { getHeapSpaceStatistics } from "node:v8";
import type { Config, ConfigCommand } from "@slowroll/core/config/schema";
import type { EngineInfo, JobMemory, LatticeMemory } from "@slowroll/core/engine/engine";

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `1.07 GB`: powers of 1000, three digits. */
function inWords(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}

const named = (parts: Readonly<Record<string, number>>): string =>
  Object.entries(parts)
    .map(([name, part]) => `${name} ${inWords(part)}`)
    .join(", ");

/**
 * `1.08 GB (weights 1.08 GB, units 3.15 MB, ...) beside 120 MB of the program itself`; of a lattice on a device
 * `3.2 GB: 1.07 GB on the device (lattice 1.07 GB, ...), 2.15 GB here (state 2.15 GB, ...) beside ...`. `own` in bytes.
 */
export function memoryLine(
  { bytes, parts, device }: Pick<JobMemory | LatticeMemory, "bytes" | "parts"> & Pick<LatticeMemory, "device">,
  own: number,
): string {
  const beside = `beside ${inWords(own)} of the program itself`;
  if (!device) return `${inWords(bytes)} (${named(parts)}) ${beside}`;
  const there: Readonly<Record<string, number>> = device.parts;
  const here = Object.entries(parts)
    .map(([name, part]) => [name, part - (there[name] ?? 0)] as const)
    .filter(([name, part]) => part > 0 || !(name in there));
  const host = named(Object.fromEntries(here));
  return `${inWords(bytes)}: ${inWords(device.bytes)} on the device (${named(there)}), ${inWords(bytes - device.bytes)} here (${host}) ${beside}`;
}

/**
 * Bytes of V8's young generation, where all objects begin, once it has grown: two halves of 16 MiB. It grows as objects come, in the first
 * second of any run, and hardly shrinks.
 */
const YOUNG = 2 ** 25;

/**
 * Bytes that a lattice's files and report take at its end over all that was there before, and more where there are slices to draw, for which
 * the young generation grows further from Node 24 on: measured. A network's take what its workers had, which are gone by then.
 */
const FIELD_REPORT = 24e6;
const SLICES = Number.parseInt(process.versions.node, 10) < 24 ? 8e6 : 32e6;

/** Bytes that a software adapter's threads take with the first dispatch and do not give back: measured. */
const DISPATCH = 14e6;

/**
 * What the program takes itself beside `planned` bytes of the job: what the process has now, what its young generation has yet to grow by, and
 * the report at the end; or, where that is more, what it had at its peak already, as while a software adapter compiled the kernels.
 */
export function programBytes(config: Config<ConfigCommand>, { type }: EngineInfo, planned: number): number {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  let own = process.memoryUsage.rss() + Math.max(0, YOUNG - (young?.physical_space_size ?? YOUNG));
  if (type === "software") own += DISPATCH;
  if ("field" in config) own += FIELD_REPORT + (config.observe?.slicesEvery === undefined ? 0 : SLICES);
  const peak = 1024 * process.resourceUsage().maxRSS;
  return Math.max(own, peak - planned);
}
