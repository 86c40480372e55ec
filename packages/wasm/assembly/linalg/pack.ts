// Matrices laid out anew for the tiles that read them many times: panels of three rows or columns, three vectors a turn. Rows whole pages
// apart would cost a look-up of the TLB each, and fall into the same few sets of the first cache. Where fewer than three are left, some
// stand there again: the tiles do not store what comes of them.
import { PANEL, SLICE, WIDE } from "./tile";

/** Rows, columns or turns from which packing pays. */
export const PACKED = 64;
/** Columns, in vectors, that are packed together where they are packed as they come. */
export const COLUMNS = 258;

/** Bytes from one panel to the next: a cache line more than the turns take, so that panels do not alias. */
@inline
export function panelBytes(turns: i32): usize {
  return <usize>turns * PANEL + 64;
}

/** Bytes of the panels of `count` rows or columns. */
@inline
export function panelsBytes(count: i32, turns: i32): usize {
  return <usize>((count + WIDE - 1) / WIDE) * panelBytes(turns);
}

/** Bytes of one panel of a slice. */
@inline
export function sliceBytes(): usize {
  return panelBytes(SLICE);
}

/** Rows that are packed together: their lines stay in the first cache while all columns pass. */
const ROWS = 64;

/** The columns of B[turns][vectors], rows `row` bytes apart. */
export function packColumns(b: usize, row: usize, turns: i32, vectors: i32, to: usize): void {
  const next = panelBytes(turns);
  for (let first = 0; first < turns; first += ROWS) {
    const rows = min(ROWS, turns - first);
    let column = b;
    let panel = to;
    for (let n = 0; n < vectors; n += WIDE) {
      packPanel(column, vectors - n > 1 ? 16 : 0, vectors - n > 2 ? 32 : 0, row, rows, panel);
      column += PANEL;
      panel += next;
    }
    b += <usize>ROWS * row;
    to += ROWS * PANEL;
  }
}

/** Of each of `turns` rows the vectors at `a`, `second` and `third` bytes behind it. */
@inline
function packPanel(a: usize, second: usize, third: usize, step: usize, turns: i32, to: usize): void {
  let a1 = a + second;
  let a2 = a + third;
  for (let k = 0; k < turns; k++) {
    v128.store(to, v128.load(a));
    v128.store(to, v128.load(a1), 16);
    v128.store(to, v128.load(a2), 32);
    a += step;
    a1 += step;
    a2 += step;
    to += PANEL;
  }
}

/** `rows` rows of `turns` vectors, `row` bytes apart. */
export function packRows(a: usize, row: usize, rows: i32, turns: i32, to: usize): void {
  const next = panelBytes(turns);
  for (let m = 0; m < rows; m += WIDE) {
    packPanel(a, rows - m > 1 ? row : 0, rows - m > 2 ? 2 * row : 0, 16, turns, to);
    a += <usize>WIDE * row;
    to += next;
  }
}
