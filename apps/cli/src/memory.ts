/** What a job is going to take, in words. */
import type { JobMemory, LatticeMemory } from "@slowroll/core/engine/engine";

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `1.07 GB`: powers of 1000, three digits. */
function inWords(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}

/** `1.08 GB (weights 1.08 GB, units 3.15 MB, ...) beside 120 MB of the program itself`; `own` in bytes. */
export function memoryLine({ bytes, parts }: Pick<JobMemory | LatticeMemory, "bytes" | "parts">, own: number): string {
  const named = Object.entries(parts).map(([name, part]) => `${name} ${inWords(part)}`);
  return `${inWords(bytes)} (${named.join(", ")}) beside ${inWords(own)} of the program itself`;
}
