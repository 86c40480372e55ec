/** `potential`: the built-ins and users' own, listed, shown, checked and plotted. */
import { access, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parsePotential } from "@slowroll/core/config/potential";
import { InputError } from "@slowroll/core/errors";
import { builtins } from "@slowroll/core/potential/builtins/index";
import { compilePotential } from "@slowroll/core/potential/compile";
import type { Potential } from "@slowroll/core/potential/potential";
import { emitWgsl } from "@slowroll/core/potential/wgsl";
import type { Io } from "../io.ts";

interface Options {
  readonly json?: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

/** A potential from a file with a spec, as in a config's `potential`. */
async function fromFile(file: string, io: Io): Promise<Potential> {
  let text: string;
  try {
    text = file === "-" ? await io.readInput() : await readFile(path.resolve(io.cwd, file), "utf8");
  } catch (cause) {
    throw new InputError(`cannot be read: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`, { path: file, cause });
  }
  return compilePotential(await parsePotential(text, file));
}

const print = (io: Io, { json }: Options, document: object, text: string): number => {
  io.out(json ? `${JSON.stringify(document)}\n` : text);
  return 0;
};

async function list(_subject: string, options: Options, io: Io): Promise<number> {
  const rows = Object.values(builtins).map(({ name, expression, parameters, reference }) => ({
    name,
    expression,
    parameters: Object.fromEntries(Object.entries(parameters).map(([key, parameter]) => [key, parameter.default])),
    reference,
  }));
  const text = rows.map(({ name, expression, parameters }) => `${name.padEnd(16)} V = ${expression.padEnd(44)} ${Object.entries(parameters).map(([key, value]) => `${key} ${value}`).join(", ")}\n`);
  return print(io, options, { potentials: rows }, text.join(""));
}

async function show(name: string, options: Options, io: Io): Promise<number> {
  const potential = await compilePotential(name, { path: "potential" });
  const { domain, reference } = builtins[name]!;
  const wgsl = emitWgsl(potential);
  const { expression, parameters } = potential;
  const text = `${name}: V = ${expression}\nparameters: ${JSON.stringify(parameters)}\ndomain in phi: ${domain[0]} to ${domain[1]}\nreference: ${reference}\n\n${wgsl}\n`;
  return print(io, options, { name, expression, parameters, domain, reference, wgsl }, text);
}

async function check(file: string, options: Options, io: Io): Promise<number> {
  const potential = await fromFile(file, io);
  const { checkPotential } = await import("@slowroll/core/potential/check");
  const outcome = await checkPotential(potential);
  const { derivatives, wgsl, passed } = outcome;
  const text =
    `V = ${potential.expression}\n` +
    `V' against finite differences: largest relative difference ${derivatives.first.toExponential(1)}\n` +
    `V'' against finite differences: largest relative difference ${derivatives.second.toExponential(1)}\n` +
    `WGSL against float64 on ${wgsl.points} points: V ${wgsl.value.toExponential(1)}, V' ${wgsl.gradient.toExponential(1)} (relative to their largest value)\n` +
    `${passed ? "holds" : "does not hold"}\n`;
  print(io, options, { expression: potential.expression, ...outcome }, text);
  return passed ? 0 : 1;
}

async function plot(subject: string, options: Options, io: Io): Promise<number> {
  const named = Object.hasOwn(builtins, subject);
  const potential = named ? await compilePotential(subject) : await fromFile(subject, io);
  const file = path.resolve(io.cwd, options.out ?? "potential.svg");
  if (!options.force && (await access(file).then(() => true, () => false))) {
    throw new InputError(`${options.out} exists: choose another file, or --force to overwrite it`, { path: "--out" });
  }
  const { potentialFigure } = await import("../report/potentialFigure.ts");
  const { toSvg } = await import("../report/render.ts");
  const svg = await toSvg(potentialFigure(potential, -3, 3));
  try {
    await writeFile(file, svg);
  } catch (cause) {
    throw new InputError(`${file} cannot be written: ${(cause as NodeJS.ErrnoException).code}`, { path: "--out", cause });
  }
  return print(io, options, { file }, `${path.relative(io.cwd, file)}\n`);
}

export const potentialCommands = { list, show, check, plot } as const;
