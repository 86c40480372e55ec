/** Unrolling: nested loops, bounds from constants of the text, and what cannot be unrolled. */
import { unrollLoops } from "@slowroll/core/engine/webgpu/unroll";
import { describe, expect, it } from "vitest";

describe("unrollLoops", () => {
  it("turns a marked loop into blocks with a constant, inner loops too", () => {
    const text = `const N: u32 = 2u;
for (var i = 0u; i < N; i++) { // unroll
  for (var j = 1u; j < 3u; j++) { // unroll
    s += x[i][j];
  }
}
for (var k = 0u; k < N; k++) { s += 1.0; }
`;
    const unrolled = unrollLoops(text);
    expect(unrolled.match(/s \+= x\[i\]\[j\];/g)).toHaveLength(4);
    expect(unrolled.match(/const i = 1u;/g)).toHaveLength(1);
    expect(unrolled.match(/const j = 2u;/g)).toHaveLength(2);
    expect(unrolled).toContain("for (var k = 0u; k < N; k++) { s += 1.0; }");
  });
  it("says which bound is unknown and which brace is missing", () => {
    expect(() => unrollLoops("for (var i = 0u; i < M; i++) { // unroll\n}\n")).toThrow(/no constant M/);
    expect(() => unrollLoops("for (var i = 0u; i < 2u; i++) { // unroll\n  x;\n  }\n")).toThrow(/no closing brace/);
  });
});
