/** `field --movie`: GIFs that decode to the slices' planes, and every reason why there can be none. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { HOST } from "@slowroll/core/engine/host";
import { fieldStudy } from "@slowroll/core/field/run";
import { readHdf5 } from "@slowroll/core/files/hdf5";
import { GifReader } from "omggif";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../tests/reference/engine.ts";
import type { FieldDocument } from "../src/document.ts";
import { loadRunWriter } from "../src/folder.ts";
import { type Movie, movies } from "../src/movie.ts";
import { writeReport } from "../src/report/report.ts";
import { slowroll } from "./inProcess.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-movie-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A wave along the first axis: each plane's rows are constant. */
const WAVE = `
precision: float64
background: { kind: static }
field: { fields: [phi, chi], potential: { expression: "phi^2/2 + chi^2/2" }, mean: [1, 0] }
lattice: { dimensions: 2, points: 16 }
fluctuations: { kind: planeWave, mode: [1, 0], amplitude: 0.1 }
time: { step: 0.05, end: 1 }
observe: { slicesEvery: 5 }`;

let document: FieldDocument;
beforeAll(async () => {
  const config = await parseConfig("field", WAVE);
  const { result } = await fieldStudy(config, referenceEngine);
  document = {
    command: "field",
    version: "0",
    config,
    engine: HOST,
    timings: { totalSeconds: 1, engineSeconds: 1 },
    ...result,
  } as typeof document;
});

const bytesOf = ({ pieces }: Movie): Buffer => Buffer.concat([...pieces()]);

