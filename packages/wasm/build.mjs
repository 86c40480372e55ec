// Compiles the AssemblyScript kernels to build/*.wasm, each module twice: plain SIMD, and relaxed SIMD with fused multiply-add for hosts that
// have it. Plain Node, since it is part of the set-up.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = path.dirname(fileURLToPath(import.meta.url));
const MODULES = ["special", "jobs", "fourier", "energies", "bench"];
/** What initial states are made with gives the same bits on every host. */
const PLAIN = ["fourier", "energies"];
const VARIANTS = { "": [], ".fma": ["--enable", "relaxed-simd"] };

rmSync(path.join(root, "build"), { recursive: true, force: true });
mkdirSync(path.join(root, "build"));
for (const name of MODULES) {
  for (const [suffix, features] of Object.entries(VARIANTS)) {
    if (PLAIN.includes(name) && suffix !== "") continue;
    const { error, stderr } = await asc.main([
      `assembly/${name}.ts`,
      ...["--outFile", `build/${name}${suffix}.wasm`, "--baseDir", root],
      ...["-O3", "--runtime", "stub", "--noAssert", "--uncheckedBehavior", "always"],
      ...["--enable", "simd", "--enable", "threads", ...features],
      ...["--sharedMemory", "--importMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
      // Vectors pass between modules only, never to JavaScript.
      ...["--disableWarning", "112"],
    ]);
    if (error) {
      console.error(`${stderr}`);
      console.error(`packages/wasm/assembly/${name}.ts does not compile: ${error.message}`);
      process.exit(1);
    }
  }
}
