/** Checkpoints: every number back with its bits, every damage told, and a file that is whole at any moment. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { LatticeCheckpoint, Observation, Snapshot } from "@slowroll/core/engine/latticeJob";
import { spectrumBins } from "@slowroll/core/engine/latticeJob";
import { InputError, UnwritableError } from "@slowroll/core/errors";
import { type FieldCheckpoint, readCheckpoint, writeCheckpoint } from "@slowroll/core/files/checkpoint";
import { writeHdf5 } from "@slowroll/core/files/hdf5";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, describe, expect, it, vi } from "vitest";

/** Arguments with which Node reads TypeScript, and installed packages as the program does: as they are. */
const installed = new URL("../../../../apps/cli/bin/installed.mjs", import.meta.url).href;
const hook = `import { register } from "node:module"; register(${JSON.stringify(installed)});`;
const TYPESCRIPT = ["--import", "tsx", "--import", `data:text/javascript,${encodeURIComponent(hook)}`];

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "slowroll-checkpoint-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const at = (name: string): string => path.join(folder, name);

const [R, F] = [4, 2];
const drawn = (() => {
  let layer = 0;
  // Of all magnitudes, so that no decimal rounding on the way would go unseen.
  return (count: number) => normals(7, 0, layer++, count).map((x, i) => x * 10 ** ((i % 41) * 15 - 300));
})();

function observation(afterOperation: number, R = 1): Observation {
  const per = () => drawn(R * F);
  return {
    afterOperation,
    fieldMean: per(),
    fieldVariance: per(),
    fieldThird: per(),
    fieldFourth: per(),
    momentumMean: per(),
    momentumSquare: per(),
    gradient: per(),
    potential: drawn(R),
    cosine: [per(), per(), per()],
    global: drawn(3 * R),
  };
}

function snapshot(afterOperation: number, dimensions: 1 | 2 | 3, points: number, R = 1): Snapshot {
  return {
    afterOperation,
    spectra: drawn(R * F * spectrumBins({ dimensions, points })),
    momentumSpectra: drawn(R * F * spectrumBins({ dimensions, points })),
    oscillators: drawn(R * F * spectrumBins({ dimensions, points })),
    curvature: drawn(R * F ** 2),
    histogramLow: drawn(R * F),
    histogramHigh: drawn(R * F),
    histogramCounts: drawn(R * F * 5),
    slices: drawn(R * F * points ** 2),
  };
}

function full(dimensions: 1 | 2 | 3, points: number): FieldCheckpoint {
  const numbers = R * F * points ** dimensions;
  const checkpoint: LatticeCheckpoint = {
    state: { field: drawn(numbers), momentum: drawn(numbers) },
    global: drawn(3 * R),
    parts: [
      {
        realisations: 2,
        operation: 2 ** 33 + 1,
        observations: [observation(0, 2), observation(5, 2), observation(10, 2)],
        snapshots: [snapshot(0, dimensions, points, 2), snapshot(2 ** 33, dimensions, points, 2)],
      },
      { realisations: 1, operation: 4, observations: [observation(0)], snapshots: [snapshot(0, dimensions, points)] },
      { realisations: 1, operation: 0, observations: [], snapshots: [] },
    ],
  };
  checkpoint.state.field.set([-0, 5e-324, Number.MAX_VALUE, 1 / 3]);
  return {
    config: { field: { fields: ["phi", "χ"], mean: [0.1, 1e-300] }, note: `"quotes"\n${"long ".repeat(20_000)}` },
    version: "0.1.0",
    fields: ["phi", "χ"],
    seed: 12345678901,
    step: 7,
    alphaTime: 0.1 + 0.2,
    grid: { dimensions, points, length: 2 * Math.PI, stencil: 2 },
    precision: "float64",
    checkpoint,
  };
}

/** One field, nothing observed: what may be absent is. */
function bare(points = 4): FieldCheckpoint {
  const state = { field: drawn(points ** 3), momentum: drawn(points ** 3) };
  return {
    config: {},
    version: "0.1.0",
    fields: ["phi"],
    step: 0,
    alphaTime: 0,
    grid: { dimensions: 3, points, length: 1, stencil: 2 },
    precision: "float32",
    checkpoint: { state, parts: [{ realisations: 1, operation: 0, observations: [], snapshots: [] }] },
  };
}

/** Paths of what this process has open. */
const openFiles = (): string[] =>
  fs.readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      return [fs.readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      // The one that lists them.
      return [];
    }
  });

const refusal = (file: string) =>
  readCheckpoint(file, "--resume").then(
    () => expect.unreachable(`${file} was read`),
    (error) => {
      expect(error).toBeInstanceOf(InputError);
      expect(error.path).toBe("--resume");
      expect(error.message).toContain(file);
      expect(error.message).not.toContain("\n");
      return error.message as string;
    },
  );

