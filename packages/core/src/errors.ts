/**
 * Every error that a user can meet, in one file: a tagged class with typed fields, a message that says what, where and how to
 * mend it, and the exit code that the command line gives for it (contract: 1 check, 2 input, 3 engine, 4 diverged, 130 interrupted).
 */

/** Base of all errors that are told to the user as one line. */
export abstract class SlowrollError extends Error {
  /** Stable tag for scripts, as in `--json`'s `error.code`. */
  abstract readonly code: string;
  /** The process exit code that the command line gives. */
  abstract readonly exitCode: number;
  /** Where in the config the cause stands (`training.learningRate`), if anywhere. */
  readonly path: string | undefined;

  constructor(message: string, options: { path?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.path = options.path;
  }
}

/** The user's input cannot be run. Nothing has been computed or written. */
export class InputError extends SlowrollError {
  readonly code = "badInput";
  readonly exitCode = 2;
}

/** A file or folder cannot be written. What was computed is not at fault, and who has it may go on. */
export class UnwritableError extends InputError {
  readonly file: string;
  readonly why: string;
  /** What mends it while the run goes on. */
  readonly mend: string;

  /** `otherwise`: what mends it in another run, as `or choose another folder`. */
  constructor(
    file: string,
    why: string,
    mend: string,
    { otherwise, ...options }: { otherwise?: string | undefined; path?: string | undefined; cause?: unknown } = {},
  ) {
    super(`${file} cannot be written: ${why}; ${mend}${otherwise ? ` ${otherwise}` : ""}`, options);
    this.file = file;
    this.why = why;
    this.mend = mend;
  }
}

/** A potential's expression cannot be used; `column` counts from 1 in the expression. */
export class ExpressionError extends SlowrollError {
  readonly code = "badExpression";
  readonly exitCode = 2;
  readonly column: number;

  constructor(message: string, column: number, options: { path?: string | undefined; cause?: unknown } = {}) {
    super(message, options);
    this.column = column;
  }
}

/** No engine or adapter that can do what was asked for. */
export class EngineUnavailableError extends SlowrollError {
  readonly code = "noEngine";
  readonly exitCode = 3;
}

/** The adapter's device was lost while work was in flight. */
export class DeviceLostError extends SlowrollError {
  readonly code = "deviceLost";
  readonly exitCode = 3;
}

/** The device refused an allocation that the plan had allowed. */
export class OutOfDeviceMemoryError extends SlowrollError {
  readonly code = "outOfDeviceMemory";
  readonly exitCode = 3;
}

/** A worker thread, of the CPU engine or of a long decomposition, died or stood still. */
export class WorkerLostError extends SlowrollError {
  readonly code = "workerLost";
  readonly exitCode = 3;
}

/** A kernel does not compile: a defect of the program, or of an emitted expression. */
export class ShaderCompileError extends SlowrollError {
  readonly code = "shaderCompile";
  readonly exitCode = 3;
}

/** WebGPU refused a call: a defect of the program, raised where the call was made. */
export class GpuValidationError extends SlowrollError {
  readonly code = "gpuValidation";
  readonly exitCode = 3;
}

/** The numbers left the finite range at `step`; what had been computed before is in `partial`. */
export class DivergenceError<Partial = unknown> extends SlowrollError {
  readonly code = "diverged";
  readonly exitCode = 4;
  readonly step: number;
  readonly partial: Partial | undefined;

  constructor(message: string, step: number, options: { partial?: Partial; path?: string; cause?: unknown } = {}) {
    super(message, options);
    this.step = step;
    this.partial = options.partial;
  }
}

/**
 * The run was cancelled through its AbortSignal; of a lattice's run that saves checkpoints, what had been computed is in `partial`, `step`
 * steps of it.
 */
export class InterruptedError<Partial = unknown> extends SlowrollError {
  readonly code = "interrupted";
  readonly exitCode = 130;
  readonly step: number | undefined;
  readonly partial: Partial | undefined;

  constructor(message: string, options: { step?: number; partial?: Partial; path?: string; cause?: unknown } = {}) {
    super(message, options);
    this.step = options.step;
    this.partial = options.partial;
  }
}
