/** Every way of writing a config wrongly: exit 2, one clear line that names the place, nothing written. */
import { rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { slowroll } from "./inProcess.ts";
import { cwd, refused } from "./refused.ts";

const TIME = "time: { step: 0.1, end: 1 }";
const SMALL = "network: { width: 8 }\nensemble: { size: 4 }";
const LATTICE = "lattice: { dimensions: 3, points: 8 }";
const file = (name: string): string => path.join(cwd, name);
/** Command, config, what the line must begin with after "slowroll: ", and a word that must stand in it. */
const configs: [command: string, config: string, place: string, word: string][] = [
  // Unknown keys, with the nearest valid one.
  ["network", "netwrok: { width: 8 }", "netwrok", "network"],
  ["network", "network: { widht: 8 }", "network.widht", "network.width"],
  ["network", "training: { learningRat: 1 }", "training.learningRat", "training.learningRate"],
  ["network", "training: { lr: 1 }", "training.lr", "did you mean training.learningRate?"],
  ["field", "background: { kind: desiter, hubble: 1 }", "background.kind", "did you mean deSitter?"],
  ["network", "precision: flaot32", "precision", "did you mean float32?"],
  ["network", "precision: half", "precision", 'not "half"'],
  ["network", "data: { input: [[1]] }", "data.input", "data.inputs"],
  ["network", "data: { standardise: inputs }", "data.standardise", "true or false"],
  ["network", "training: { batch: { size: 0 } }", "training.batch.size", "at least 1"],
  ["network", "training: { batch: { size: 9 } }", "training.batch.size", "there are 8 data"],
  ["network", "training: { batch: 4 }", "training.batch", "a section"],
  ["network", "data: { inputs: { circel: { points: 3 } } }", "data.inputs", "circle"],
  ["network", "data: { inputs: { circle: { point: 3 } } }", "data.inputs.circle.point", "points"],
  ["network", "training: { learningRate: { relativ: 1 } }", "training.learningRate.relativ", "relative"],
  ["network", "duality: { background: true }", "duality", "is no section of the network command; duality takes it"],
  ["field", "network: { width: 8 }", "network", "kernel, network and duality take it"],
  ["field", `${TIME}\nfield: { potential: phi^2/2 }`, "field.potential", 'write { expression: "phi^2/2" }'],
  ["field", `${TIME}\nobserve: { spectraEvery: 1 }`, "observe", "lattice"],
  ["field", `${TIME}\n${LATTICE}\nobserve: { spectraEvry: 1 }`, "observe.spectraEvry", "spectraEvery"],
  ["field", `${TIME}\n${LATTICE}\nobserve: { velocitySpectra: true }`, "observe.velocitySpectra", "spectraEvery"],
  ["field", `${TIME}\n${LATTICE}\nobserve: { occupationNumbers: true }`, "observe.occupationNumbers", "spectraEvery"],
  [
    "field",
    `${TIME}\n${LATTICE}\nobserve: { spectraEvery: 1, occupationNumbers: 1 }`,
    "observe.occupationNumbers",
    "true",
  ],
  ["field", `${TIME}\nunits: { fStar: 1 }`, "units.omegaStar", "missing"],
  ["field", `${TIME}\nfield: { fields: [phi, phi] }`, "field.fields", "different names"],
  ["field", `${TIME}\nfluctuations: {kind:vacuum}`, "fluctuations", "write kind: vacuum"],
  ["field", `${TIME}\nfield: { potential: {expression:phi^2} }`, "field.potential", "write expression: phi^2"],
  [
    "field",
    `${TIME}\nfield: { potential: { expression: "sqrt(phi)" } }`,
    "field.mean",
    "V or V' is not finite at phi = 0",
  ],
  ["field", `${TIME}\nfield: { fields: ["a b"] }`, "field.fields[0]", "letters"],
  ["field", `${TIME}\nfield: { fields: [sigma, pi] }`, "field.fields[1]", "without a meaning in expressions"],
  ["field", `${TIME}\nfield: { fields: [phi, chi], mean: [1] }`, "field.mean", "2 fields"],
  ["field", `${TIME}\nfield: { mean: 1, velocity: fast }`, "field.velocity", "attractor"],
  [
    "field",
    `${TIME}\nfield: { potential: { name: quadratic, parameters: { mass: 9 } }, mean: 1, velocity: attractor }`,
    "field.velocity",
    "slow-roll",
  ],
  ["field", `${TIME}\nbackground: { kind: fluid, omega: -2 }`, "background.omega", "-1"],
  ["field", `${TIME}\nbackground: { kind: selfConsistent }`, "background.planckMass", "missing"],
  [
    "field",
    `${TIME}\nbackground: { kind: selfConsistent, planckMass: 1 }\nfield: { potential: { expression: "-phi^2" }, mean: 1 }`,
    "background.kind",
    "energy density",
  ],
  ["field", `${TIME}\nbackground: { kind: table, file: nowhere.csv }`, "background.file", "no such file"],
  ["field", `${TIME}\nbackground: { kind: table, file: ${file("spaces.csv")} }`, "background.file", "put commas"],
  ["field", `${TIME}\nbackground: { kind: table, file: words.csv }`, "background.file", "not a finite number"],
  ["field", `${TIME}\nbackground: { kind: table, file: empty.csv }`, "background.file", "rows"],
  [
    "field",
    `${TIME}\n${LATTICE}\nfluctuations: { kind: vacuum, cutoff: 0.9 }`,
    "fluctuations.cutoff",
    "2 pi/length = 1",
  ],
  ["field", `${TIME}\nmodes: { wavenumbers: [0] }`, "modes.wavenumbers[0]", "0"],
  ["field", `${TIME}\n${LATTICE}\nmodes: { wavenumbers: [1] }`, "modes", "without a lattice"],
  ["field", `${TIME}\n${LATTICE}\nfluctuations: { kind: gaussian }`, "fluctuations.spectrum", "expression in k"],
  [
    "field",
    `${TIME}\n${LATTICE}\nfluctuations: { kind: gaussian, spectrum: "-k" }`,
    "fluctuations.spectrum",
    "not negative",
  ],
  [
    "field",
    `${TIME}\n${LATTICE}\nfluctuations: { kind: gaussian, spectrum: { file: zero.csv } }`,
    "fluctuations.spectrum",
    "row 1 begins with 0, which is not above 0",
  ],
  [
    "field",
    `${TIME}\n${LATTICE}\nfluctuations: { kind: cosmoLattice, file: nowhere.h5 }`,
    "fluctuations.file",
    "nowhere.h5",
  ],
  ["field", "time: { step: 0.1, end: 1, integrator: verlet3 }", "time.integrator", "verlet4"],
  ["field", `${TIME}\ncheckpoint: { everySeconds: -1 }`, "checkpoint.everySeconds", "at least 0.05"],
  ["field", `${TIME}\ncheckpoint: { everySeconds: 0 }`, "checkpoint.everySeconds", "at least 0.05, not 0"],
  ["field", "time: { step: 0.1, end: 1, steps: 4 }", "time.steps", "time.step"],
  // Wrong types.
  ["network", "network: 3", "network", "a section"],
  ["network", "network: { width: wide }", "network.width", "number"],
  ["network", "network: { width: [3] }", "network.width", "number"],
  ["network", "network: { activation: 3 }", "network.activation", "text"],
  ["network", "training: { steps: true }", "training.steps", "number"],
  ["network", "training: { learningRate: fast }", "training.learningRate", "relative"],
  ["network", "training: { potential: 7 }", "training.potential", "built-in name"],
  ["network", "data: { inputs: 5 }", "data.inputs", "list of rows"],
  ["network", "data: { targets: { a: 1 } }", "data.targets", "unknown key"],
  ["field", "time: soon", "time", "section"],
  ["network", "precision: double", "precision", "float32"],
  // Ranges.
  ["network", "network: { width: 0 }", "network.width", "at least 1"],
  ["network", "network: { width: -4 }", "network.width", "at least 1"],
  ["network", "network: { width: 10.5 }", "network.width", "whole"],
  ["network", "network: { depth: 0 }", "network.depth", "at least 1"],
  ["network", "network: { weightStd: -1 }", "network.weightStd", "at least 0"],
  ["network", "network: { weightStd: .nan }", "network.weightStd", "number"],
  ["network", "training: { momentum: 1 }", "training.momentum", "below 1"],
  ["field", `${TIME}\nbackground: { kind: fluid, omega: 1/3 }`, "background.omega", "write 0.3333333333333333"],
  ["network", "training: { momentum: 9/0 }", "training.momentum", 'a finite number, not "9/0"'],
  ["network", "training: { momentum: -0.1 }", "training.momentum", "at least 0"],
  ["network", "training: { steps: -1 }", "training.steps", "at least 0"],
  ["network", "training: { recordEvery: 0 }", "training.recordEvery", "at least 1"],
  [
    "network",
    "training: { steps: 1000000000, recordEvery: 1000000 }\nobserve: { kernelsEvery: 1 }",
    "observe.kernelsEvery",
    "gives kernels at 1000000000 steps",
  ],
  ["network", "training: { learningRate: 0 }", "training.learningRate", "above 0"],
  ["network", "training: { learningRate: { relative: -1 } }", "training.learningRate.relative", "above 0"],
  ["network", "ensemble: { size: 0 }", "ensemble.size", "at least 1"],
  ["network", "ensemble: { size: 1.0e+12 }", "ensemble.size", "at most"],
  ["network", "ensemble: { seed: -1 }", "ensemble.seed", "at least 0"],
  ["network", "ensemble: { seed: 1.5 }", "ensemble.seed", "whole"],
  ["field", "time: { step: -0.1, end: 1 }", "time.step", "above 0"],
  ["field", "time: { end: 1 }", "time.step", "missing"],
  ["field", "{}", "time", "missing"],
  ["field", `${TIME}\nlattice: { dimensions: 4 }`, "lattice.dimensions", "1, 2, 3"],
  ["field", `${TIME}\nlattice: { points: 1 }`, "lattice.points", "at least 2"],
  ["field", `${TIME}\nlattice: { stencil: 3 }`, "lattice.stencil", "2"],
  ["field", `${TIME}\nbackground: { kind: deSiter }`, "background.kind", "deSitter"],
  ["field", `${TIME}\nbackground: { kind: powerLaw }`, "background.exponent", "missing"],
  // Data.
  ["network", "data: { inputs: [], targets: [] }", "data.inputs", "at least 1"],
  ["network", "data: { inputs: { sphere: { points: 3 } } }", "data.inputs.sphere.dimension", "missing"],
  ["network", "data: { inputs: { sphere: { points: 0, dimension: 2 } } }", "data.inputs.sphere.points", "at least 1"],
  ["network", "data: { inputs: { gaussian: { points: 5000, dimension: 2 } } }", "data.inputs.gaussian.points", "4096"],
  [
    "network",
    "data: { inputs: { gaussian: { points: 5, dimension: 5000 } } }",
    "data.inputs.gaussian.dimension",
    "4096",
  ],
  [
    "network",
    "data: { inputs: { gaussian: { points: 5, dimension: 2, seed: -1 } } }",
    "data.inputs.gaussian.seed",
    "at least 0",
  ],
  ["network", "data: { inputs: { sphere: { points: 5, dimesion: 2 } } }", "data.inputs.sphere.dimesion", "dimension"],
  ["network", "data: { inputs: { grid: { points: 4 } } }", "data.inputs.grid.points", "a list"],
  ["network", "data: { inputs: { grid: { points: [4, 1] } } }", "data.inputs.grid.points[1]", "at least 2"],
  ["network", "data: { inputs: { grid: { points: [4], low: 1 } }, targets: x0 }", "data.inputs.grid.low", "below"],
  ["network", "data: { inputs: { grid: { points: [65, 64] } }, targets: x0 }", "data.inputs.grid.points", "coarser"],
  ["network", "data: { inputs: { grid: { points: [4] } }, targets: { column: y } }", "data.targets.column", "file"],
  ["network", "data: { test: { inputs: { grid: { points: [65, 64] } } } }", "data.test.inputs.grid.points", "coarser"],
  ["network", "data: { inputs: { grid: { points: [4] } }, targets: { colum: y } }", "data.targets.colum", "column"],
  ["network", `data: { inputs: { file: ${file("words.csv")}, columns: [] } }`, "data.inputs.columns", "at least 1"],
  ["network", "data: { inputs: [[]], targets: [1] }", "data.inputs[0]", "at least 1"],
  ["network", "data: { inputs: [[1], [1, 2]], targets: [1, 2] }", "data.inputs", "coordinates"],
  ["network", "data: { test: { inputs: [[1]] } }", "data.test.inputs", "coordinates"],
  ["network", "data: { test: { inputs: [[1, 2], [1]] } }", "data.test.inputs", "coordinates"],
  ["kernel", "data: { test: { inputs: [[1, 2]] } }", "data.test", "unknown"],
  ["network", "data: { inputs: [[1], [2]], targets: [1] }", "data.targets", "2 inputs"],
  ["network", "data: { targets: 5 }", "data.targets: must be an expression", "{ expressions }"],
  ["network", "data: { targets: [1, a] }", "data.targets: must be all numbers, all expressions", '[1,"a"]'],
  ["network", "data: { targets: [1, 2, x0] }", "data.targets[2]: must be a finite number", "x0"],
  ["network", "data: { inputs: [[1], [2]], targets: [[1, 2], [3]] }", "data.targets[1]", "the first row has 2"],
  ["network", "data: { inputs: [[1], [2]], targets: [[1, 2], [3, a]] }", "data.targets[1][1]", "finite number"],
  ["network", "data: { targets: { expressions: {} } }", "data.targets.expressions", "names no output"],
  ["network", "data: { targets: { expressions: [x0] } }", "data.targets.expressions", "names and values"],
  ["network", "data: { targets: { expressions: { 1st: x0 } } }", "data.targets.expressions", "begin with a letter"],
  ["network", "data: { targets: { columns: [] } }", "data.targets.columns", "at least 1"],
  [
    "network",
    `data: { inputs: { file: ${file("words.csv")} }, targets: { columns: [a, a] } }`,
    "data.targets.columns[1]",
    "named twice",
  ],
  [
    "network",
    "data: { inputs: { gaussian: { points: 2049, dimension: 2 } }, targets: [x0, x1] }",
    "data.targets",
    "2 outputs",
  ],
  ["network", "data: { inputs: [[1]], targets: theta }", "data.targets", "column 1"],
  ["network", "data: { inputs: [[0]], targets: 1/x0 }", "data.targets", "finite"],
  ["network", `data: { inputs: { file: ${file("nowhere.csv")} }, targets: [1] }`, "data.inputs.file", "no such file"],
  ["network", `data: { inputs: { file: ${file("ragged.csv")} }, targets: [1, 2] }`, "data.inputs.file", "coordinates"],
  [
    "network",
    `data: { inputs: { file: ${file("words.csv")} }, targets: [1, 2] }`,
    "data.inputs.file",
    "line 3, column 2",
  ],
  ["network", `data: { inputs: { file: ${file("empty.csv")} }, targets: [1] }`, "data.inputs.file", "empty"],
  // Names and expressions.
  ["network", "network: { activation: Relu }", "network.activation", "relu"],
  ["network", "training: { potential: quadratc }", "training.potential", "quadratic"],
  [
    "network",
    "training: { potential: { name: cosine, parameters: { f: 0 } } }",
    "training.potential.parameters.f",
    "other than 0",
  ],
  ["network", "training: { potential: { expression: phi^2 + chi } }", "training.potential.expression", "column 9"],
  [
    "network",
    "training: { potential: { expression: 'constructor.constructor(1)' } }",
    "training.potential.expression",
    "column",
  ],
  ["network", "training: { potential: { expression: 'import(\"fs\")' } }", "training.potential.expression", "column"],
  ["network", "training: { potential: { expression: 'phi = 2' } }", "training.potential.expression", "column 5"],
  ["network", "training: { potential: { expression: '' } }", "training.potential.expression", "empty"],
  ["network", "data: { targets: 'sin(thta)' }", "data.targets", "theta"],
  [
    "kernel",
    "training: { potential: { expression: 'a*phi^2', parameters: { a: 1, b: 2 } } }",
    "training.potential.parameters.b",
    "does not use",
  ],
  // Numbers out of range.
  ["network", `${SMALL}\ntraining: { potential: { expression: log(phi) } }`, "training.potential", "not finite"],
  ["network", `${SMALL}\ntraining: { potential: { expression: phi^1000000000 } }`, "training.potential", "not finite"],
  ["network", `${SMALL}\ndata: { inputs: [[1]], targets: [1.0e+300] }`, "data.targets", "not finite"],
  ["kernel", "data: { inputs: [[1.0e+200]], targets: [1] }", "data.inputs", "scale"],
  ["kernel", "network: { activation: linear, depth: 1000 }", "network.weightStd", "not finite"],
  ["field", `${TIME}\nfield: { mean: 1.0e+200 }`, "field.mean", "not finite"],
  [
    "field",
    "time: { step: 100, end: 100 }\nbackground: { kind: static }\nfield: { mean: 1, potential: { name: quadratic, parameters: { mass: 1.0e+5 } } }",
    "time.end",
    "too fast",
  ],
  // Checks.
  ["field", `${TIME}\nfield: { potential: nothing }`, "field.potential", "known: quadratic"],
  // A key of another kind.
  [
    "field",
    `${TIME}\nbackground: { kind: static, hubble: 1 }`,
    "background.hubble",
    "is no key of kind static; remove it or change background.kind",
  ],
  // Fields and lattices.
  ["field", `${LATTICE}\ntime: { step: 0.3, end: 1 }`, "time.end", "the nearest is 0.9"],
  ["field", `${LATTICE}\ntime: { step: 1, end: 0.3 }`, "time.end", "the nearest is 1"],
  ["field", `${LATTICE}\ntime: { step: 0.1, end: 2, alpha: 1 }`, "time.end", "infinite"],
  ["field", `${TIME}\nlattice: { dimensions: 3, points: 1000000 }`, "lattice.points", "sites"],
  ["field", `${TIME}\nlattice: { dimensions: 3, points: 1200 }`, "lattice.points", "this machine"],
  ["field", `${TIME}\nfluctuations: { kind: planeWave, mode: [1, 0, 0] }`, "fluctuations", "lattice"],
  ["field", `${TIME}\n${LATTICE}\nfluctuations: { kind: planeWave, mode: [1, 0] }`, "fluctuations.mode", "dimensions"],
  ["field", `${TIME}\n${LATTICE}\nfluctuations: { kind: planeWave, mode: [9, 0, 0] }`, "fluctuations.mode", "resolve"],
  ["field", `${TIME}\n${LATTICE}\nfluctuations: { kind: vaccum }`, "fluctuations.kind", "planeWave"],
  [
    "field",
    `${TIME}\n${LATTICE}\nfluctuations: { kind: file, field: x, momentum: y }\nfield: { mean: 1 }`,
    "field.mean",
    "stored arrays",
  ],
  [
    "field",
    `${TIME}\n${LATTICE}\nfluctuations: { kind: file, field: nowhere.f64, momentum: y }`,
    "fluctuations.field",
    "no such file",
  ],
  [
    "field",
    `${TIME}\n${LATTICE}\nfluctuations: { kind: file, field: ${file("short.f64")}, momentum: y }`,
    "fluctuations.field",
    "12 bytes",
  ],
  // Sizes beyond memory.
  ["network", "network: { width: 100000, depth: 32 }\nensemble: { size: 1 }", "network.width", "this machine"],
  ["network", "network: { width: 1048576, depth: 2 }\nensemble: { size: 1 }", "network.width", "weights"],
  ["network", "network: { width: 1.0e+9 }", "network.width", "at most"],
  // Documents.
  ["network", "network: { width: 8", "standard input", "line 1"],
  ["network", "network:\n\twidth: 8", "standard input", "line 2"],
  ["network", "a: 1\na: 2", "standard input", "unique"],
  ["network", 'data: { inputs: { file: "C:\\Users\\d.csv" } }', "standard input", "use single quotes"],
  ["network", "- 1\n- 2", "standard input", "sections"],
  ["network", "just text", "standard input", "sections"],
  ["network", "network: { width: 8 }\n---\nnetwork: {}", "standard input", "several"],
  ["network", "a: &a [x]\nb: *c", "standard input", "alias"],
];
describe("bad configs", () => {
  it.each(configs)("%s: %s", (command, config, place, word) =>
    refused(
      [command, "-", "--adapter", command === "field" || command === "network" ? "software" : "auto"],
      config,
      place,
      word,
    ),
  );
});
describe("with --json", () => {
  it("the error is on standard output too, as one document", async () => {
    const { code, out } = await slowroll(["network", "-", "--json"], { cwd, input: "network: { width: 0 }" });
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({
      error: { code: "badInput", message: "must be at least 1, not 0", path: "network.width" },
    });
  });
});

describe("what is no bad input", () => {
  const quick = ["--set", "network.width=8", "--set", "ensemble.size=4", "--set", "training.steps=5"];
  it.each([
    [["network.activation=tanh", "network.weightStd=100"]],
    [["network.activation=gelu", "network.weightStd=1e6"]],
    [["network.activation=linear", "network.depth=100"]],
    [["data.inputs=[[1e20],[1]]", "data.targets=[1,2]"]],
  ])("kernel %j", async (settings) => {
    const set = settings.flatMap((setting) => ["--set", setting]);
    const { code, out } = await slowroll(["kernel", "--json", ...set], { cwd });
    expect(code).toBe(0);
    const { ntk, eigenvalues } = JSON.parse(out);
    expect([...ntk.flat(), ...eigenvalues].every(Number.isFinite)).toBe(true);
  });
  it("a check that does not hold says so in one line", async () => {
    const check = "duality.checks=[{ path: background.errors.exact, expected: 1, tolerance: 0.1 }]";
    const { code, error } = await slowroll(["duality", "--quiet", "--out", "failing", ...quick, "--set", check], {
      cwd,
    });
    rmSync(path.join(cwd, "failing"), { recursive: true });
    expect(code).toBe(1);
    expect(error).toMatch(/^check: background\.errors\.exact is \d\S*e-1\d, expected 1 within 0\.1$/m);
  });
  it("a width that diverges ends with 4 and names it", async () => {
    const settings = [
      ...["ensemble.size=4", "duality.background=false", "duality.widths=[16,32]", "training.steps=400"],
      ...["training.potential=quartic", "training.learningRate.relative=40"],
    ].flatMap((setting) => ["--set", setting]);
    const { code, out } = await slowroll(["duality", "--json", "--out", "wide", ...settings], { cwd });
    rmSync(path.join(cwd, "wide"), { recursive: true });
    expect(code).toBe(4);
    expect(JSON.parse(out).error.message).toMatch(/width 16 .*at step \d+/);
  });
});
