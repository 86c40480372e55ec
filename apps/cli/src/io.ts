/** What a run of the program sees of the world, so that tests can run it in their own process. */
export interface Io {
  /** Writes text to standard output. */
  out(text: string): void;
  /** Writes text to standard error. */
  error(text: string): void;
  /** The stream that progress is drawn on; none where nobody looks. */
  readonly progress: NodeJS.WriteStream | undefined;
  readInput(): Promise<string>;
  readonly cwd: string;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}
