// Matrices laid out anew for the tiles that read them many times: rows whole pages apart would cost a look-up of the TLB each, and fall
// into the same few sets of the first cache.
import { PANEL } from "./tile";

/** Bytes from one panel of `count` rows to the next: a cache line more than the rows take, so that panels do not alias. */
@inline
export function panelBytes(count: i32): usize {
  return <usize>count * PANEL + 64;
}

/** B[count][panels] of two vectors each, rows `row` bytes apart, as [panels][count]. */
export function packPanels(b: usize, row: usize, count: i32, panels: i32, to: usize): void {
  const next = panelBytes(count);
  for (let k = 0; k < count; k++) {
    let source = b;
    let target = to;
    for (let p = 0; p < panels; p++) {
      v128.store(target, v128.load(source));
      v128.store(target, v128.load(source, 16), 16);
      source += PANEL;
      target += next;
    }
    b += row;
    to += PANEL;
  }
}

/** Bytes of four columns of `count` elements. */
@inline
export function quadBytes<T>(count: i32): usize {
  return 4 * <usize>count * sizeof<T>();
}

/** Four neighbouring columns of A[count], rows `row` bytes apart, one row after the other. */
export function packColumns<T>(a: usize, row: usize, count: i32, to: usize): void {
  for (let k = 0; k < count; k++) {
    store<T>(to, load<T>(a));
    store<T>(to + sizeof<T>(), load<T>(a + sizeof<T>()));
    store<T>(to + 2 * sizeof<T>(), load<T>(a + 2 * sizeof<T>()));
    store<T>(to + 3 * sizeof<T>(), load<T>(a + 3 * sizeof<T>()));
    a += row;
    to += 4 * sizeof<T>();
  }
}
