/** A font of three by five pixels for the numbers on a movie's frames, where no text can be laid out. */

/** Rows from the top, their bits from the left. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  "0": [0b111, 0b101, 0b101, 0b101, 0b111],
  "1": [0b010, 0b110, 0b010, 0b010, 0b111],
  "2": [0b111, 0b001, 0b111, 0b100, 0b111],
  "3": [0b111, 0b001, 0b111, 0b001, 0b111],
  "4": [0b101, 0b101, 0b111, 0b001, 0b001],
  "5": [0b111, 0b100, 0b111, 0b001, 0b111],
  "6": [0b111, 0b100, 0b111, 0b101, 0b111],
  "7": [0b111, 0b001, 0b010, 0b010, 0b010],
  "8": [0b111, 0b101, 0b111, 0b101, 0b111],
  "9": [0b111, 0b101, 0b111, 0b001, 0b111],
  ".": [0b000, 0b000, 0b000, 0b000, 0b010],
  "-": [0b000, 0b000, 0b111, 0b000, 0b000],
  "+": [0b000, 0b010, 0b111, 0b010, 0b000],
  "=": [0b000, 0b111, 0b000, 0b111, 0b000],
  e: [0b000, 0b111, 0b111, 0b100, 0b111],
  t: [0b010, 0b111, 0b010, 0b010, 0b011],
  " ": [0, 0, 0, 0, 0],
};
const COLUMNS = 3;

/**
 * Draws text into rows of `width` pixels, from the pixel (x, y) right and down; what reaches over the right edge is cut.
 * Throws Error for a character that the font lacks.
 */
export function writeText(
  pixels: Uint8Array,
  width: number,
  text: string,
  { x, y, zoom, ink }: { x: number; y: number; zoom: number; ink: number },
): void {
  for (const [c, character] of [...text].entries()) {
    const rows = GLYPHS[character];
    if (!rows) throw new Error(`the font has no ${character}`);
    for (let row = 0; row < rows.length * zoom; row++) {
      for (let column = 0; column < COLUMNS * zoom; column++) {
        const bit = (rows[Math.floor(row / zoom)]! >> (COLUMNS - 1 - Math.floor(column / zoom))) & 1;
        const at = x + c * (COLUMNS + 1) * zoom + column;
        if (bit && at < width) pixels[(y + row) * width + at] = ink;
      }
    }
  }
}
