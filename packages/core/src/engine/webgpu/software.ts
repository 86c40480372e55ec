/**
 * The software adapter that comes with the install: SwiftShader and a Vulkan loader out of the optional npm package
 * `@sparticuz/chromium` (147.0.0, the newest for Node 20; npm holds no smaller well-kept source of a software Vulkan driver). The two
 * libraries are unpacked once into a cache folder and the loader is put in front of Dawn, so that neither root nor a system package is needed.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { EngineUnavailableError } from "../../errors.ts";
import { cacheRoot } from "../../files/cache.ts";

const DRIVER = "libvk_swiftshader.so";
const LOADER = "libvulkan.so.1";
const MANIFEST = "vk_swiftshader_icd.json";
/** glibc's flag that Node's table of dlopen constants lacks: the loader must outlive Node's failed registration of it. */
const RTLD_NODELETE = 0x1000;

/** The archive in the optional package. Throws EngineUnavailableError saying what to install where it is missing. */
function findArchive(): string {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new EngineUnavailableError(
      `no software adapter comes with the install on ${process.platform}-${process.arch}: install a Vulkan driver (SwiftShader or lavapipe 23+) and name it in VK_DRIVER_FILES`,
    );
  }
  const require = createRequire(import.meta.url);
  try {
    // The package exports only its entry; the archive stands in `bin` beside the entry's build folder.
    let folder = path.dirname(require.resolve("@sparticuz/chromium"));
    while (!existsSync(path.join(folder, "package.json")) || !existsSync(path.join(folder, "bin"))) {
      const parent = path.dirname(folder);
      if (parent === folder) throw new Error("no bin folder beside its package.json");
      folder = parent;
    }
    return path.join(folder, "bin", "swiftshader.tar.br");
  } catch (cause) {
    throw new EngineUnavailableError(
      "the software adapter is not installed: run `npm run setup` with optional dependencies, or install a GPU driver",
      { cause },
    );
  }
}

/**
 * Unpacks driver, loader and manifest into the cache, once for each content of the archive, and returns their folder. The folder
 * appears by one rename, so that two processes at once never see half of it: the later one finds the earlier one's. Its files are on the
 * disk by then: half of a driver after a crash of the machine would end every later process with a bus error.
 */
export async function unpackSoftwareDriver(
  archive: string = findArchive(),
  root: string = cacheRoot(),
): Promise<string> {
  const digest = createHash("sha256")
    .update(await readFile(archive))
    .digest("hex")
    .slice(0, 16);
  const folder = path.join(root, `swiftshader-${digest}`);
  if (existsSync(path.join(folder, MANIFEST))) return folder;

  const { extract } = await import("tar-stream");
  let partial: string;
  try {
    await mkdir(root, { recursive: true });
    partial = await mkdtemp(`${folder}-`);
  } catch (cause) {
    throw new EngineUnavailableError(
      `the software adapter cannot be unpacked into ${root}: make it writable or set XDG_CACHE_HOME`,
      { cause },
    );
  }
  try {
    const entries = extract();
    // A pipeline hands a broken archive's error on to the entries; plain pipes would leave the loop waiting for ever.
    const unpacking = pipeline(createReadStream(archive), createBrotliDecompress(), entries);
    unpacking.catch(() => {});
    for await (const entry of entries) {
      const name = path.basename(entry.header.name);
      if (name === DRIVER || name === LOADER) {
        const chunks: Buffer[] = [];
        for await (const chunk of entry) chunks.push(chunk as Buffer);
        await writeFile(path.join(partial, name), Buffer.concat(chunks), { flush: true });
        await chmod(path.join(partial, name), 0o755);
      } else entry.resume();
    }
    await unpacking;
    const manifest = { file_format_version: "1.0.0", ICD: { library_path: `./${DRIVER}`, api_version: "1.1.0" } };
    await writeFile(path.join(partial, MANIFEST), JSON.stringify(manifest), { flush: true });
    await rename(partial, folder);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(path.join(folder, MANIFEST))) {
      throw new EngineUnavailableError(
        `the software adapter cannot be unpacked into ${root}: ${(cause as Error).message}; free some space or set XDG_CACHE_HOME`,
        { cause },
      );
    }
  }
  return folder;
}

/**
 * Puts the software driver in front of Dawn. Must run on the main thread before `create()`: Dawn reads the variables from the
 * process's environment and finds the already loaded loader by its name.
 */
export async function loadSoftwareDriver(): Promise<void> {
  const folder = await unpackSoftwareDriver();
  const manifest = path.join(folder, MANIFEST);
  process.env.VK_DRIVER_FILES = manifest;
  process.env.VK_ICD_FILENAMES = manifest;
  const { RTLD_NOW, RTLD_GLOBAL } = os.constants.dlopen;
  try {
    process.dlopen({ exports: {} }, path.join(folder, LOADER), RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  } catch (error) {
    // The loader is no Node addon and says so after it has been loaded, which is all that is wanted.
    if (!(error as Error).message.includes("did not self-register")) {
      throw new EngineUnavailableError(
        `the software adapter's Vulkan loader does not load: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }
}
