/**
 * The command line: commands and flags as in the contract, each command loaded when it is called, and every error as one line with its
 * exit code. No physics here.
 */
import { SlowrollError } from "@slowroll/core/errors";
import { Command, CommanderError, Option } from "commander";
import type { Io } from "./io.ts";
import { VERSION } from "./version.ts";

export interface StudyOptions {
  readonly set: string[];
  readonly json?: boolean;
  readonly out?: string;
  readonly force?: boolean;
  readonly engine: "auto" | "webgpu" | "cpu";
  readonly adapter: string;
  readonly threads?: string;
  readonly quiet?: boolean;
  readonly saveFinal?: string;
}

/** Exit code of a defect of the program itself: none of the contract's, after BSD's EX_SOFTWARE. */
const DEFECT = 70;

const collect = (value: string, before: string[]): string[] => [...before, value];

function withStudyOptions(command: Command): Command {
  return command
    .option("--set <path=value>", "change one value of the config (repeatable)", collect, [])
    .option("--json", "print the result as one JSON document")
    .option("--out <dir>", "write the run's folder here instead of runs/<id>")
    .option("--force", "write into a folder that is not empty")
    .addOption(new Option("--engine <kind>", "which engine runs the jobs").choices(["auto", "webgpu", "cpu"]).default("auto"))
    .option("--adapter <name>", "auto, hardware, software or part of an adapter's name; names the webgpu engine", "auto")
    .option("--threads <n>", "host threads of an engine that computes on the host")
    .option("--quiet", "no progress");
}

function buildProgram(io: Io, finish: (code: number) => void): Command {
  const program = new Command("slowroll")
    .description("Wide neural networks under gradient descent and their dual: scalar fields on an expanding background")
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: () => {} })
    .showSuggestionAfterError(true);

  program
    .command("doctor")
    .description("engines and adapters found, the one chosen and why, limits, cores, memory")
    .option("--json", "print the report as one JSON document")
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import("./commands/doctor.ts");
      finish(await doctor(options, io));
    });
  const studies: [name: "kernel" | "network" | "field" | "duality", description: string][] = [
    ["kernel", "theory only: NNGP and NTK matrices, eigenvalues, dictionary"],
    ["network", "train the ensemble: trajectories, mean, covariance, empirical kernels"],
    ["field", "background or lattice evolution on an expanding background"],
    ["duality", "the sections the config names: background, regression, width scaling"],
  ];
  for (const [name, description] of studies) {
    const command = withStudyOptions(program.command(name).description(description))
      .argument("[config]", "YAML or JSON file, - for standard input")
      .action(async (config: string | undefined, options: StudyOptions) => {
        const { study } = await import("./commands/study.ts");
        finish(await study(name, config, options, io));
      });
    if (name === "field") command.option("--save-final <dir>", "write the final state as field.f64 and momentum.f64");
  }

  const potential = program.command("potential").description("list, show, check and plot potentials");
  const potentialCommand = (name: "list" | "show" | "check" | "plot", argument: string | undefined, description: string): void => {
    const command = potential.command(name).description(description).option("--json", "print as one JSON document");
    if (argument) command.argument(argument);
    if (name === "plot") command.option("--out <file>", "the SVG file to write", "potential.svg").option("--force", "overwrite it");
    command.action(async (...given: unknown[]) => {
      const { potentialCommands } = await import("./commands/potential.ts");
      const subject = argument ? (given[0] as string) : "";
      finish(await potentialCommands[name](subject, given[argument ? 1 : 0] as Record<string, never>, io));
    });
  };
  potentialCommand("list", undefined, "the built-in potentials");
  potentialCommand("show", "<name>", "one built-in potential: V, V', V'', parameters, domain, WGSL");
  potentialCommand("check", "<file>", "parse a potential, check its derivatives, compare WGSL with float64 on a grid");
  potentialCommand("plot", "<name|file>", "V and V' as an SVG file");

  program
    .command("report")
    .description("rebuild a run's report and plots from its files")
    .argument("<dir>", "the run's folder")
    .action(async (directory: string) => {
      const { report } = await import("./commands/report.ts");
      finish(await report(directory, io));
    });
  return program;
}

/** One line of any error, and its exit code. */
function describeError(error: unknown): { code: string; message: string; path: string | undefined; exitCode: number } {
  if (error instanceof SlowrollError) {
    const { code, message, path, exitCode } = error;
    return { code, message: message.split("\n")[0]!, path, exitCode };
  }
  if (error instanceof CommanderError) {
    return { code: "usage", message: `${error.message.replace(/^error: /, "").replaceAll("\n", " ")}; see slowroll --help`, path: undefined, exitCode: 2 };
  }
  const message = error instanceof Error ? error.message.split("\n")[0]! : String(error);
  return { code: "defect", message: `${message} (a defect of slowroll: run again with SLOWROLL_DEBUG=1 and report it)`, path: undefined, exitCode: DEFECT };
}

/** Runs one command line and resolves with the exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  try {
    await buildProgram(io, (code) => {
      exitCode = code;
    }).parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    // Help and version asked for are no errors.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === "commander.help") {
      io.error("slowroll: no command given; see slowroll --help\n");
      return 2;
    }
    const { code, message, path, exitCode: errorCode } = describeError(error);
    if (process.env.SLOWROLL_DEBUG) io.error(`${(error as Error).stack}\n`);
    io.error(`slowroll: ${path ? `${path}: ` : ""}${message}\n`);
    if (argv.includes("--json")) io.out(`${JSON.stringify({ error: { code, message, path: path ?? null } })}\n`);
    return errorCode;
  }
}
