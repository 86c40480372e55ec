/** How an error is told. */

/** One line. What users wrote may stand in it: no character of theirs may break it. */
export const errorLine = ({ path, message }: { readonly path?: string | null | undefined; readonly message: string }) =>
  `${`slowroll: ${path ? `${path}: ` : ""}${message.split("\n")[0]}`.replace(/\p{Cc}/gu, "?")}\n`;

/** What a result document has of it. */
export const errorKey = ({
  code,
  path,
  message,
}: {
  readonly code: string;
  path?: string | undefined;
  message: string;
}) => ({
  error: { code, message: message.split("\n")[0]!, path: path ?? null },
});
