/** Every way of writing a command line wrongly: exit 2, one clear line that names the place, nothing written. */
import { describe, it } from "vitest";
import { refused } from "./refused.ts";

/** Command lines that are wrong whatever the config. */
const lines: [argv: string[], place: string, word: string][] = [
  [["network", "nowhere.yaml"], "nowhere.yaml", "no such file"],
  [["network", "binary.yaml"], "", ""],
  [["field", "utf16.yaml"], "utf16.yaml", "is UTF-16 text: save it as UTF-8"],
  [["network", "-", "--set", "network.width"], "--set", "path=value"],
  [["network", "-", "--set", "network.width=0"], "network.width", "at least 1"],
  [["network", "-", "--set", "network.with=4"], "network.with", "network.width"],
  [["network", "-", "--set", "__proto__.x=4"], "--set", "path=value"],
  [["network", "-", "--out", "full"], "--out", "not empty"],
  [["network", "-", "--out", "a-file"], "--out", "no folder"],
  [["network", "-", "--threads", "many"], "--threads", "whole number"],
  [["network", "-", "--engine", "abacus"], "", "abacus"],
  [["network", "-", "--nonsense"], "", "--nonsense"],
  [["network", "-", "--precision", "float64"], "", "--set path=value"],
  [["network", "-", "--engine", "gpu"], "", "see slowroll COMMAND --help"],
  [["netwrok", "-"], "", "see slowroll --help"],
  [["netwrok"], "", "netwrok"],
  [[], "", "command is missing"],
  [
    ["field", "-", "--set", "time={step: 0.1, end: 1}", "--set", "lattice.points=4", "--save-final", "full"],
    "--save-final",
    "not empty",
  ],
  [["network", "-", "--save-trajectories", "t.csv"], "--save-trajectories", "must end with .npy or .parquet"],
  [["network", "-", "--save-trajectories", ""], "--save-trajectories", "must end with"],
  [["network", "-", "--save-trajectories", "there.npy"], "--save-trajectories", "exists"],
  [["network", "-", "--save-trajectories", "folder.npy", "--force"], "--save-trajectories", "is a folder"],
  [["network", "-", "--save-trajectories", "nowhere/t.npy"], "--save-trajectories", "no folder"],
  [["network", "-", "--save-trajectories", "t.npy", "--set", "network.width=0"], "network.width", "at least 1"],
  [["field", "-", "--save-trajectories", "t.npy"], "", "--save-trajectories"],
  [["potential", "show", "quadratc"], "potential", "quadratic"],
  [["potential", "check", "nowhere.yaml"], "nowhere.yaml", "neither a file"],
  [["potential", "check", "quadratc"], "quadratc", "quadratic"],
  [["potential", "check", "potential.yaml"], "potential.yaml.expression", "column 9"],
  [["potential", "check", "two.yaml"], "two.yaml.fields", "each once"],
  [["potential", "check", "neither.yaml"], "neither.yaml", "of several fields"],
  [["potential", "check", "word.yaml"], "word.yaml.parameters.l", 'must be a finite number, not "1/2"'],
  [["potential", "check", "key.yaml"], "key.yaml.potential.parameter", "did you mean key.yaml.potential.parameters?"],
  ...["5", "3,-3", "1,1", "1,2,3", ",5", "0,1e999"].map((range): [string[], string, string] => [
    ["potential", "plot", "quadratic", "--range", range],
    "--range",
    `not ${range}`,
  ]),
  [["potential", "plot", "walls.yaml"], "walls.yaml", "a plot is of one field"],
  [["potential", "plot", "quadratic", "--out", "v.png"], "--out", "must end with .svg, not .png"],
  [["potential", "plot", "quadratic", "--out", "a-file"], "--out", "exists"],
  [["report", "nowhere"], "nowhere", "there is none"],
  [["report", "full"], "full", "there is none"],
];
describe("bad command lines", () => {
  it.each(lines)("%j", (argv, place, word) => refused(argv, "", place, word));
});
