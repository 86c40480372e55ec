/**
 * The command line: commands and flags as in the contract, each command loaded when it is called, and every error as one line with its
 * exit code. No physics here.
 */
import { InterruptedError, SlowrollError } from "@slowroll/core/errors";
import { describeMissing, NOT_SET_UP } from "@slowroll/core/setUp";
import { VERSION } from "@slowroll/core/version";
import { Command, CommanderError, Option } from "commander";
import { errorKey, errorLine } from "./errorLine.ts";
import type { Io } from "./io.ts";

export interface StudyOptions {
  readonly set: readonly string[];
  readonly json?: boolean;
  readonly out?: string;
  readonly force?: boolean;
  readonly engine: "auto" | "webgpu" | "cpu";
  readonly adapter: string;
  readonly threads?: string;
  readonly quiet?: boolean;
  readonly saveFinal?: string;
  readonly saveTrajectories?: string;
  readonly resume?: boolean;
  readonly movie?: boolean;
}

export interface PotentialOptions {
  readonly json?: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

export interface RangeOptions extends PotentialOptions {
  readonly range: string;
}

/** Exit code of a defect of the program itself: none of the contract's, after BSD's EX_SOFTWARE. */
const DEFECT = 70;

const collect = (value: string, before: string[]): string[] => [...before, value];

const withEngine = (command: Command): Command =>
  command
    .addOption(
      new Option("--engine <kind>", "which engine runs the jobs").choices(["auto", "webgpu", "cpu"]).default("auto"),
    )
    .option(
      "--adapter <name>",
      "auto, hardware, software or part of an adapter's name; names the webgpu engine",
      "auto",
    );

const withOutput = (command: Command): Command =>
  command.option("--json", "print one JSON document").option("--quiet", "no progress");

const withRange = (command: Command): Command => command.option("--range <from,to>", "values of the fields", "-3,3");

const withStudy = (command: Command): Command =>
  withOutput(withEngine(command))
    .argument("[config]", "YAML or JSON file, - for standard input")
    .option("--set <path=value>", "change one value of the config (repeatable)", collect, [])
    .option("--out <dir>", "write the run's folder here instead of runs/<id>")
    .option("--force", "write into a folder that is not empty")
    .option("--threads <n>", "host threads of an engine that computes on the host");

const STUDIES = {
  kernel: "theory only: NNGP and NTK matrices, eigenvalues, dictionary",
  network: "train the ensemble: trajectories, mean, covariance, empirical kernels",
  field: "background, mode or lattice evolution on an expanding background",
  duality: "the sections the config names: background, regression, width scaling, perturbations, hyperparameters",
} as const;

function buildProgram(io: Io, finish: (code: number) => void): Command {
  const program = new Command("slowroll")
    .description("Wide neural networks under gradient descent and their dual: scalar fields on an expanding background")
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: () => {} });

  withOutput(withEngine(program.command("doctor")))
    .description("engines and adapters found, the one chosen and why, limits, cores, memory")
    .action(async (options: StudyOptions) => {
      const { doctor } = await import("./commands/doctor.ts");
      finish(await doctor(options, io));
    });

  for (const name of Object.keys(STUDIES) as (keyof typeof STUDIES)[]) {
    const command = withStudy(program.command(name))
      .description(STUDIES[name])
      .action(async (config: string | undefined, options: StudyOptions) => {
        const { study } = await import("./commands/study.ts");
        finish(await study(name, config, options, io));
      });
    if (name === "network") {
      command.option("--save-trajectories <file>", "write every network's recorded outputs, as .npy or .parquet");
    }
    if (name === "field") {
      command
        .option("--save-final <dir>", "write the final state as field.f64 and momentum.f64")
        .option("--resume", "go on from the checkpoint in the folder of --out, with its config")
        .option(
          "--movie",
          "draw the slices of observe.slicesEvery as movie.gif, one a named field, in the run's folder",
        );
    }
  }

  const potential = program.command("potential").description("list, show, check and plot potentials");
  withOutput(potential.command("list"))
    .description("the built-in potentials")
    .action(async (options: PotentialOptions) => {
      const { list } = await import("./commands/potential.ts");
      finish(list(options, io));
    });
  withOutput(potential.command("show"))
    .description("one built-in potential: V, parameters, domain, WGSL")
    .argument("<name>")
    .action(async (name: string, options: PotentialOptions) => {
      const { show } = await import("./commands/potential.ts");
      finish(await show(name, options, io));
    });
  withRange(withOutput(potential.command("check")))
    .description("parse a potential, check its derivatives, compare WGSL with float64 on a grid")
    .argument("<name|file>")
    .action(async (subject: string, options: RangeOptions) => {
      const { check } = await import("./commands/potential.ts");
      finish(await check(subject, options, io));
    });
  withRange(withOutput(potential.command("plot")))
    .description("V and V' as an SVG file")
    .argument("<name|file>")
    .option("--out <file>", "the SVG file to write", "potential.svg")
    .option("--force", "overwrite it")
    .action(async (subject: string, options: RangeOptions) => {
      const { plot } = await import("./commands/potential.ts");
      finish(await plot(subject, options, io));
    });

  withOutput(program.command("report"))
    .description("rebuild a run's report and plots from its files")
    .argument("<dir>", "the run's folder")
    .action(async (directory: string, options: { readonly json?: boolean }) => {
      const { report } = await import("./commands/report.ts");
      finish(await report(directory, options, io));
    });
  return program;
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly path?: string | undefined;
  readonly exitCode: number;
}

