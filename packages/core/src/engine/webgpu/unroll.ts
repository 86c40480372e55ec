/**
 * Unrolling of loops in WGSL: `for (var u = 0u; u < UNITS; u++) { // unroll` becomes UNITS blocks that each declare `const u`. Drivers
 * of GPUs unroll such loops by themselves and keep the arrays they index in registers; the software adapter does neither, and a loop
 * or an indexed private array costs it more than the arithmetic within.
 */
const LOOP = /^([ \t]*)for \(var (\w+) = (\d+)u; \2 < (\w+); \2\+\+\) \{ \/\/ unroll[ \t]*$/m;

/**
 * The text with all marked loops unrolled, outermost first. A bound is a literal or a `const` of the text.
 * @throws RangeError where a bound is neither, or a closing brace is missing.
 */
export function unrollLoops(text: string): string {
  let result = text;
  for (let match = LOOP.exec(result); match; match = LOOP.exec(result)) {
    const [line, indent, variable, from, boundName] = match as unknown as [string, string, string, string, string];
    const value = /^\d+u$/.test(boundName)
      ? boundName
      : new RegExp(`const ${boundName}(?:: u32)? = (\\d+)u;`).exec(text)?.[1];
    const bound = Number.parseInt(value ?? "", 10);
    if (Number.isNaN(bound)) throw new RangeError(`no constant ${boundName} to unroll "${line.trim()}"`);
    const start = match.index + line.length;
    // A marked loop closes with a brace alone at its own indentation.
    const close = new RegExp(`^${indent}\\}[ \\t]*$`, "m").exec(result.slice(start));
    if (!close) throw new RangeError(`no closing brace for "${line.trim()}"`);
    const body = result.slice(start, start + close.index);
    let unrolled = "";
    for (let k = Number(from); k < bound; k++)
      unrolled += `${indent}{\n${indent}  const ${variable} = ${k}u;${body}${indent}}\n`;
    result = result.slice(0, match.index) + unrolled + result.slice(start + close.index + close[0].length + 1);
  }
  return result;
}
