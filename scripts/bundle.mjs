// Leaves dist/box/, or a folder that is named: slowroll.mjs and slowroll-bench.mjs, which run with Node alone beside an installed `webgpu`;
// shaders, CPU kernels and plotting scripts are embedded. The HDF5 library, which few commands load, and the workers of the CPU engine and for
// eigenvalues stand beside them. What is optional on such a machine (the software driver, peers of the benchmark) stays outside.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const out = process.argv[2] ? path.resolve(process.argv[2]) : path.join(root, "dist", "box");
const require = createRequire(path.join(root, "apps", "cli", "package.json"));
const { build } = await import("esbuild");

function embeddedShaders() {
  const table = {};
  const folder = path.join(root, "shaders");
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = path.join(folder, name);
    if (name.endsWith(".wgsl") && !name.includes("node_modules") && statSync(file).isFile()) {
      table[name.split(path.sep).join("/")] = readFileSync(file, "utf8");
    }
  }
  return `const table = ${JSON.stringify(table)};
export function readShader(name) {
  if (!Object.hasOwn(table, name)) throw new Error("no shader " + name);
  return table[name];
}`;
}

function embeddedKernels() {
  const folder = path.join(root, "packages", "wasm", "build");
  const table = {};
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".wasm")))
    table[name.slice(0, -".wasm".length)] = readFileSync(path.join(folder, name)).toString("base64");
  return `const table = ${JSON.stringify(table)};
export function readModule(name) {
  return new Uint8Array(Buffer.from(table[name], "base64"));
}`;
}

function embeddedScripts() {
  const text = ["vega", "vega-lite", "vega-embed"].map((name) => {
    const entry = require.resolve(name);
    const marker = `${path.sep}node_modules${path.sep}${name}${path.sep}`;
    const folder = entry.slice(0, entry.lastIndexOf(marker) + marker.length);
    return readFileSync(path.join(folder, "build", `${name}.min.js`), "utf8");
  });
  return `export const readScripts = async () => ${JSON.stringify(text.join("\n"))};`;
}

/** Modules that read files beside them, as modules that hold those files. */
const embed = {
  name: "embed",
  setup({ onLoad, onResolve }) {
    // Embedded, it would make every start a third longer.
    onResolve({ filter: /^h5wasm\/node$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./hdf5.mjs", external: true } : undefined,
    );
    onLoad({ filter: /[\\/]shaders[\\/]read\.ts$/ }, () => ({ contents: embeddedShaders(), loader: "js" }));
    onLoad({ filter: /[\\/]wasm[\\/]read\.ts$/ }, () => ({ contents: embeddedKernels(), loader: "js" }));
    onLoad({ filter: /[\\/]report[\\/]scripts\.ts$/ }, () => ({ contents: embeddedScripts(), loader: "js" }));
  },
};

// What is in the folder goes: nothing but a bundle may be.
if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(path.join(out, "slowroll.mjs"))) {
  console.error(`bundle: ${out} holds something else than a bundle: name an empty folder, or one that is not there`);
  process.exit(2);
}
rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: {
    slowroll: path.join(root, "apps", "cli", "src", "main.ts"),
    "slowroll-bench": path.join(root, "apps", "bench", "src", "main.ts"),
    // Workers start from a file of their own.
    worker: path.join(root, "packages", "core", "src", "engine", "cpu", "worker.mjs"),
    eigenWorker: path.join(root, "packages", "core", "src", "linalg", "eigenWorker.mjs"),
    // Resolved from the folder below.
    hdf5: "h5wasm/node",
  },
  absWorkingDir: path.join(root, "packages", "core"),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["webgpu", "@sparticuz/chromium", "gpu.js", "canvas"],
  plugins: [embed],
  // Libraries in CommonJS inside an ES module need a require and a folder of their own.
  banner: {
    js: [
      'import { createRequire as __createRequire } from "node:module";',
      'import { fileURLToPath as __toPath } from "node:url";',
      "const require = __createRequire(import.meta.url);",
      'const __dirname = __toPath(new URL(".", import.meta.url));',
    ].join(" "),
  },
  legalComments: "linked",
  logLevel: "warning",
});
