/** Runs the program in this process with captured streams, in a folder of its own. */
import { run } from "../src/program.ts";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export async function slowroll(
  argv: readonly string[],
  { cwd, input = "" }: { cwd: string; input?: string },
): Promise<Outcome> {
  let out = "";
  let error = "";
  const code = await run(argv, {
    out: (text) => {
      out += text;
    },
    error: (text) => {
      error += text;
    },
    progress: undefined,
    readInput: async () => input,
    cwd,
    signal: new AbortController().signal,
  });
  return { code, out, error };
}
