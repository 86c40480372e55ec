/** How a file is named to a user. */
import path from "node:path";

/** From the working folder, and by its whole path where it lies outside. */
export function named(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith("..") ? file : relative;
}
