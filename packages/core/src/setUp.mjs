// What to tell of a module that is not there: a checkout whose set-up is older than a `git pull`, or which has none. Plain JavaScript and Node
// alone: the programs' first lines ask, where nothing may be installed that reads TypeScript.
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";

/** Exit code of a program that is not set up: none of the contract's, after BSD's EX_CONFIG. */
export const NOT_SET_UP = 78;

/** One line that says what is missing and how to mend it, or undefined where the error is another. */
export function describeMissing(error) {
  if (error?.code !== "ERR_MODULE_NOT_FOUND") return undefined;
  const [missing] = error.message.split(" imported from ");
  return `${missing}: this checkout is not set up, or its set-up is older than its sources: run npm run setup`;
}

/** Exit code of bad input. */
const BAD_INPUT = 2;

/** Runs a program's first module; where one is missing, or the folder that it runs in, says so under the program's name. */
export async function start(name, load) {
  try {
    process.cwd();
  } catch {
    process.stderr.write(`${name}: the working folder is gone: change into one that is there\n`);
    process.exitCode = BAD_INPUT;
    return;
  }
  try {
    accessSync(tmpdir(), constants.W_OK);
  } catch {
    // There tsx keeps what it has translated, and ends the program where it may not, as in a container that is read-only.
    process.env.TSX_DISABLE_CACHE = "1";
  }
  try {
    await load();
  } catch (error) {
    const missing = describeMissing(error);
    if (!missing) throw error;
    process.stderr.write(`${name}: ${missing}\n`);
    process.exitCode = NOT_SET_UP;
  }
}
