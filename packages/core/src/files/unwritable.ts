/** Why a file or folder cannot be written and what mends it, in words. */
import { SlowrollError, UnwritableError } from "../errors.ts";

const REASONS: Readonly<Record<string, readonly [why: string, mend: string]>> = {
  ENOSPC: ["the disk is full", "free some space"],
  EDQUOT: ["the quota on its disk is used up", "free some space"],
  EFBIG: ["the file would be larger than its disk or this machine lets it be", "raise that limit (ulimit -f)"],
  ENAMETOOLONG: ["its name is too long", "shorten it"],
  ENOENT: ["no folder is there", "make it"],
  ENOTDIR: ["it is, or lies in, a file that is no folder", "move that file"],
  EEXIST: ["it is, or lies in, a file that is no folder", "move that file"],
  EISDIR: ["a folder has its name", "move that folder"],
  ERR_FS_EISDIR: ["a folder has its name", "move that folder"],
  EACCES: ["no permission", "allow it"],
  EPERM: ["no permission", "allow it"],
  EROFS: ["the file system is read-only", "make it writable"],
};

/** Whether the file system is at fault, and not this program: other errors, as of a module that is missing, have codes too, and no system call. */
export function isOfFileSystem(cause: unknown): boolean {
  if (!(cause instanceof Error) || cause instanceof SlowrollError) return false;
  const { code, syscall } = cause as NodeJS.ErrnoException;
  return typeof code === "string" && (code in REASONS || typeof syscall === "string");
}

/**
 * The error of `file`, for whoever throws it.
 * @param otherwise what else mends it, as `or choose another folder`
 * @param why what went wrong, where the cause has no code of the file system's
 */
export function unwritable(
  file: string,
  cause: unknown,
  { otherwise, path, why }: { otherwise?: string; path?: string | undefined; why?: string | undefined } = {},
): UnwritableError {
  const { code } = cause as NodeJS.ErrnoException;
  const [reason, mend] = REASONS[code ?? ""] ?? [
    why ?? code ?? (cause as Error).message,
    "see to its disk, which must be there, have room and take what is written",
  ];
  return new UnwritableError(file, reason, mend, { otherwise, path, cause });
}
