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

/** What is told of text that was read as UTF-8 and begins with UTF-16's mark, as PowerShell and Excel write it; undefined of other text. */
export const whyNoText = (text: string): string | undefined =>
  text.startsWith("\uFFFD\uFFFD") ? "is UTF-16 text: save it as UTF-8" : undefined;
