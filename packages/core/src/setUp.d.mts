export declare const NOT_SET_UP: number;
export function describeMissing(error: unknown): string | undefined;
export function start(name: string, load: () => Promise<unknown>): Promise<void>;
