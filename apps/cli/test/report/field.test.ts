/** The report of a field study: which figures it has, what they draw, and that images are whole within it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { HOST } from "@slowroll/core/engine/host";
import { fieldStudy } from "@slowroll/core/field/run";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import type { FieldDocument } from "../../src/document.ts";
import { fieldSummary } from "../../src/fieldSummary.ts";
import { clockOf } from "../../src/report/clock.ts";
import { fieldFigures } from "../../src/report/fieldFigures.ts";
import { say } from "../../src/report/figure.ts";
import { writeReport } from "../../src/report/report.ts";
import { envelope, timeFigure } from "../../src/report/timeFigure.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-fields-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function documentOf(text: string): Promise<FieldDocument> {
  const config = await parseConfig("field", text);
  const { result } = await fieldStudy(config, referenceEngine);
  return {
    command: "field",
    version: "0",
    config,
    engine: HOST,
    timings: { totalSeconds: 1, engineSeconds: 1 },
    ...result,
  } as FieldDocument;
}

const PREHEATING = `
precision: float64
background: { kind: selfConsistent, planckMass: 2 }
field: { fields: [phi, chi], potential: { expression: "phi^2/2 + chi^2/2 + phi^2*chi^2" }, mean: [1, 0] }
lattice: { dimensions: 2, points: 8, length: 3 }
fluctuations: { kind: gaussian, spectrum: "1e-4", seed: 2 }
time: { step: 0.02, end: 0.4 }
observe: { spectraEvery: 10, velocitySpectra: true, occupationNumbers: true, histogramEvery: 10, slicesEvery: 10 }
units: { fStar: 1.0e+18, omegaStar: 1.0e+13 }`;

let document: FieldDocument;
beforeAll(async () => {
  document = await documentOf(PREHEATING);
});

it("leaves out what a field at rest without energy has nothing to say of", async () => {
  const modes = await documentOf(
    "field: { potential: { name: quadratic, parameters: { mass: 0.3 } } }\nmodes: { wavenumbers: [2] }\ntime: { step: 0.5, end: 2 }",
  );
  expect((await fieldFigures(modes)).map(({ id }) => id)).toEqual(["scaleFactor", "mode"]);
  expect(fieldSummary(modes)).not.toContain("equation of state");
  expect(fieldSummary(document)).toContain("equation of state");
});

describe("an envelope", () => {
  it("keeps an oscillation's amplitude where it is faster than the figure's resolution", () => {
    const values = Array.from({ length: 20_000 }, (_, r) => (1 + r / 20_000) * Math.cos(2.1 * r));
    const kept = envelope(values);
    expect(kept.length).toBeLessThan(700);
    expect([kept[0], kept.at(-1)]).toEqual([0, 19_999]);
    expect(kept).toEqual([...kept].sort((p, q) => p - q));
    // In each twentieth of the run both ends of the oscillation are there.
    for (let part = 0; part < 20; part++) {
      const inside = kept.filter((r) => Math.floor(r / 1000) === part).map((r) => values[r]! / (1 + r / 20_000));
      expect(Math.max(...inside)).toBeGreaterThan(0.99);
      expect(Math.min(...inside)).toBeLessThan(-0.99);
    }
  });
  it("is every record of a short line", () => {
    expect(envelope([3, 1, 2])).toEqual([0, 1, 2]);
  });
});

describe("the clock", () => {
  it("is alpha-time where the study steps in it, at records and between", async () => {
    const stepped = await documentOf(
      "background: { kind: deSitter, hubble: 0.5 }\nfield: { mean: 1 }\ntime: { alpha: 1, step: 0.1, end: 1 }",
    );
    const clock = clockOf(stepped);
    expect(clock.title).toBe("conformal time η");
    expect(clock.times).toEqual(stepped.alphaTimes);
    for (const [r, time] of stepped.times!.entries()) expect(clock.of(time)).toBeCloseTo(stepped.alphaTimes![r]!, 14);
    const [, before, after] = stepped.times!;
    expect(clock.of((before! + after!) / 2)).toBeCloseTo(0.15, 14);
    const [mean] = await fieldFigures(stepped);
    expect(JSON.stringify(mean!.spec)).toContain("conformal time η");
  });
  it("is cosmic time else", () => {
    expect(clockOf(document).title).toBe("cosmic time t");
    expect(clockOf(document).of(0.123)).toBe(0.123);
  });
});

describe("numbers in sentences", () => {
  it("have their digits before the point in full", () => {
    expect([say(2697.4), say(99999), say(0.00123), say(1.5e6)]).toEqual(["2700", "100000", "0.00123", "1.50 × 10⁶"]);
    // Whose rounding alone has one digit more.
    expect([say(999.7), say(-99.97, 3), say(99999.6, 5)]).toEqual(["1000", "−100", "100000"]);
  });
});

describe("the report of fields", () => {
  it("has every figure, as a plot and in the page, with no label cut", async () => {
    const run = path.join(folder, "whole");
    await writeReport(run, document);
    const plots = readdirSync(path.join(run, "plots")).sort();
    expect(plots).toEqual([
      "constraint.svg",
      "energies.svg",
      "equationOfState.svg",
      "field.svg",
      "histograms.svg",
      "histograms1.svg",
      "occupation.svg",
      "occupation1.svg",
      "scaleFactor.svg",
      "slice.svg",
      "slice1.svg",
      "spectra.svg",
      "spectra1.svg",
      "variance.svg",
      "velocitySpectra.svg",
      "velocitySpectra1.svg",
    ]);
    for (const plot of plots) {
      const svg = readFileSync(path.join(run, "plots", plot), "utf8");
      expect(svg).toMatch(/^<svg/);
      expect(svg).not.toMatch(/…|NaN|undefined/);
    }
    const html = readFileSync(path.join(run, "report.html"), "utf8");
    expect(html).not.toMatch(/(src|href)=["']?https?:/);
    // Two dimensions have their own measure.
    expect(html).toContain("k²|δchiₖ|²/2π");
  });
  it("leaves the wheel to the page over figures that zoom", async () => {
    const zooming = (await fieldFigures(document))
      .map(({ spec }) => JSON.stringify(spec))
      .filter((spec) => spec.includes('"params"'));
    expect(zooming.length).toBeGreaterThan(0);
    for (const spec of zooming) expect(spec).toContain("wheel![event.ctrlKey]");
  });
  it("draws occupation numbers with the vacuum's, and breaks their lines where a mode has none", async () => {
    const vacuum = await documentOf(
      PREHEATING.replace('kind: gaussian, spectrum: "1e-4"', "kind: vacuum, amplitude: 0.01, initial: minkowski"),
    );
    const [first] = vacuum.spectra!;
    const numbers = first!.occupation as (number | null)[][];
    const spectra = [{ ...first!, occupation: [[null, ...numbers[0]!.slice(1)], numbers[1]!] }];
    const figures = await fieldFigures({ ...vacuum, spectra });
    const figure = figures.find(({ id }) => id === "occupation")!;
    expect(figure.shows).toContain("the vacuum's, 5.00 × 10⁻⁵");
    expect(figure.agrees).toContain("⟨V″⟩ = ");
    expect(figure.inGev).toContain("nₖ in 1.000 × 10¹⁰");
    const [lines] = (figure.spec as { layer: { data: { values: { value: number | null }[] } }[] }).layer;
    expect(lines!.data.values[0]!.value).toBeNull();
    expect(lines!.data.values[1]!.value).toBeCloseTo(numbers[0]![1]!, 12);
    // Where no bin has any there is nothing to draw.
    const none = [{ ...first!, occupation: numbers.map((all) => all.map(() => null)) }];
    expect((await fieldFigures({ ...vacuum, spectra: none })).map(({ id }) => id)).not.toContain("occupation");
  });
  it("says which combination of fields has the occupation numbers, where one is not a field by itself", async () => {
    const [first] = document.spectra!;
    const figureOf = async (mixing: number[][] | undefined) => {
      const spectra = [{ ...first!, ...(mixing ? { mixing } : {}) }];
      return (await fieldFigures({ ...document, spectra })).filter(({ id }) => id.startsWith("occupation"));
    };
    const mixed = await figureOf([
      [0.8, -0.6],
      [0.6, 0.8],
    ]);
    expect(mixed.map(({ agrees }) => agrees)).toEqual([
      expect.stringMatching(/ of the mass eigenstate 0\.80 phi − 0\.60 chi\.$/),
      expect.stringMatching(/ of the mass eigenstate 0\.60 phi \+ 0\.80 chi\.$/),
    ]);
    const alone = await figureOf([
      [1, 1e-4],
      [-1e-4, 1],
    ]);
    for (const { agrees } of alone) expect(agrees).not.toContain("eigenstate");
  });
  it("draws the equation of state from where there is energy", async () => {
    const text = "field: { potential: { expression: phi^2/2 - 1/2 }, mean: 1 }\ntime: { step: 0.1, end: 1 }";
    const rolling = await documentOf(text);
    expect(rolling.equationOfState![0]).toBeNull();
    const figure = (await fieldFigures(rolling)).find(({ id }) => id === "equationOfState")!;
    expect(JSON.stringify(figure.spec)).not.toContain("null");
    expect(figure.agrees).toContain(`From ${say(rolling.equationOfState![1]!)} to `);
  });
  it("draws a slice's sites as squares of pixels, the last row on top", async () => {
    const figure = (await fieldFigures(document)).find(({ id }) => id === "slice")!;
    const [address] = JSON.stringify(figure.spec).match(/data:image\/png;base64,[^"]+/)!;
    const { width, height, data } = decode(Buffer.from(address.slice(address.indexOf(",") + 1), "base64"));
    const zoom = width / 8;
    expect([width % 8, height]).toEqual([0, width]);
    const values = (document.slices![0]!.values as number[][][])[0]!;
    const colour = (x: number, y: number): string =>
      String(data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3));
    // One colour a site: viridis's first for the least value and its last for the largest.
    const all = values.flat();
    for (const [value, expected] of [
      [Math.min(...all), "68,1,84"],
      [Math.max(...all), "253,231,37"],
    ] as const) {
      const site = all.indexOf(value);
      const [row, column] = [Math.floor(site / 8), site % 8];
      const [x, y] = [column * zoom, (7 - row) * zoom];
      expect(colour(x, y)).toBe(expected);
      expect(colour(x + zoom - 1, y + zoom - 1)).toBe(expected);
    }
  });
  it("says what its axes are in GeV, where the config has units", async () => {
    const figures = await fieldFigures(document);
    expect(figures.every(({ inGev }) => inGev?.startsWith("Units: "))).toBe(true);
    expect(figures.find(({ id }) => id === "energies")!.inGev).toBe(
      "Units: t in 1.000 × 10⁻¹³ GeV⁻¹ and density in 1.000 × 10⁶² GeV⁴.",
    );
    const { units: _units, ...without } = document;
    expect((await fieldFigures(without as FieldDocument)).some(({ inGev }) => inGev)).toBe(false);
  });
  it("weighs a histogram as a density", async () => {
    const { spec } = (await fieldFigures(document)).find(({ id }) => id === "histograms")!;
    const [{ data }] = (
      spec as unknown as { layer: [{ data: { values: { time: number; density: number | null }[] } }] }
    ).layer;
    const first = data.values.filter(({ time }) => time === 0);
    const width = 10 / first.length;
    expect(first.reduce((sum, { density }) => sum + (density ?? 0) * width, 0)).toBeCloseTo(1, 12);
  });
  it("says of which realisation histograms and slices are, where there are several", async () => {
    const shown = async (of: FieldDocument) =>
      (await fieldFigures(of)).filter(({ id }) => /^(histograms|slice)/.test(id)).map(({ shows }) => shows);
    expect((await shown(document)).filter((shows) => shows.includes("realisation"))).toEqual([]);
    const several = await documentOf(PREHEATING.replace("seed: 2", "seed: 2, realisations: 2"));
    // The same seed draws the same first realisation.
    expect(several.histograms).toEqual(document.histograms);
    expect(several.slices).toEqual(document.slices);
    const captions = await shown(several);
    expect(captions.length).toBe(4);
    for (const shows of captions) expect(shows).toContain("of the first realisation");
  });
  it("draws no noise about a constant as a curve", async () => {
    const wave = await documentOf(
      "precision: float64\nbackground: { kind: deSitter, hubble: 1 }\nlattice: { dimensions: 1, points: 8 }\nfluctuations: { kind: planeWave, mode: [1] }\ntime: { step: 0.1, end: 1 }",
    );
    const figures = await fieldFigures(wave);
    // By symmetry the mean and the skewness are zero to rounding, and H is constant.
    expect(figures.map(({ id }) => id)).not.toContain("field");
    expect(figures.find(({ id }) => id === "scaleFactor")!.agrees).toContain("H = 1.00 throughout");
    const { vconcat } = figures.find(({ id }) => id === "variance")!.spec as unknown as {
      vconcat: { layer: { encoding: { y: { title: string; scale: { domain: [number, number] } } } }[] }[];
    };
    const { title, scale } = vconcat[1]!.layer[0]!.encoding.y;
    expect(title).toBe("skewness");
    expect(scale.domain[1] - scale.domain[0]).toBeGreaterThan(0.09);
  });
  it("draws each record of the constraint at its time, but for the first", async () => {
    const { spec } = (await fieldFigures(document)).find(({ id }) => id === "constraint")!;
    const [{ data }] = (spec as unknown as { layer: [{ data: { values: { time: number; value: number }[] } }] }).layer;
    const at = data.values.map(({ time, value }) => [time, value]);
    expect(at).toEqual(document.times!.map((time, r) => [time, document.constraint![r]]).slice(1));
  });
  it("averages the equation of state over cosmic time by trapezoids", async () => {
    const text = "field: { mean: 1, velocity: 2 }\ntime: { step: 0.5, end: 2 }";
    const rolling = await documentOf(text);
    const uneven = { ...rolling, times: [0, 1, 2, 3, 7], equationOfState: [9, 9, 1, 0, -1] };
    const { agrees } = (await fieldFigures(uneven)).find(({ id }) => id === "equationOfState")!;
    // ((9 + 1)/2 + (1 + 0)/2 + 4 (0 - 1)/2)/6.
    expect(agrees).toContain(`over the later half of the records is ${say(3.5 / 6)}.`);
  });
  it("says where the axis of its spectra ends, and has bars of one standard error to either side", async () => {
    const several = await documentOf(PREHEATING.replace("seed: 2", "seed: 2, realisations: 2"));
    const { shows, spec } = (await fieldFigures(several)).find(({ id }) => id === "spectra")!;
    expect(shows).toContain(`the Nyquist wave number ${say((Math.PI * 8) / 3)} of an axis`);
    const [, bars] = (spec as unknown as { layer: { data: { values: { low: number; high: number }[] } }[] }).layer;
    const { power, error } = several.spectra![0]!;
    const [mean, sigma] = [(power as number[][])[0]![0]!, (error as number[][])[0]![0]!];
    expect(bars!.data.values[0]).toMatchObject({ low: Math.max(mean - sigma, mean / 10), high: mean + sigma });
  });
  it("has a histogram's densities at the middles of its bins, and breaks a line where there is none", async () => {
    const { spec } = (await fieldFigures(document)).find(({ id }) => id === "histograms")!;
    const [{ data }] = (spec as unknown as { layer: [{ data: { values: { x: number; time: number }[] } }] }).layer;
    const xs = data.values.filter(({ time }) => time === 0).map(({ x }) => x);
    expect(xs[0]).toBeCloseTo(-xs.at(-1)!, 12);
    expect(xs[0]).toBeGreaterThan(-5);
  });
  it("leaves gaps in a logarithmic line where there is nothing to draw", () => {
    const clock = clockOf(document);
    const values = [1, 0, 100, 1e-40, 10];
    const about = { id: "line", title: "", shows: "", agrees: "" };
    const { spec } = timeFigure(
      { ...clock, times: [0, 1, 2, 3, 4] },
      [{ y: "y", lines: [{ name: "y", values }], log: true }],
      about,
    );
    const [{ data }] = (spec as unknown as { layer: [{ data: { values: { value: number | null }[] } }] }).layer;
    expect(data.values.map(({ value }) => value)).toEqual([1, null, 100, null, 10]);
  });
  it("names the axes of a slice, and what modes' amplitudes are in GeV", async () => {
    const slice = (await fieldFigures(document)).find(({ id }) => id === "slice")!;
    const { hconcat } = slice.spec as unknown as {
      hconcat: { layer: { encoding: { x: { title: string }; y: { title: string } } }[] }[];
    };
    const { x, y } = hconcat[0]!.layer[0]!.encoding;
    // Rows count the first axis of two, and columns the second.
    expect([x.title, y.title]).toEqual(["x₂", "x₁"]);
    const modes = await documentOf(
      "field: { mean: 0 }\ntime: { step: 0.1, end: 1 }\nmodes: { wavenumbers: [1] }\nunits: { fStar: 1.0e+18, omegaStar: 1.0e+12 }",
    );
    const { inGev } = (await fieldFigures(modes)).find(({ id }) => id === "mode")!;
    expect(inGev).toMatch(/\|δφₖ\| in \S+ × 10\S+ GeV⁻¹ᐟ²/);
  });
  it("draws the Hubble rate of a background that contracts", async () => {
    const file = path.join(folder, "contracting.csv");
    writeFileSync(file, "0,1\n1,0.9\n2,0.7\n3,0.5\n4,0.4\n");
    const contracting = await documentOf(
      `background: { kind: table, file: ${file} }\nfield: { mean: 1 }\ntime: { step: 0.1, end: 3 }`,
    );
    const { spec } = (await fieldFigures(contracting)).find(({ id }) => id === "scaleFactor")!;
    const [, panel] = (spec as unknown as { vconcat: { layer: { data: { values: { value: number }[] } }[] }[] })
      .vconcat;
    expect(panel!.layer[0]!.data.values.map(({ value }) => value)).toEqual(contracting.hubble);
  });
  it("tells the end of a wave that begins at zero", async () => {
    const wave = await documentOf(
      "lattice: { dimensions: 1, points: 8 }\nfluctuations: { kind: planeWave, mode: [1], amplitude: 0, velocity: 1e-3 }\ntime: { step: 0.1, end: 1 }",
    );
    const { agrees } = (await fieldFigures(wave)).find(({ id }) => id === "mode")!;
    expect(agrees).toBe(`It goes from 0 to ${say((wave.modes![0]!.amplitude as number[]).at(-1))}.`);
  });
  it("draws many modes in one figure", async () => {
    const modes = await documentOf(
      "field: { mean: 0 }\ntime: { step: 0.1, end: 1 }\nmodes: { wavenumbers: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }",
    );
    const figures = await fieldFigures(modes);
    const ids = figures.map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith("mode"))).toEqual(["mode"]);
    expect(figures.find(({ id }) => id === "mode")!.shows).toContain("8 of the 12");
  });
  it("draws modes of several fields in a panel each, and tells each one's end", async () => {
    const modes = await documentOf(
      'field: { fields: [phi, chi], potential: { expression: "phi^2/2 + phi*chi/3 + 9*chi^2" } }\ntime: { step: 0.1, end: 3 }\nmodes: { wavenumbers: [1, 2] }',
    );
    const figure = (await fieldFigures(modes)).find(({ id }) => id === "mode")!;
    const { vconcat } = figure.spec as unknown as { vconcat: { layer: { encoding: { y: { title: string } } }[] }[] };
    expect(vconcat.map(({ layer }) => layer[0]!.encoding.y.title)).toEqual([
      "|δφₖ| of phi",
      "|δφₖ| of chi",
      "ρ(phi, chi)",
    ]);
    expect(figure.agrees).toMatch(/^They end phi at \S+ \(smallest k\) to \S+; chi at/);
    const summary = fieldSummary(modes);
    for (const row of ["k 1.000 phi", "k 2.000 chi"]) expect(summary).toContain(row);
  });
  it("gives each of more fields than the palette has a colour of its own", async () => {
    const names = Array.from({ length: 12 }, (_, f) => `f${f}`);
    const potential = `{ expression: "${names.map((name) => `${name}^2`).join(" + ")}" }`;
    const many = await documentOf(
      `field: { fields: [${names}], potential: ${potential}, mean: 1 }\ntime: { step: 0.1, end: 1 }`,
    );
    const { vconcat } = (await fieldFigures(many))[0]!.spec as unknown as {
      vconcat: { layer: { encoding: { color: { scale: { range: string[] } } } }[] }[];
    };
    const { range } = vconcat[0]!.layer[0]!.encoding.color.scale;
    expect(new Set(range).size).toBe(12);
  });
  it("writes the page of a run that diverged at its first record", async () => {
    const one = Object.fromEntries(
      Object.entries(document).map(([key, value]) => [key, Array.isArray(value) ? value.slice(0, 1) : value]),
    ) as unknown as FieldDocument;
    const run = path.join(folder, "one");
    await writeReport(run, { ...one, incomplete: "diverged" });
    expect(readFileSync(path.join(run, "report.html"), "utf8")).toContain("incomplete: diverged");
  });
});
