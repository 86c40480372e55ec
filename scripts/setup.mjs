// Sets a checkout up with nothing but Node and npm: fetches the pinned pnpm, installs with the frozen lockfile, and leaves a stamp so that a
// second run has nothing to do. Plain Node, because nothing is installed yet.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const stampFile = path.join(root, "node_modules", ".slowroll-setup");

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 11))
  fail(`Node ${process.versions.node} is too old: install Node 20.11 or newer`);

/** What an install depends on: the lockfile, every manifest, and the Node that runs it. */
function stamp() {
  const hash = createHash("sha256").update(process.version).update(process.platform).update(process.arch);
  const manifests = [
    "package.json",
    "pnpm-workspace.yaml",
    "pnpm-lock.yaml",
    "shaders/package.json",
    "tests/package.json",
  ];
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(path.join(root, group)).sort()) manifests.push(`${group}/${name}/package.json`);
  }
  for (const file of manifests)
    if (existsSync(path.join(root, file))) hash.update(file).update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
}

const wanted = stamp();
if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) process.exit(0);

const { packageManager } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const folder = path.join(root, "node_modules", ".cache", packageManager.replace("@", "-"));
const pnpm = path.join(folder, "node_modules", "pnpm", "bin", "pnpm.cjs");

/** Runs a program of Node's; what it says goes to standard error, so that standard output stays the caller's. */
function run(script, args, options = {}) {
  execFileSync(process.execPath, [script, ...args], { stdio: ["ignore", 2, 2], cwd: root, ...options });
}

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
writeFileSync(stampFile, wanted);
