/** A run's report: report.html and plots/*.svg, written like a page of a paper from nothing but the result document. */
import { mkdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { shortNames } from "@slowroll/core/field/sweepPoint";
import type { DualityDocument, KernelDocument, NetworkDocument, ResultDocument } from "../document.ts";
import { writeWhole } from "../folder.ts";
import { dualityFigures } from "./dualityFigures.ts";
import { falls } from "./exponents.ts";
import { fieldFigures } from "./fieldFigures.ts";
import { counted, type Figure, list, measured, say, superscript } from "./figure.ts";
import { kernelFigures, networkFigures } from "./networkFigures.ts";
import { type MovieImage, type Page, toHtml, toSvg } from "./render.ts";

type NetworkConfig = (KernelDocument | NetworkDocument | DualityDocument)["config"];

async function figuresOf(document: ResultDocument): Promise<Figure[]> {
  switch (document.command) {
    case "kernel":
      return kernelFigures(document);
    case "network":
      return networkFigures(document);
    case "field":
      return fieldFigures(document);
    case "duality":
      return dualityFigures(document);
  }
}

const TITLES: Record<ResultDocument["command"], string> = {
  kernel: "Kernels of an infinitely wide network",
  network: "An ensemble of networks under gradient descent",
  field: "A scalar field on an expanding background",
  duality: "Wide networks under gradient descent and their dual universe",
};

const architecture = ({ network }: NetworkConfig): string =>
  `${network.depth === 1 ? "one hidden layer" : `${network.depth} hidden layers`} of ${network.width} ${network.activation} units`;

const potentialName = (potential: NetworkConfig["training"]["potential"]): string =>
  typeof potential === "string" ? potential : "name" in potential ? potential.name : potential.expression;

function abstractOf(document: ResultDocument): string {
  const cut = document.incomplete ? ` The run is incomplete: ${document.incomplete}.` : "";
  switch (document.command) {
    case "kernel":
      return `The neural tangent kernel of a network with ${architecture(document.config)} at infinite width fixes the masses of its dual field; the learning rate fixes its Hubble rate.${cut}`;
    case "network": {
      const { ensemble, training } = document.config;
      return `${counted(ensemble.size, "network")} with ${architecture(document.config)} descend${ensemble.size === 1 ? "s" : ""} ${counted(training.steps, "step")} on the potential ${potentialName(training.potential)} as loss.${cut}`;
    }
    case "field": {
      const { lattice, background, field } = document.config;
      const paths = Object.keys(document.sweep?.[0]?.values ?? {});
      /** What is swept has no one value. */
      const unlessSwept = (path: RegExp, text: string): string => (paths.some((swept) => path.test(swept)) ? "" : text);
      const sites = ` of ${lattice?.points}${superscript(String(lattice?.dimensions))} sites`;
      const where = lattice
        ? `on a lattice${unlessSwept(/^lattice\.(points|dimensions)$/, sites)}`
        : "without spatial dependence";
      const fields = field.fields ?? [];
      const subject = fields.length > 1 ? `The scalar fields ${list(fields)}` : "A scalar field";
      const potential = unlessSwept(
        /^field\.potential(\.name|\.expression)?$/,
        ` with potential ${potentialName(field.potential)}`,
      );
      const space = unlessSwept(/^background\.kind$/, ` in a ${background.kind} background`);
      const how = `${subject}${potential} ${fields.length > 1 ? "evolve" : "evolves"} ${where}${space}`;
      if (document.sweep) {
        return `${how}, once for each of ${document.sweep.length} values of ${list(shortNames(paths))}.${cut}`;
      }
      return `${how} over ${say(document.efolds?.at(-1))} e-folds.${cut}`;
    }
    case "duality": {
      const { duality, ensemble, training } = document.config;
      const { background, regression, widths: swept, hyperparameters } = duality;
      const { perturbations } = document;
      // Perturbations alone train no further than their wave is followed.
      const steps =
        perturbations && !background && !(regression ?? swept ?? hyperparameters)
          ? perturbations.times.at(-1)!
          : training.steps;
      const { lambdaEta } = document.regression ?? {};
      const constant =
        lambdaEta?.value == null
          ? ""
          : ` From the training curves alone the product of cosmological constant and learning rate is ${measured(lambdaEta.value, lambdaEta.error)}, where the duality says ${say(lambdaEta.expected, 4)}.`;
      const second = document.background?.errors.secondOrder;
      const dual =
        second == null
          ? ""
          : ` The dual field of second order follows the infinite-width trajectory to ${say(second)} of its first value.`;
      const waves =
        perturbations?.exponent == null
          ? ""
          : ` N e-folds outside the horizon the ensemble's variance along mode ${perturbations.mode} and the power of its dual field's vacuum differ as exp(s N), s = ${measured(perturbations.exponent, perturbations.exponentError)}, where theory has ${say(perturbations.theory.exponent)}.`;
      const drift = document.scaling?.kernelDrift;
      const widths =
        drift?.exponent == null
          ? ""
          : ` Between widths ${document.scaling!.widths[0]} and ${document.scaling!.widths.at(-1)} the kernel's drift goes as width to the power ${measured(drift.exponent, drift.exponentError)}${falls(drift) ? ": the field becomes free" : ""}.`;
      return `${counted(ensemble.size, "network")} with ${architecture(document.config)} descend${ensemble.size === 1 ? "s" : ""} ${counted(steps, "step")} on the potential ${potentialName(training.potential)}, and ${ensemble.size === 1 ? "is" : "are"} compared with a scalar field with Hubble friction.${constant}${dual}${waves}${widths}${cut}`;
    }
  }
}

function factsOf(document: ResultDocument): [string, string][] {
  const { engine, timings, version, config } = document;
  const facts: [string, string][] = [];
  if (document.command === "duality") {
    const { regression, background, passed } = document;
    if (regression) {
      for (const [name, { value, error, expected }] of Object.entries({
        Λη: regression.lambdaEta,
        "3H": regression.friction,
        Λ: regression.lambda,
      })) {
        facts.push([
          name,
          `${regression.identifiable ? measured(value, error) : "not identifiable"} (expected ${say(expected, 5)})`,
        ]);
      }
    }
    if (background) facts.push(["error of the second-order dual", say(background.errors.secondOrder)]);
    if (document.checks) facts.push(["checks", passed ? "all hold" : "not all hold"]);
  }
  if ("ensemble" in config && document.command !== "kernel")
    facts.push(["networks, seed", `${config.ensemble.size}, ${config.ensemble.seed}`]);
  if ("eta" in document && document.eta !== undefined) facts.push(["learning rate η", say(document.eta, 5)]);
  if (document.command === "field" && document.units) {
    const { fStar, omegaStar } = document.units;
    facts.push(["program units", `f⁎ = ${say(fStar, 5)} GeV, ω⁎ = ${say(omegaStar, 5)} GeV`]);
  }
  facts.push(["engine", `${engine.kind} on ${engine.name} (${engine.type}, ${engine.precision})`]);
  facts.push([
    "time",
    `${timings.totalSeconds.toFixed(1)} s, of which the engine ${timings.engineSeconds.toFixed(1)} s`,
  ]);
  facts.push(["slowroll", version]);
  for (const warning of ("warnings" in document && document.warnings) || []) facts.push(["warning", warning]);
  return facts;
}

/** Bytes of a movie that the page holds itself: browsers open no page of a gigabyte, and Node makes no string of more than half of one. */
const MOST_HELD = 2 ** 26;

/** The movies beside a result, where the run was asked for them. */
async function moviesIn(directory: string, document: ResultDocument): Promise<MovieImage[]> {
  if (document.command !== "field") return [];
  const { slices = [], config } = document;
  const names = config.field.fields?.map((name) => ({ name, file: `movie-${name}.gif` }));
  const images: MovieImage[] = [];
  for (const { name, file } of names ?? [{ name: "φ", file: "movie.gif" }]) {
    const whole = path.join(directory, file);
    const found = await stat(whole).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (!found) continue;
    const isBeside = found.size > MOST_HELD;
    images.push({
      title: `A movie of ${name}`,
      shows: `${name} less its mean in the plane of the slices at ${slices.length} times from ${say(slices[0]?.time)} to ${say(slices.at(-1)?.time)}, blue below and orange above, with one scale for all frames (in the file's comments); it is ${file} of the run's folder${isBeside ? ", too large for this page to hold, which shows it from there" : ""}.`,
      address: isBeside ? file : `data:image/gif;base64,${await readFile(whole, "base64")}`,
    });
  }
  return images;
}

/** Writes report.html and plots/*.svg into `directory`. Throws what the file system throws. */
export async function writeReport(directory: string, document: ResultDocument): Promise<void> {
  const { stringify } = await import("yaml");
  const figures = await figuresOf(document);
  const svgs: string[] = [];
  for (const figure of figures) svgs.push(await toSvg(figure));
  const page: Page = {
    name: path.basename(path.resolve(directory)),
    title: TITLES[document.command],
    abstract: abstractOf(document),
    facts: factsOf(document),
    figures,
    movies: await moviesIn(directory, document),
    config: stringify(document.config),
  };
  await mkdir(path.join(directory, "plots"), { recursive: true });
  for (const [i, { id }] of figures.entries()) await writeWhole(path.join(directory, "plots", `${id}.svg`), svgs[i]!);
  await writeWhole(path.join(directory, "report.html"), await toHtml(page, svgs));
}
