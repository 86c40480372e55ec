/** Runs the program in this process with captured streams, in a folder of its own; `onError` acts on what it says, as it says it. */
import { run } from "../src/program.ts";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export async function slowroll(
  argv: readonly string[],
  {
    cwd,
    input = "",
    onError,
  }: { cwd: string; input?: string; onError?: (text: string, interrupt: () => void) => void },
): Promise<Outcome> {
  let out = "";
  let error = "";
  const interruption = new AbortController();
  const code = await run(argv, {
    out: (text) => {
      out += text;
    },
    error: (text) => {
      error += text;
      onError?.(text, () => interruption.abort());
    },
    progress: undefined,
    readInput: async () => input,
    cwd,
    signal: interruption.signal,
  });
  return { code, out, error };
}
