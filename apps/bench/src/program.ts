/** `slowroll-bench`: ceilings first, then every kernel against the nearer of them, then peers on the same work, all in one run. */
import { availableParallelism } from "node:os";
import { EngineUnavailableError, InputError, SlowrollError } from "@slowroll/core/errors";
import { describeMissing, NOT_SET_UP } from "@slowroll/core/setUp";
import { VERSION } from "@slowroll/core/version";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { measureAll } from "./measure.ts";
import type { Report } from "./report.ts";
import type { Target } from "./target.ts";

export interface Io {
  out(text: string): void;
  error(text: string): void;
  /** Aborting ends the run after what it is measuring, with what it has. */
  readonly signal?: AbortSignal;
}

interface Options {
  readonly json?: boolean;
  readonly engine: "auto" | "webgpu" | "cpu";
  readonly adapter: string;
  readonly threads?: number;
  readonly python?: string;
  readonly filter: string;
  readonly samples: number;
  readonly peers: boolean;
}

/** Reads a whole number from 1 to `most`. */
const wholeNumber =
  (most: number, why = "") =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}${why}.`);
    return value;
  };

/** Exit code, as of an InterruptedError. */
const INTERRUPTED = 130;

const si = new Intl.NumberFormat("en", { notation: "scientific", maximumSignificantDigits: 3 });

function asText({ engine, ceilings, kernels, peers, curves }: Report): string {
  const double =
    ceilings.float64FlopsPerSecond === undefined ? "" : ` (float64 ${si.format(ceilings.float64FlopsPerSecond)})`;
  const lines = [
    `engine: ${engine.kind} on ${engine.name} (${engine.type}, ${engine.backend}${engine.threads ? `, ${engine.threads} threads` : ""})`,
    `ceilings: copy ${si.format(ceilings.copyBytesPerSecond)} B/s, multiply-add ${si.format(ceilings.flopsPerSecond)} flop/s${double}, dispatch ${(ceilings.dispatchSeconds * 1e6).toFixed(1)} us`,
    "",
    `${"kernel".padEnd(46)} ${"size".padEnd(76)} ${"precision".padEnd(11)} ${"rate".padStart(10)} ${"unit".padEnd(18)} of ceiling           beside spread`,
    ...kernels.map(({ name, size, precision, rate, unit, ceiling, fraction, samples, beside }) => {
      const spread = (Math.max(...samples) - Math.min(...samples)) / rate;
      return `${name.padEnd(46)} ${size.padEnd(76)} ${precision.padEnd(11)} ${si.format(rate).padStart(10)} ${unit.padEnd(18)} ${(100 * fraction).toFixed(1).padStart(5)}% ${ceiling.padEnd(13)} ${(beside === undefined ? "" : `${(100 * beside).toFixed(1)}%`).padStart(6)} ${(100 * spread).toFixed(0)}%`;
    }),
    "",
    ...peers.map(({ name, version, work, precision, rate, unit, ratio, missing }) =>
      missing
        ? `${name} ${version}: ${work}, ${precision}: missing: ${missing}`
        : `${name} ${version}: ${work}, ${precision}: ${si.format(rate!)} ${unit}, ours is ${ratio!.toPrecision(3)} times that`,
    ),
    "",
    ...curves.map(
      ({ name, sizes, seconds, exponent }) =>
        `${name}: ${sizes.map((size, i) => `${size}: ${si.format(seconds[i]!)} s`).join(", ")}; time goes as size^${exponent.toFixed(2)}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

async function openTarget({ engine, adapter, threads }: Options): Promise<Target> {
  if (engine === "cpu" && adapter !== "auto") {
    throw new InputError("an adapter belongs to the webgpu engine: leave out --adapter or --engine cpu", {
      path: "--adapter",
    });
  }
  const webGpu = async (choice: string): Promise<Target> => (await import("./webgpu/target.ts")).webGpuTarget(choice);
  if (engine === "webgpu" || adapter !== "auto") return webGpu(adapter);
  if (engine === "auto") {
    try {
      return await webGpu("hardware");
    } catch (error) {
      if (!(error instanceof EngineUnavailableError)) throw error;
    }
  }
  return (await import("./cpu/target.ts")).cpuTarget(threads);
}

/** Runs one command line and resolves with the exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const program = new Command("slowroll-bench")
    .description("Measures every kernel as a fraction of ceilings measured in the same run, and peers on the same work")
    .version(VERSION)
    .option("--json", "print the report as one JSON document")
    .addOption(new Option("--engine <kind>", "what is measured").choices(["auto", "webgpu", "cpu"]).default("auto"))
    .option("--adapter <name>", "auto, hardware, software or part of an adapter's name; names webgpu", "auto")
    .option(
      "--threads <n>",
      "threads of the cpu engine; its peers choose their own",
      wholeNumber(availableParallelism(), ", as many as run at once"),
    )
    .option("--python <path>", "interpreter of the peers in Python, python3 of the PATH by default")
    .option("--filter <text>", "only what has this in its title: name, size and precision", "")
    .option("--samples <n>", "timings of each kernel", wholeNumber(1000), 7)
    .option("--no-peers", "leave the peers out")
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: () => {} });
  try {
    program.parse(argv, { from: "user" });
    const options = program.opts<Options>();
    const target = await openTarget(options);
    const { kind, name, type, backend } = target.info;
    const { signal } = io;
    const onInterrupt = (): void => io.error("interrupted: it ends after this one; once more ends it at once\n");
    signal?.addEventListener("abort", onInterrupt);
    io.error(`engine: ${kind} on ${name} (${type}, ${backend})\n`);
    try {
      const onStart = (what: string): void => io.error(`measuring ${what}\n`);
      const onLeaveOut = (what: string, why: string): void => io.error(`leaving out ${what}: ${why}\n`);
      const report = await measureAll(target, { ...options, version: VERSION, signal, onStart, onLeaveOut });
      io.out(options.json ? `${JSON.stringify(report)}\n` : asText(report));
      if (report.incomplete === undefined) return 0;
      io.error(`slowroll-bench: ${report.incomplete}\n`);
      return INTERRUPTED;
    } finally {
      signal?.removeEventListener("abort", onInterrupt);
      await target.close();
    }
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      io.error(
        `slowroll-bench: ${error.message.replace(/^error: /, "").replaceAll("\n", " ")}; see slowroll-bench --help\n`,
      );
      return 2;
    }
    const missing = describeMissing(error);
    if (missing) {
      io.error(`slowroll-bench: ${missing}\n`);
      return NOT_SET_UP;
    }
    if (!(error instanceof SlowrollError)) throw error;
    const place = error instanceof InputError && error.path !== undefined ? `${error.path}: ` : "";
    io.error(`slowroll-bench: ${place}${error.message.split("\n")[0]}\n`);
    return error.exitCode;
  }
}
