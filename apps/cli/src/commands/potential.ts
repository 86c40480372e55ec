/** `potential`: the built-ins and users' own, listed, shown, checked and plotted. */
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parsePotential } from "@slowroll/core/config/potential";
import { InputError } from "@slowroll/core/errors";
import { replaceFile } from "@slowroll/core/files/replace";
import { unwritable } from "@slowroll/core/files/unwritable";
import { mend } from "@slowroll/core/nearest";
import { builtins } from "@slowroll/core/potential/builtins/index";
import type { Range } from "@slowroll/core/potential/check";
import { compilePotential } from "@slowroll/core/potential/compile";
import type { Potential } from "@slowroll/core/potential/potential";
import { readText } from "../inputs.ts";
import type { Io } from "../io.ts";
import { named } from "../named.ts";
import type { PotentialOptions, RangeOptions } from "../program.ts";

/** A potential from a file with a spec, as in a config's `potential`, or with its fields beside it, as in `field`. */
async function fromFile(file: string, io: Io): Promise<Potential> {
  const { potential, ...fields } = await parsePotential(await readText(file, io), file);
  return compilePotential(potential, { ...fields, path: file });
}

/** The file or built-in that `subject` names. */
async function fromSubject(subject: string, io: Io): Promise<Potential> {
  if (Object.hasOwn(builtins, subject)) return compilePotential(subject);
  const isFile = subject === "-" || existsSync(path.resolve(io.cwd, subject));
  if (isFile) return fromFile(subject, io);
  const hint = mend(subject, Object.keys(builtins));
  throw new InputError(`is neither a file nor a built-in potential; ${hint}`, { path: subject });
}

function print(io: Io, { json }: PotentialOptions, document: object, text: string): number {
  io.out(json ? `${JSON.stringify(document)}\n` : text);
  return 0;
}

const parametersText = (parameters: Readonly<Record<string, number>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ") || "none";

/** The two numbers of --range. */
function rangeOf({ range }: RangeOptions): Range {
  // Number("") is 0.
  const ends = range.split(",").map((end) => (end.trim() === "" ? Number.NaN : Number(end)));
  const [low, high] = ends as [number, number];
  if (ends.length !== 2 || !(high > low) || !Number.isFinite(high - low)) {
    throw new InputError(`must be two numbers, the lower one first, as -10,10; not ${range}`, { path: "--range" });
  }
  return [low, high];
}

export function list(options: PotentialOptions, io: Io): number {
  const potentials = Object.values(builtins).map(({ name, expression, parameters, reference }) => ({
    name,
    expression,
    parameters: Object.fromEntries(Object.entries(parameters).map(([key, parameter]) => [key, parameter.default])),
    reference,
  }));
  const lines = potentials.map(
    ({ name, expression, parameters }) =>
      `${name.padEnd(16)} V = ${expression.padEnd(44)} ${parametersText(parameters)}\n`,
  );
  return print(io, options, { potentials }, lines.join(""));
}

export async function show(name: string, options: PotentialOptions, io: Io): Promise<number> {
  const potential = await compilePotential(name);
  const { emitWgsl } = await import("@slowroll/core/potential/wgsl");
  const { domain, reference } = builtins[name]!;
  const { expression, parameters } = potential;
  const wgsl = emitWgsl(potential);
  const text = [
    `${name}: V = ${expression}`,
    `parameters: ${parametersText(parameters)}`,
    `domain in phi: ${domain[0]} to ${domain[1]}`,
    `reference: ${reference}`,
    "",
    wgsl,
    "",
  ];
  return print(io, options, { name, expression, parameters, domain, reference, wgsl }, text.join("\n"));
}

/** Exit code 1 where derivatives or WGSL do not agree. */
export async function check(subject: string, options: RangeOptions, io: Io): Promise<number> {
  const range = rangeOf(options);
  const potential = await fromSubject(subject, io);
  const { checkPotential } = await import("@slowroll/core/potential/check");
  const outcome = await checkPotential(potential, { range });
  const { derivatives, wgsl, finite, passed } = outcome;
  const text = [
    `V = ${potential.expression}, parameters: ${parametersText(potential.parameters)}`,
    ...(potential.fields.length > 1 ? [`fields: ${potential.fields.join(", ")}; V' and V'' along and across all`] : []),
    ...(finite < wgsl.points
      ? [`V is finite at ${finite} of ${wgsl.points} points between ${range.join(" and ")}`]
      : []),
    `V' against finite differences: largest relative difference beyond their own error ${derivatives.first.toExponential(1)}`,
    `V'' against finite differences: largest relative difference beyond their own error ${derivatives.second.toExponential(1)}`,
    `WGSL against float64 on ${wgsl.points} points: V ${wgsl.value.toExponential(1)}, V' ${wgsl.gradient.toExponential(1)} of their largest value`,
    passed ? "holds" : "does not hold",
    "",
  ];
  const { expression, fields, parameters } = potential;
  print(io, options, { expression, fields, parameters, ...outcome }, text.join("\n"));
  return passed ? 0 : 1;
}

export async function plot(subject: string, options: RangeOptions, io: Io): Promise<number> {
  const { out = "potential.svg", force } = options;
  const [low, high] = rangeOf(options);
  const potential = await fromSubject(subject, io);
  if (potential.fields.length > 1) {
    throw new InputError(`is of ${potential.fields.join(", ")}: a plot is of one field`, { path: subject });
  }
  const ending = path.extname(out);
  if (ending !== "" && ending !== ".svg") throw new InputError(`must end with .svg, not ${ending}`, { path: "--out" });
  const file = path.resolve(io.cwd, out);
  if (!force && existsSync(file)) {
    throw new InputError(`${out} exists: choose another file, or --force to overwrite it`, { path: "--out" });
  }
  const { potentialFigure } = await import("../report/potentialFigure.ts");
  const { toSvg } = await import("../report/render.ts");
  const svg = await toSvg(potentialFigure(potential, low, high));
  try {
    replaceFile(file, (partial) => writeFileSync(partial, svg));
  } catch (cause) {
    throw unwritable(file, cause, { otherwise: "or choose another file", path: "--out" });
  }
  return print(io, options, { file }, `${named(file, io.cwd)}\n`);
}
