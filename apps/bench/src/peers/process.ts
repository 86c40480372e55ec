/** A peer in a process of its own that runs one sample a line: the protocol of apps/bench/peers/peer.py. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A peer that is ready to run. */
export interface Running {
  readonly version: string;
  /** Does the work once; seconds. */
  run(): Promise<number>;
  /** Of the last run. */
  outcome(): Promise<Float64Array>;
  close(): void;
}

/** Seconds after which a peer's answer is given up. */
const PATIENCE = 300;

/** Why a peer cannot be had. */
export class PeerMissing extends Error {}

/** A file of apps/bench/peers. Throws PeerMissing where it did not come along, as in a bundle. */
export function peerFile(name: string): string {
  const file = fileURLToPath(new URL(`../../peers/${name}`, import.meta.url));
  if (!existsSync(file)) throw new PeerMissing(`${name} is not here: it comes with a checkout`);
  return file;
}

/** Throws PeerMissing where it does not start or says why it cannot run. */
export async function startProcess(command: string, argv: readonly string[], outcomeFile: string): Promise<Running> {
  // Python leaves no compiled files in the checkout, and JAX, which would take a GPU where it finds one, has the cores that the engine has.
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", JAX_PLATFORMS: "cpu" };
  const child = spawn(command, argv, { stdio: ["pipe", "pipe", "pipe"], env });
  const ask = conversation(child, command);
  try {
    const { version } = await ask();
    if (typeof version !== "string") throw new PeerMissing("it did not say its version");
    return {
      version,
      async run() {
        const { seconds } = await ask("run");
        if (typeof seconds !== "number") throw new PeerMissing("it did not say how long it took");
        return seconds;
      },
      async outcome() {
        await ask("outcome");
        const bytes = await readFile(outcomeFile);
        return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      },
      close: () => child.kill("SIGKILL"),
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

type Answer = { readonly version?: string; readonly seconds?: number; readonly missing?: string };

/** Writes a line, where one is given, and resolves with the answer's line. */
function conversation(child: ChildProcess, command: string): (line?: string) => Promise<Answer> {
  const answers: Answer[] = [];
  let errors = "";
  let ended: string | undefined;
  let wake: () => void = () => {};
  const end = (why: string): void => {
    ended ??= why;
    wake();
  };
  // A peer that has ended is noticed by its exit.
  child.stdin!.on("error", () => {});
  child.stderr!.on("data", (data: Buffer) => {
    errors = `${errors}${data}`.slice(-4000);
  });
  createInterface({ input: child.stdout! }).on("line", (line) => {
    try {
      answers.push(JSON.parse(line) as Answer);
      wake();
    } catch {
      // A library's own words.
    }
  });
  child.on("error", (error: NodeJS.ErrnoException) =>
    end(error.code === "ENOENT" ? `${command} was not found` : `${command} does not start: ${error.message}`),
  );
  child.on("close", (code, signal) => {
    const last = errors.trim().split("\n").at(-1);
    end(last || `it ended with ${signal ?? `code ${code}`}`);
  });
  return async (line) => {
    if (line !== undefined) child.stdin!.write(`${line}\n`);
    const timer = setTimeout(() => end(`it did not answer within ${PATIENCE} s`), 1000 * PATIENCE);
    try {
      while (answers.length === 0) {
        if (ended !== undefined) throw new PeerMissing(ended);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const answer = answers.shift()!;
      if (answer.missing !== undefined) throw new PeerMissing(answer.missing);
      return answer;
    } finally {
      clearTimeout(timer);
    }
  };
}
