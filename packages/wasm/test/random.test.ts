/** Philox's words on the CPU engine against those of the host, which has the published vectors: every engine draws from the same bits. */
import { expect, it } from "vitest";
import { keyOfSeed, philox4x32, type Words } from "../../core/src/random/philox.ts";
import { readBenchModule, readModules } from "../index.ts";

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const env = { memory };
const special = new WebAssembly.Instance(new WebAssembly.Module(readModules().special), { env }).exports;
const host = { wait: () => {}, wake: () => {}, now: () => 0, power: Math.pow };
const kernels = new WebAssembly.Instance(new WebAssembly.Module(readBenchModule()), { env, special, host }).exports;
const words = ["word0", "word1", "word2", "word3"].map(
  (name) => kernels[name] as unknown as { readonly value: number },
);

it("gives the host's bits", () => {
  const key = keyOfSeed(2 ** 40 + 7);
  for (let block = 0; block < 10_000; block++) {
    const counter: Words = [block * 7919, block % 13, 2 ** 31 + block, 0];
    kernels.philox4x32!(...counter, ...key);
    expect(words.map(({ value }) => value >>> 0)).toEqual([...philox4x32(counter, key)]);
  }
});
