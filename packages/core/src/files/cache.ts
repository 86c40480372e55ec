/** The folder of what can be made again: `slowroll` in `XDG_CACHE_HOME`, else in `~/.cache`, else in the temporary folder. */
import os from "node:os";
import path from "node:path";

/** Nothing where the system knows of none: of a user without an entry, as in a container, it throws. */
function home(): string {
  try {
    return os.homedir();
  } catch {
    return "";
  }
}

export function cacheRoot(): string {
  const base = process.env.XDG_CACHE_HOME || (home() && path.join(home(), ".cache"));
  return path.join(base || os.tmpdir(), "slowroll");
}
