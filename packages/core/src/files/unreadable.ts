/** Why a file cannot be read, in words. */
const WHY: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "no permission",
};

/** The reason that the file system, or a parser, gave for not reading a file. */
export function whyUnreadable(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return WHY[code ?? ""] ?? code ?? message;
}
