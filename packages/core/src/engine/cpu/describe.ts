/** What `slowroll doctor` tells of the CPU engine. */
import { SlowrollError } from "../../errors.ts";
import { openCpuEngine } from "./engine.ts";

export interface CpuReport {
  readonly name: string;
  readonly threads: number;
  /** Absent where the kernels cannot be loaded. */
  readonly fusedMultiplyAdd?: boolean;
  /** Why it cannot run, and what to do about it. */
  readonly missing?: string;
}

export function describeCpu(threads?: number): CpuReport {
  try {
    const { info } = openCpuEngine({ precision: "float64", threads, reason: "" });
    return { name: info.name, threads: info.threads, fusedMultiplyAdd: info.fusedMultiplyAdd ?? false };
  } catch (error) {
    if (error instanceof SlowrollError) return { name: process.arch, threads: 0, missing: error.message };
    throw error;
  }
}
