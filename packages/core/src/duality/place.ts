import { InputError } from "../errors.ts";

/** What `work` at one value gives. The study itself is sound, so that what the value makes impossible is told at the value. */
export async function at<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(cause.message, { path, cause });
  }
}