describe("round trip", () => {
  it.each([1, 2, 3] as const)("gives every number back in %i dimensions", async (dimensions) => {
    const saved = full(dimensions, 6);
    await writeCheckpoint(at("full.h5"), saved);
    // toStrictEqual tells -0 from 0 and what is absent from what is undefined.
    expect(await readCheckpoint(at("full.h5"))).toStrictEqual(saved);
  });

  it("leaves absent what is absent", async () => {
    const saved = bare();
    await writeCheckpoint(at("bare.h5"), saved);
    expect(await readCheckpoint(at("bare.h5"))).toStrictEqual(saved);
  });

  it("keeps those quantities that were asked for", async () => {
    const [observations, snapshots] = [
      [0, 1].map((afterOperation) => ({ afterOperation, fieldMean: drawn(1), fieldVariance: drawn(1) })),
      [{ afterOperation: 0, spectra: drawn(4) }],
    ];
    const { checkpoint, ...rest } = bare();
    const parts = [{ realisations: 1, operation: 1, observations, snapshots }];
    const saved = { ...rest, checkpoint: { ...checkpoint, parts } };
    await writeCheckpoint(at("some.h5"), saved);
    expect(await readCheckpoint(at("some.h5"))).toStrictEqual(saved);
  });

  it("writes states of several chunks, the last of them short", async () => {
    const saved = bare(150);
    await writeCheckpoint(at("large.h5"), saved);
    const { state } = (await readCheckpoint(at("large.h5"))).checkpoint;
    expect(
      Buffer.compare(new Uint8Array(state.field.buffer), new Uint8Array(saved.checkpoint.state.field.buffer)),
    ).toBe(0);
    expect(state.momentum.every((value, i) => Object.is(value, saved.checkpoint.state.momentum[i]))).toBe(true);
    fs.rmSync(at("large.h5"));
  });
});

