/** The folder of what can be made again: `slowroll` in `XDG_CACHE_HOME`, else in `~/.cache`, else in the temporary folder. */
import os from "node:os";
import path from "node:path";

export function cacheRoot(): string {
  const base = process.env.XDG_CACHE_HOME || (os.homedir() && path.join(os.homedir(), ".cache"));
  return path.join(base || os.tmpdir(), "slowroll");
}
