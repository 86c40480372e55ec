/** What a run has kept to go on from while it runs, and what of it could not be kept: a disk that takes nothing now may take it later. */
import type { UnwritableError } from "@slowroll/core/errors";

export interface Kept {
  /** `said` is in words what there is to go on from now. */
  saved(said: string): void;
  /** `said` could not be kept. Each cause is warned of once; `again`: when that is tried next. */
  failed(said: string, error: UnwritableError, again: string): void;
  /** The line that an interrupted run ends with; undefined where nothing was to be kept. `command` goes on from what is kept. */
  line(command: string): string | undefined;
  /** What there is to go on from, in words. */
  readonly standing: string | undefined;
}

/**
 * @param before What an earlier run has kept, in words.
 * @param isThere Whether what was kept is still there.
 */
export function keeping(before: string | undefined, isThere: () => boolean, warn: (warning: string) => void): Kept {
  let last = before;
  let failure: { readonly said: string; readonly error: UnwritableError } | undefined;
  const warned = new Set<string>();
  const standing = (): string | undefined => (last !== undefined && isThere() ? last : undefined);
  const lost = (said: string, { file, why }: UnwritableError): string => {
    const now = standing();
    return `not kept: ${said}: ${file} cannot be written: ${why}; ${now === undefined ? "nothing is kept to go on from" : `kept before: ${now}`}`;
  };
  return {
    get standing() {
      return standing();
    },
    saved(said) {
      last = said;
      failure = undefined;
    },
    failed(said, error, again) {
      failure = { said, error };
      const { file, why, mend } = error;
      const cause = `${file}: ${why}`;
      if (warned.has(cause)) return;
      warned.add(cause);
      warn(`${lost(said, error)}; ${mend}: the run goes on and ${again}`);
    },
    line(command) {
      const now = standing();
      if (failure === undefined) return now === undefined ? undefined : `kept: ${now}; to go on: ${command}`;
      const { said, error } = failure;
      return `${lost(said, error)}${now === undefined ? "" : `; to go on from there: ${command}`}`;
    },
  };
}
