/** HDF5 files as such: what is written is read, with its meaning, and what is not there is told. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { InputError } from "@slowroll/core/errors";
import { type Dataset, type Group, type Hdf5Content, loadHdf5, readHdf5, writeHdf5 } from "@slowroll/core/files/hdf5";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "slowroll-hdf5-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const file = path.join(folder, "tree.h5");

const meaning = (...dimensions: string[]) => ({ units: "1/m²", description: "some numbers", dimensions });
const datasets: Record<string, Dataset> = {
  float64: { data: Float64Array.of(-0, Number.NaN, 1 / 3, -Infinity, 5e-324, 6), shape: [2, 3], ...meaning("row", "") },
  float32: { data: Float32Array.of(1.5, -(2 ** 100)), shape: [2], ...meaning("x") },
  int32: { data: Int32Array.of(-(2 ** 31), 7), shape: [1, 2], ...meaning("one", "two") },
  int64: { data: BigInt64Array.of(-(2n ** 63n), 2n ** 62n), shape: [2], ...meaning("x") },
  nothing: { data: new Float64Array(0), shape: [0, 3], ...meaning("time", "field") },
  single: { data: Float64Array.of(42), shape: [], ...meaning() },
};
const tree: Group = {
  attributes: { text: "φ² ≥ 0", none: "", list: ["phi", "χ"], one: ["phi"], number: 0.1, whole: 2n ** 62n },
  members: { ...datasets, group: { attributes: { of: "numbers" }, members: { inner: { members: datasets } } } },
};

beforeAll(() => writeHdf5(file, tree));

it.each(["", "group/inner/"])("gives datasets back with type, shape and meaning in /%s", async (place) => {
  await readHdf5(file, (content) => {
    for (const [name, dataset] of Object.entries(datasets))
      expect(content.dataset(place + name)).toStrictEqual(dataset);
  });
});

it("gives attributes, names and whether something is there", async () => {
  await readHdf5(file, (content) => {
    for (const [name, value] of Object.entries(tree.attributes!)) expect(content.attribute(name)).toStrictEqual(value);
    expect(content.attribute("of", "group")).toBe("numbers");
    expect(content.attribute("missing")).toBeUndefined();
    expect(content.names()).toEqual([...Object.keys(datasets), "group"].sort());
    expect(content.names("group")).toEqual(["inner"]);
    expect(content.has("group/inner/float64")).toBe(true);
    expect(content.has("group/outer/float64")).toBe(false);
    expect([...content.numbers("int64")]).toEqual([-(2 ** 63), 2 ** 62]);
  });
});

it.each<[string, (content: Hdf5Content) => unknown]>([
  ["has no energy; it holds ", (content) => content.numbers("energy")],
  ["has no dataset group but a group of that name", (content) => content.numbers("group")],
  ["has no group float64", (content) => content.names("float64")],
  [": float64 has the shape [2, 3], expected is [3, 2]", (content) => content.numbers("float64", { shape: [3, 2] })],
  [": float64 has the shape [2, 3], expected is [6]", (content) => content.numbers("float64", { shape: [6] })],
  [": value 1 of float64 is not finite", (content) => content.numbers("float64", { finite: true })],
  [": float64 holds no text", (content) => content.texts("float64")],
])("says: %s", async (told, read) => {
  const error = await readHdf5(file, read, "fluctuations.field").then(
    () => expect.unreachable("it was read"),
    (error) => error,
  );
  expect(error).toBeInstanceOf(InputError);
  expect(error.message).toContain(`${file}${told.startsWith(":") ? "" : " "}${told}`);
  expect(error.path).toBe("fluctuations.field");
});

it("closes a file that it could not use: a hundred times", async () => {
  const open = () => fs.readdirSync("/proc/self/fd").length;
  const before = process.platform === "linux" ? open() : 0;
  for (let i = 0; i < 100; i++)
    await expect(readHdf5(file, (content) => content.dataset("no"))).rejects.toThrow(InputError);
  if (process.platform === "linux") expect(open()).toBe(before);
});

it("says so where a damaged file has ended the library", async () => {
  const { module } = await loadHdf5();
  const ended = vi.spyOn(module, "activate_throwing_error_handler").mockImplementation(() => {
    throw Object.assign(new Error("memory access out of bounds"), { name: "RuntimeError" });
  });
  try {
    for (const use of [() => readHdf5(file, () => {}), () => writeHdf5(path.join(folder, "later.h5"), tree)]) {
      const error = await use().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).toContain("start the program anew");
    }
  } finally {
    ended.mockRestore();
  }
  expect(fs.existsSync(path.join(folder, "later.h5"))).toBe(false);
});

it("takes relative paths, and refuses shapes that do not fit as a defect of the caller", async () => {
  const relative = path.relative(process.cwd(), path.join(folder, "relative.h5"));
  await writeHdf5(relative, { members: { a: datasets.float64! } });
  expect(await readHdf5(relative, (content) => content.shape("a"))).toEqual([2, 3]);
  const wrong = { members: { a: { ...datasets.float64!, shape: [2, 2] } } };
  await expect(writeHdf5(relative, wrong)).rejects.not.toBeInstanceOf(InputError);
  expect(await readHdf5(relative, (content) => content.shape("a"))).toEqual([2, 3]);
});
