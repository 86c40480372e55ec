/** `doctor`: what this machine has for slowroll, and what to do about what is missing. */
import os from "node:os";
import { describeAdapters } from "@slowroll/core/engine/webgpu/describe";
import type { Io } from "../io.ts";
import { VERSION } from "../version.ts";

const MIB = 2 ** 20;

export async function doctor({ json }: { readonly json?: boolean }, io: Io): Promise<number> {
  const adapters = await describeAdapters();
  const chosen = adapters.find(({ adapter }) => adapter);
  const reason = !chosen
    ? "no adapter was found"
    : chosen.choice === "hardware"
      ? "a hardware adapter comes first"
      : "there is no hardware adapter, so the software adapter that comes with the install";
  const machine = {
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    freeMemoryBytes: os.freemem(),
  };
  if (json) {
    io.out(`${JSON.stringify({ command: "doctor", version: VERSION, machine, adapters, chosen: chosen?.adapter ?? null, reason })}\n`);
    return chosen ? 0 : 3;
  }
  const lines = [
    `slowroll ${VERSION}, node ${machine.node}, ${machine.platform}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / MIB)} MiB memory (${Math.round(machine.freeMemoryBytes / MIB)} free)`,
  ];
  for (const { choice, adapter, missing, limits, features, timestampSeconds } of adapters) {
    lines.push("", `webgpu, ${choice} adapter: ${adapter ? `${adapter.name} (${adapter.backend})` : `none: ${missing}`}`);
    if (!adapter) continue;
    for (const [name, value] of Object.entries(limits!)) lines.push(`  ${name}: ${value}`);
    lines.push(`  features: ${features!.join(", ")}`);
    lines.push(`  timestamps: ${timestampSeconds ? `${(timestampSeconds * 1e9).toFixed(0)} ns` : "none"}`);
  }
  lines.push("", `chosen by --engine auto: ${chosen ? `webgpu on ${chosen.adapter!.name}` : "nothing"}: ${reason}`);
  io.out(`${lines.join("\n")}\n`);
  return chosen ? 0 : 3;
}
