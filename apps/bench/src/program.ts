/** `slowroll-bench`: ceilings first, then every kernel against the nearer of them, then peers on the same work, all in one run. */
import { openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { SlowrollError } from "@slowroll/core/errors";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { measureAll, type Report } from "./measure.ts";

export interface Io {
  out(text: string): void;
  error(text: string): void;
}

interface Options {
  readonly json?: boolean;
  readonly adapter: string;
  readonly filter: string;
  readonly samples: number;
  readonly peers: boolean;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000)
    throw new InvalidArgumentError("It must be a whole number from 1 to 1000.");
  return value;
}

const si = new Intl.NumberFormat("en", { notation: "scientific", maximumSignificantDigits: 3 });

function asText({ engine, ceilings, kernels, peers, curves }: Report): string {
  const lines = [
    `engine: ${engine.kind} on ${engine.name} (${engine.type}, ${engine.backend})`,
    `ceilings: copy ${si.format(ceilings.copyBytesPerSecond)} B/s, multiply-add ${si.format(ceilings.flopsPerSecond)} flop/s, dispatch ${(ceilings.dispatchSeconds * 1e6).toFixed(1)} us`,
    "",
    `${"kernel".padEnd(32)} ${"size".padEnd(26)} ${"rate".padStart(10)} ${"unit".padEnd(16)} of ceiling    spread`,
    ...kernels.map(({ name, size, rate, unit, ceiling, fraction, samples }) => {
      const spread = (Math.max(...samples) - Math.min(...samples)) / rate;
      return `${name.padEnd(32)} ${size.padEnd(26)} ${si.format(rate).padStart(10)} ${unit.padEnd(16)} ${(100 * fraction).toFixed(1).padStart(5)}% ${ceiling.padEnd(13)} ${(100 * spread).toFixed(0)}%`;
    }),
    "",
    ...peers.map(({ name, version, work, rate, unit, ratio, missing }) =>
      missing
        ? `${name} ${version}: ${work}: missing: ${missing}`
        : `${name} ${version}: ${work}: ${si.format(rate!)} ${unit}, ours is ${ratio!.toPrecision(3)} times that`,
    ),
    "",
    ...curves.map(
      ({ name, sizes, seconds, exponent }) =>
        `${name}: ${sizes.map((size, i) => `${size}: ${si.format(seconds[i]!)} s`).join(", ")}; time goes as size^${exponent.toFixed(2)}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** Runs one command line and resolves with the exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const program = new Command("slowroll-bench")
    .description("Measures every kernel as a fraction of ceilings measured in the same run, and peers on the same work")
    .option("--json", "print the report as one JSON document")
    .option("--adapter <name>", "auto, hardware, software or part of an adapter's name", "auto")
    .option("--filter <text>", "only kernels and peers whose name has this in it", "")
    .option("--samples <n>", "timings of each kernel", wholeNumber, 7)
    .option("--no-peers", "leave the peers out")
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: () => {} });
  try {
    program.parse(argv, { from: "user" });
    const options = program.opts<Options>();
    const gpu = await openGpu(options.adapter);
    io.error(`engine: webgpu on ${gpu.adapter.name} (${gpu.adapter.type}, ${gpu.adapter.backend}): ${gpu.reason}\n`);
    try {
      const report = await measureAll(gpu, options, (name) => io.error(`measuring ${name}\n`));
      io.out(options.json ? `${JSON.stringify(report)}\n` : asText(report));
    } finally {
      gpu.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      io.error(
        `slowroll-bench: ${error.message.replace(/^error: /, "").replaceAll("\n", " ")}; see slowroll-bench --help\n`,
      );
      return 2;
    }
    if (!(error instanceof SlowrollError)) throw error;
    io.error(`slowroll-bench: ${error.message.split("\n")[0]}\n`);
    return error.exitCode;
  }
}
