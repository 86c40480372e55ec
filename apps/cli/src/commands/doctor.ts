/** `doctor`: what this machine has for slowroll, what --engine and --adapter would choose, and what to do about what is missing. */
import os from "node:os";
import { type CpuReport, describeCpu } from "@slowroll/core/engine/cpu/describe";
import { type AdapterReport, describeAdapters } from "@slowroll/core/engine/webgpu/describe";
import { VERSION } from "@slowroll/core/version";
import type { Io } from "../io.ts";
import type { StudyOptions } from "../program.ts";

const MIB = 2 ** 20;

interface Choice {
  /** The engine, and its adapter's or processor's name. */
  readonly chosen: { readonly kind: "webgpu" | "cpu"; readonly name: string } | null;
  readonly reason: string;
}

/** What a study with the same flags, in float32, would run on. */
function choose(adapters: readonly AdapterReport[], cpu: CpuReport, engine: string, wanted: string): Choice {
  const found = adapters.filter(({ adapter }) => adapter);
  if (engine === "webgpu" || wanted !== "auto") {
    const named = found.find(
      ({ choice, adapter }) =>
        wanted === "auto" || choice === wanted || adapter!.name.toLowerCase().includes(wanted.toLowerCase()),
    );
    return named
      ? { chosen: { kind: "webgpu", name: named.adapter!.name }, reason: "asked for" }
      : { chosen: null, reason: `no adapter found is ${JSON.stringify(wanted)}` };
  }
  const hardware = found.find(({ choice }) => choice === "hardware");
  if (engine === "auto" && hardware) {
    return { chosen: { kind: "webgpu", name: hardware.adapter!.name }, reason: "a hardware adapter comes first" };
  }
  if (cpu.missing) return { chosen: null, reason: cpu.missing };
  const reason = engine === "cpu" ? "asked for" : "no hardware adapter was found";
  return { chosen: { kind: "cpu", name: cpu.name }, reason };
}

function describeCpuEngine({ name, threads, fusedMultiplyAdd, missing }: CpuReport): string[] {
  if (missing) return ["", `cpu: none: ${missing}`];
  return [
    "",
    `cpu: ${name}`,
    `  threads: ${threads}`,
    "  precisions: float32, float64",
    `  fused multiply-add: ${fusedMultiplyAdd ? "yes" : "no"}`,
  ];
}

function tileLines(tiles: Readonly<Record<string, string>>): string[] {
  const measured = Object.entries(tiles);
  if (measured.length === 0) return ["  tiles of matrix products: none measured yet"];
  return measured.map(([product, tile]) => `  tile of products ${product}: ${tile}`);
}

function describeAdapter(report: AdapterReport): string[] {
  const { choice, adapter, missing, precisions, limits, features, timestampSeconds, tiles } = report;
  if (!adapter) return ["", `webgpu, ${choice} adapter: none: ${missing}`];
  return [
    "",
    `webgpu, ${choice} adapter: ${adapter.name} (${adapter.backend})`,
    `  precisions: ${(precisions ?? []).join(", ")}`,
    ...Object.entries(limits ?? {}).map(([name, value]) => `  ${name}: ${value}`),
    `  features: ${(features ?? []).join(", ")}`,
    `  timestamps: ${timestampSeconds ? `${(timestampSeconds * 1e9).toFixed(0)} ns` : "none"}`,
    ...tileLines(tiles ?? {}),
  ];
}

/** Exit code 3 where nothing could be chosen. */
export async function doctor({ json, engine, adapter }: StudyOptions, io: Io): Promise<number> {
  const adapters = await describeAdapters();
  const cpu = describeCpu();
  const { chosen, reason } = choose(adapters, cpu, engine, adapter);
  const machine = {
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    freeMemoryBytes: os.freemem(),
  };
  if (json) {
    io.out(`${JSON.stringify({ command: "doctor", version: VERSION, machine, cpu, adapters, chosen, reason })}\n`);
    return chosen ? 0 : 3;
  }
  const { node, platform, cores, memoryBytes, freeMemoryBytes } = machine;
  const memory = `${Math.round(memoryBytes / MIB)} MiB memory (${Math.round(freeMemoryBytes / MIB)} free)`;
  const lines = [
    `slowroll ${VERSION}, node ${node}, ${platform}, ${cores} cores, ${memory}`,
    ...describeCpuEngine(cpu),
    ...adapters.flatMap(describeAdapter),
    "",
    `chosen by --engine ${engine} --adapter ${adapter}: ${chosen ? `${chosen.kind} on ${chosen.name}` : "nothing"}: ${reason}`,
  ];
  io.out(`${lines.join("\n")}\n`);
  return chosen ? 0 : 3;
}