describe("what is no checkpoint", () => {
  it("names a file that is missing, a folder, or of another kind", async () => {
    expect(await refusal(at("missing.h5"))).toContain("missing.h5 cannot be read: there is no such file");
    expect(await refusal(folder)).toContain("cannot be read: it is a folder");
    fs.writeFileSync(at("text.h5"), "words ".repeat(1000));
    expect(await refusal(at("text.h5"))).toContain("it is not an HDF5 file");
    fs.writeFileSync(at("empty.h5"), "");
    expect(await refusal(at("empty.h5"))).toContain("cannot be read");
    await writeHdf5(at("other.h5"), { members: {} });
    expect(await refusal(at("other.h5"))).toContain("no checkpoint of slowroll");
    await writeHdf5(at("newer.h5"), { attributes: { format: "slowroll checkpoint", formatVersion: 99n }, members: {} });
    expect(await refusal(at("newer.h5"))).toContain("checkpoint format 99");
  });

  it("keeps a state that is not finite, as of a sweep's point that diverged beside others", async () => {
    const saved = bare();
    saved.checkpoint.state.momentum[5] = Number.NaN;
    await writeCheckpoint(at("nan.h5"), saved);
    expect((await readCheckpoint(at("nan.h5"))).checkpoint.state).toEqual(saved.checkpoint.state);
  });

  it("refuses a file cut anywhere", async () => {
    await writeCheckpoint(at("whole.h5"), full(1, 6));
    const bytes = fs.readFileSync(at("whole.h5"));
    for (let kept = 0; kept < bytes.length; kept += 4999) {
      fs.writeFileSync(at("cut.h5"), bytes.subarray(0, kept));
      await refusal(at("cut.h5"));
    }
  });

  it("refuses a garbled byte or was not touched by it", async () => {
    const { config: _, ...rest } = full(1, 6);
    const saved = { ...rest, config: { time: { end: 3 } } };
    await writeCheckpoint(at("sound.h5"), saved);
    const bytes = fs.readFileSync(at("sound.h5"));
    let refused = 0;
    const positions = Array.from({ length: Math.ceil(bytes.length / 61) }, (_, i) => 61 * i);
    for (const position of positions) {
      const garbled = Uint8Array.from(bytes);
      garbled[position]! ^= 0x55;
      // A file of its own: HDF5 may keep one open that it trips over, and would not look into it again.
      const file = at(`garbled-${position}.h5`);
      fs.writeFileSync(file, garbled);
      try {
        expect(await readCheckpoint(file)).toStrictEqual(saved);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  it("refuses text of its header that another byte leaves readable", async () => {
    const saved = { ...bare(), config: { time: { end: 3 } }, version: "12.34.56" };
    await writeCheckpoint(at("sound.h5"), saved);
    const bytes = fs.readFileSync(at("sound.h5"));
    for (const [text, changed] of [
      ['{"time":{"end":3}}', '{"time":{"end":7}}'],
      ["12.34.56", "12.35.56"],
    ] as const) {
      const garbled = Uint8Array.from(bytes);
      expect(bytes.indexOf(text)).toBeGreaterThan(0);
      garbled.set(Buffer.from(changed), bytes.indexOf(text));
      const file = at(`garbled-${changed.length}.h5`);
      fs.writeFileSync(file, garbled);
      expect(await refusal(file)).toContain("is damaged: its header does not match its digest");
    }
  });
});

describe("a write that fails", () => {
  const [first, second] = [bare(), bare()];
  const file = at("kept.h5");
  const failure = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const { writeSync } = fs;
  const short =
    (code: string) =>
    (...call: unknown[]) =>
      (call[3] as number) > 1024 ? failure(code) : Reflect.apply(writeSync, fs, call);

  it.each([
    ["the disk takes no more", "writeSync", short("ENOSPC"), "the disk is full; free some space"],
    ["its quota is used up", "writeSync", short("EDQUOT"), "the quota on its disk is used up; free some space"],
    ["the file may not be so large", "writeSync", short("EFBIG"), "raise that limit (ulimit -f)"],
    ["not even a message can be stored", "writeSync", () => failure("ENOSPC"), "is it full?"],
    ["the disk fails", "fsyncSync", () => failure("EIO"), "EIO; see to its disk"],
    ["the rename fails", "renameSync", () => failure("EPERM"), "no permission; allow it"],
  ] as const)("leaves the old file as it was where %s", async (_, call, failing, told) => {
    await writeCheckpoint(file, first);
    const spy = vi.spyOn(fs, call).mockImplementation(failing as never);
    const error = await writeCheckpoint(file, second).then(
      () => expect.unreachable("it was written"),
      (error) => error,
    );
    spy.mockRestore();
    expect(error).toBeInstanceOf(UnwritableError);
    expect(error.message).toContain(`${file} cannot be written: `);
    expect(error.message).toContain(told);
    expect(error.message).not.toContain("\n");
    expect(await readCheckpoint(file)).toStrictEqual(first);
    expect(fs.readdirSync(folder)).not.toContain("kept.h5.partial");
    // Nor is it open still, which would keep its room on the disk.
    expect(openFiles().filter((name) => name.includes("kept.h5.partial"))).toEqual([]);
    // And once there is room again, it is written.
    await writeCheckpoint(file, second);
    expect(await readCheckpoint(file)).toStrictEqual(second);
  });

  it("names a folder that is missing or is a file", async () => {
    fs.writeFileSync(at("a-file"), "");
    await expect(writeCheckpoint(at("no/such.h5"), first)).rejects.toThrow(
      /such\.h5 cannot be written: no folder is there/,
    );
    await expect(writeCheckpoint(at("a-file/x.h5"), first)).rejects.toThrow(
      /x\.h5 cannot be written: .*a file that is no folder/,
    );
    await expect(writeCheckpoint(folder, first)).rejects.toThrow(UnwritableError);
  });

  it("leaves the old file as it was on a disk that is full", async () => {
    await writeCheckpoint(file, first);
    // The system's own full disk.
    fs.symlinkSync("/dev/full", `${file}.partial`);
    await expect(writeCheckpoint(file, second)).rejects.toThrow(
      /kept\.h5 cannot be written: the disk is full; free some space/,
    );
    expect(openFiles()).not.toContain("/dev/full");
    expect(await readCheckpoint(file)).toStrictEqual(first);
    await writeCheckpoint(file, second);
    expect(await readCheckpoint(file)).toStrictEqual(second);
  });
});

it("is whole at any moment: a process killed while it writes leaves a checkpoint that reads", async () => {
  const writer = fileURLToPath(new URL("./writer.ts", import.meta.url));
  const file = at("killed.h5");
  const steps: number[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    const child = spawn(process.execPath, [...TYPESCRIPT, writer, file], { stdio: ["ignore", "pipe", "inherit"] });
    const closed = new Promise((resolve) => child.once("close", resolve));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await setTimeout(23 * attempt);
    child.kill("SIGKILL");
    await closed;
    const { step, checkpoint } = await readCheckpoint(file);
    expect(checkpoint.state.field.every((value) => value === step)).toBe(true);
    expect(checkpoint.state.momentum.every((value) => value === -step)).toBe(true);
    steps.push(step);
  }
  expect(Math.min(...steps)).toBeGreaterThan(0);
});
