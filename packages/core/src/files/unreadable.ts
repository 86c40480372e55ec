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

/** What is told of text that was read as UTF-8 and is none, but UTF-16, as PowerShell and Excel write it, or bytes; undefined of other text. */
export function whyNoText(text: string): string | undefined {
  if (text.startsWith("\uFFFD\uFFFD")) return "is UTF-16 text: save it as UTF-8";
  if (text.startsWith("\u001F\uFFFD\b")) return "is compressed by gzip: unpack it";
  return text.includes("\0") ? "is no text: save it as UTF-8 text" : undefined;
}