describe("a movie", () => {
  it("has a frame of each slice, sites as squares and one scale for all", () => {
    const [phi, chi] = movies(document);
    expect([phi!.file, chi!.file]).toEqual(["movie-phi.gif", "movie-chi.gif"]);
    const gif = new GifReader(bytesOf(phi!));
    expect(gif.numFrames()).toBe(5);
    expect([gif.width, gif.height]).toEqual([256, 276]);
    const frame = (f: number): Uint8Array => {
      const pixels = new Uint8Array(4 * gif.width * gif.height);
      gif.decodeAndBlitFrameRGBA(f, pixels);
      return pixels;
    };
    const colour = (pixels: Uint8Array, x: number, y: number): number[] => [
      ...pixels.subarray(4 * (y * gif.width + x), 4 * (y * gif.width + x) + 3),
    ];
    const start = frame(0);
    // The first index grows upwards: cos is largest in the lowest row of sites, orange, and least half way up, blue.
    const [orange, blue] = [colour(start, 3, 255), colour(start, 3, 127 - 15)];
    expect(orange[0]!).toBeGreaterThan(orange[2]!);
    expect(blue[2]!).toBeGreaterThan(blue[0]!);
    // Rows of sixteen pixels, constant along the second index.
    expect(colour(start, 200, 240)).toEqual(orange);
    expect(colour(start, 200, 239)).not.toEqual(orange);
    // cos(sqrt(2)) of it is left at t = 1: paler by the same scale.
    expect(colour(frame(4), 3, 255)[2]!).toBeGreaterThan(orange[2]!);
    // The caption: black on white.
    const caption = Array.from({ length: 100 }, (_, x) => colour(start, x, 265));
    expect(caption).toContainEqual([0, 0, 0]);
    expect(caption).toContainEqual([255, 255, 255]);
  });
  it("names its field and times in comments", () => {
    const text = bytesOf(movies(document)[0]!).toString("latin1");
    for (const { time } of document.slices!)
      expect(text).toContain(`phi less its mean, t = ${time}, colours from -0.1`);
  });
  it("of a field without structure is blank and decodes", () => {
    const gif = new GifReader(bytesOf(movies(document)[1]!));
    expect(gif.numFrames()).toBe(5);
  });
  it("stands in the run's folder and in its report, and goes with the run", async () => {
    const run = path.join(folder, "run");
    await (await loadRunWriter(true))(run, document, []);
    expect(readdirSync(run).filter((name) => name.endsWith(".gif"))).toEqual(["movie-chi.gif", "movie-phi.gif"]);
    const address = `data:image/gif;base64,${readFileSync(path.join(run, "movie-phi.gif")).toString("base64")}`;
    const report = (): string => readFileSync(path.join(run, "report.html"), "utf8");
    expect(report()).toContain(address);
    await writeReport(run, document);
    expect(report()).toContain(address);
    // Some 1,000 frames of 512 x 512 sites.
    truncateSync(path.join(run, "movie-phi.gif"), 400e6);
    await writeReport(run, document);
    expect(report()).toContain('<img src="movie-phi.gif"');
    expect(report()).toContain("too large for this page to hold");
    expect(report()).toContain("data:image/gif");
    await (await loadRunWriter())(run, document, []);
    expect(readdirSync(run).filter((name) => name.endsWith(".gif"))).toEqual([]);
    expect(report()).not.toContain("image/gif");
  });
  it("is told of frame by frame, and given up where it is interrupted, with all else written", async () => {
    const run = path.join(folder, "interrupted");
    const writeRun = await loadRunWriter(true);
    const told: unknown[] = [];
    await writeRun(run, document, [], { onProgress: (...report) => told.push(report) });
    expect(told.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 5].map((done) => [done, 5, "frames"]));
    rmSync(path.join(run, "report.html"));
    const ending = new AbortController();
    const control = { signal: ending.signal, onProgress: (done: number) => done === 3 && ending.abort() };
    const interrupted = { code: "interrupted", message: "interrupted: movie-phi.gif is not written; the result is" };
    await expect(writeRun(run, document, [], control)).rejects.toMatchObject(interrupted);
    expect(readdirSync(run).sort()).toEqual([
      "config.yaml",
      "log.jsonl",
      "plots",
      "report.html",
      "result.h5",
      "result.json",
    ]);
  });
  it("given up with Ctrl-C leaves the run whole, its final state too, and ends with 130", async () => {
    // What a result warns of is told before its files are written.
    const unused = WAVE.replace("phi^2/2 + chi^2/2", "phi^2/2");
    const args = ["field", "-", "--engine", "cpu", "--out", "cut", "--save-final", "state", "--movie"];
    const { code, out, error } = await slowroll(args, {
      cwd: folder,
      input: unused,
      onError: (text, interrupt) => text.startsWith("warning: ") && interrupt(),
    });
    expect(code).toBe(130);
    expect(error).toMatch(/^slowroll: interrupted: movie-phi\.gif is not written; the result is$/m);
    expect(out).toContain("mean");
    expect(readdirSync(path.join(folder, "cut"))).toEqual(expect.arrayContaining(["report.html", "result.json"]));
    expect(readdirSync(path.join(folder, "state"))).toHaveLength(4);
  });
  it("has its planes from result.h5, where result.json says, and so has a report that is made again", async () => {
    const run = path.join(folder, "planes");
    await (await loadRunWriter())(run, document, []);
    const { slices } = JSON.parse(readFileSync(path.join(run, "result.json"), "utf8"));
    expect(slices).toHaveLength(5);
    expect(slices[3]).toEqual({
      time: document.slices![3]!.time,
      file: "result.h5",
      dataset: "slices/values",
      index: 3,
    });
    const [count, ...shape] = await readHdf5(path.join(run, slices[3].file), (content) =>
      content.shape(slices[3].dataset),
    );
    expect([count, shape]).toEqual([5, [2, 16, 16]]);
    const images = (): string[] =>
      readFileSync(path.join(run, "plots", "slice.svg"), "utf8").match(/data:image\/png;base64,[^"]+/g)!;
    const before = images();
    expect(before).toHaveLength(3);
    rmSync(path.join(run, "plots"), { recursive: true });
    expect((await slowroll(["report", "planes"], { cwd: folder })).code).toBe(0);
    expect(images()).toEqual(before);
    rmSync(path.join(run, "result.h5"));
    const without = await slowroll(["report", "planes"], { cwd: folder });
    expect(without.code).toBe(2);
    expect(without.error).toMatch(/^slowroll: planes: .*result\.h5 .*\n$/);
  });
  it("is refused in one line where there are no planes", async () => {
    const refused = async (...argv: string[]) => {
      const { code, error } = await slowroll(["field", "-", "--movie", ...argv], { cwd: folder, input: WAVE });
      expect(code).toBe(2);
      return error;
    };
    expect(await refused("--set", "observe={}")).toBe(
      "slowroll: observe.slicesEvery: is missing: --movie draws the slices, give the number of steps between them\n",
    );
    expect(await refused("--set", "lattice.dimensions=1", "--set", "fluctuations.mode=[1]")).toMatch(
      /^slowroll: lattice\.dimensions: a movie needs a lattice of two or three dimensions[^\n]*\n$/,
    );
  });
});
