// Sets a checkout up with nothing but Node and npm: fetches the pinned pnpm, installs with the frozen lockfile, builds the CPU kernels
// and the libraries' files, and leaves stamps so that a second run has nothing to do. Plain Node, because nothing is installed yet.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 11))
  fail(`Node ${process.versions.node} is too old: install Node 20.11 or newer`);

/** A digest of files under the root, by name and content. */
function digest(files, more = "") {
  const hash = createHash("sha256").update(more);
  for (const file of files)
    if (existsSync(path.join(root, file))) hash.update(file).update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
}

/** Does `work` unless the stamp in `file` says that it was done with the same `wanted`, and what it `made` is still there. */
function once(file, wanted, work, made = []) {
  const isThere = (name) => existsSync(path.join(root, name));
  if (existsSync(file) && readFileSync(file, "utf8") === wanted && made.every(isThere)) return;
  work();
  writeFileSync(file, wanted);
}

const { packageManager } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const folder = path.join(root, "node_modules", ".cache", packageManager.replace("@", "-"));
const pnpm = path.join(folder, "node_modules", "pnpm", "bin", "pnpm.cjs");

/** Runs a program of Node's; what it says goes to standard error, so that standard output stays the caller's. */
function run(script, args, options = {}) {
  execFileSync(process.execPath, [script, ...args], { stdio: ["ignore", 2, 2], cwd: root, ...options });
}

function install() {
  if (!existsSync(pnpm)) {
    console.error(`setup: fetching ${packageManager}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "package.json"), "{}");
    try {
      // npm runs this script, so npm is there; its own path is in the environment.
      const npm = process.env.npm_execpath;
      const args = ["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error", packageManager];
      if (npm?.endsWith(".js")) run(npm, args, { cwd: folder });
      else execFileSync("npm", args, { stdio: ["ignore", 2, 2], cwd: folder, shell: process.platform === "win32" });
    } catch {
      fail(
        `${packageManager} could not be fetched with npm: check the network and npm's registry setting, then run again`,
      );
    }
  }
  console.error("setup: installing the packages of the lockfile");
  try {
    run(pnpm, ["install", "--frozen-lockfile", "--reporter=append-only", "--loglevel=warn"]);
  } catch {
    fail("the install failed: see the lines above, mend their cause and run again");
  }
}

function build() {
  console.error("setup: building the CPU kernels");
  try {
    run(path.join(root, "scripts", "turbo.mjs"), ["run", "build"]);
  } catch {
    fail("the CPU kernels do not build: see the lines above");
  }
}

function buildLibraries() {
  console.error("setup: making one file each of libraries that come in hundreds");
  try {
    run(path.join(root, "scripts", "libraries.mjs"), []);
  } catch {
    fail("the libraries cannot be made one file each: see the lines above");
  }
}

// What an install depends on: the lockfile, every manifest, and the Node that runs it.
const manifests = [
  "package.json",
  "pnpm-workspace.yaml",
  "pnpm-lock.yaml",
  "shaders/package.json",
  "tests/package.json",
];
for (const group of ["packages", "apps"])
  for (const name of readdirSync(path.join(root, group)).sort()) manifests.push(`${group}/${name}/package.json`);
const host = `${process.version} ${process.platform} ${process.arch}`;
const linked = manifests
  .filter((file) => path.basename(file) === "package.json")
  .filter((file) => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(path.join(root, file), "utf8"));
    return dependencies || devDependencies;
  })
  .map((file) => path.join(path.dirname(file), "node_modules"));
once(path.join(root, "node_modules", ".slowroll-setup"), digest(manifests, host), install, linked);

const libraries = ["packages/core", "apps/cli"].flatMap((name) =>
  readdirSync(path.join(root, name, "src", "libraries")).map((file) => `${name}/src/libraries/${file}`),
);
once(
  path.join(root, "apps", "cli", "build", ".stamp"),
  digest(["pnpm-lock.yaml", "scripts/libraries.mjs", ...libraries], host),
  buildLibraries,
  libraries.map((file) => file.replace("/src/libraries/", "/build/").replace(/\.ts$/, ".mjs")),
);

const kernels = path.join("packages", "wasm");
const sources = readdirSync(path.join(root, kernels, "assembly"), { recursive: true })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => path.join(kernels, "assembly", name))
  .sort();
once(path.join(root, kernels, "build", ".stamp"), digest([path.join(kernels, "build.mjs"), ...sources]), build);
