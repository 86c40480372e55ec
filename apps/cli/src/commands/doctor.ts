/** `doctor`: what this machine has for slowroll, what --engine and --adapter would choose, and what to do about what is missing. */
import os from "node:os";
import { type AdapterReport, describeAdapters } from "@slowroll/core/engine/webgpu/describe";
import type { Io } from "../io.ts";
import type { StudyOptions } from "../program.ts";
import { VERSION } from "../version.ts";

const MIB = 2 ** 20;

interface Choice {
  readonly chosen: AdapterReport["adapter"] | null;
  readonly reason: string;
}

/** What a study with the same flags would run on. */
function choose(adapters: readonly AdapterReport[], engine: string, wanted: string): Choice {
  if (engine === "cpu") return { chosen: null, reason: "the cpu engine is not built yet" };
  const found = adapters.filter(({ adapter }) => adapter);
  if (wanted === "auto") {
    const [first] = found;
    if (!first) return { chosen: null, reason: "no adapter was found" };
    const why = {
      hardware: "a hardware adapter comes first",
      software: "no hardware adapter was found, so the software adapter that comes with the install",
    };
    return { chosen: first.adapter!, reason: why[first.choice] };
  }
  const named = found.find(
    ({ choice, adapter }) => choice === wanted || adapter!.name.toLowerCase().includes(wanted.toLowerCase()),
  );
  return named
    ? { chosen: named.adapter!, reason: `--adapter ${wanted} names it` }
    : { chosen: null, reason: `no adapter found is ${JSON.stringify(wanted)}` };
}

function describeAdapter({ choice, adapter, missing, limits, features, timestampSeconds }: AdapterReport): string[] {
  if (!adapter) return ["", `webgpu, ${choice} adapter: none: ${missing}`];
  return [
    "",
    `webgpu, ${choice} adapter: ${adapter.name} (${adapter.backend})`,
    ...Object.entries(limits ?? {}).map(([name, value]) => `  ${name}: ${value}`),
    `  features: ${(features ?? []).join(", ")}`,
    `  timestamps: ${timestampSeconds ? `${(timestampSeconds * 1e9).toFixed(0)} ns` : "none"}`,
  ];
}

/** Exit code 3 where nothing could be chosen. */
export async function doctor({ json, engine, adapter }: StudyOptions, io: Io): Promise<number> {
  const adapters = await describeAdapters();
  const { chosen, reason } = choose(adapters, engine, adapter);
  const machine = {
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    freeMemoryBytes: os.freemem(),
  };
  if (json) {
    io.out(`${JSON.stringify({ command: "doctor", version: VERSION, machine, adapters, chosen, reason })}\n`);
    return chosen ? 0 : 3;
  }
  const { node, platform, cores, memoryBytes, freeMemoryBytes } = machine;
  const memory = `${Math.round(memoryBytes / MIB)} MiB memory (${Math.round(freeMemoryBytes / MIB)} free)`;
  const lines = [
    `slowroll ${VERSION}, node ${node}, ${platform}, ${cores} cores, ${memory}`,
    ...adapters.flatMap(describeAdapter),
    "",
    `chosen by --engine ${engine} --adapter ${adapter}: ${chosen ? `webgpu on ${chosen.name}` : "nothing"}: ${reason}`,
  ];
  io.out(`${lines.join("\n")}\n`);
  return chosen ? 0 : 3;
}