/** What the host says when an array or text is larger than it can hold: the study's sizes are at fault, not the program. */
const TOO_LARGE =
  /allocation failed|invalid (typed )?array length|invalid string length|cannot create a string longer/i;

/** What loading a source says once Ctrl-C has ended the process that translates our sources as well (esbuild, below tsx). */
const TRANSLATOR_ENDED = /^The service (is no longer running|was stopped)/;

/** What is told of any error, and its exit code. */
function describeError(error: unknown): Told {
  if (error instanceof SlowrollError) return error;
  if (error instanceof CommanderError) {
    if (error.code === "commander.help")
      return {
        code: "usage",
        message: "a command is missing; see slowroll --help, or slowroll COMMAND --help",
        exitCode: 2,
      };
    const help = error.code === "commander.unknownCommand" ? "slowroll --help" : "slowroll COMMAND --help";
    // Of an option that is none the config most often has a value.
    const set = error.code === "commander.unknownOption" ? ", and --set path=value for what a config has" : "";
    return {
      code: "usage",
      message: `${error.message.replace(/^error: /, "").replaceAll("\n", " ")}; see ${help}${set}`,
      exitCode: 2,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (TRANSLATOR_ENDED.test(message)) return new InterruptedError("interrupted");
  if (error instanceof RangeError && TOO_LARGE.test(message)) {
    return {
      code: "badInput",
      message: `does not fit this machine's memory (${message}): use fewer data, records, networks or sites`,
      exitCode: 2,
      path: "config",
    };
  }
  const missing = describeMissing(error);
  if (missing) return { code: "notSetUp", message: missing, exitCode: NOT_SET_UP };
  return {
    code: "defect",
    message: `${message.split("\n")[0]} (a defect of slowroll: run again with SLOWROLL_DEBUG=1 and report it)`,
    exitCode: DEFECT,
  };
}

/** Runs one command line and resolves with the exit code. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    // Help and version asked for are no errors.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const told = describeError(error);
    if (process.env.SLOWROLL_DEBUG && error instanceof Error) io.error(`${error.stack}\n`);
    io.error(errorLine(told));
    if (argv.includes("--json")) io.out(`${JSON.stringify(errorKey(told))}\n`);
    return told.exitCode;
  }
}
