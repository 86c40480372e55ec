// Four standard normals from four random words by Box and Muller's transform (Ann. Math. Stat. 29 (1958) 610): words 0 and 1 give normals
// 0 and 1, words 2 and 3 normals 2 and 3. The uniforms have 23 and 24 bits, exact in float32; TypeScript twin: random/normal.ts.
// include: special/log.wgsl
// include: special/trigonometry.wgsl

fn normal4(words: vec4u) -> vec4f {
  // From 2^-24 to 1 - 2^-24 in steps of 2^-23, every one of them a float32.
  let fraction = (vec2f(words.xz >> vec2u(9u)) + 0.5) * 1.1920928955078125e-7;
  let radius = sqrt(-2.0 * accurateLog(fraction));
  let angle = sinCosTurns(vec4f(vec2f(words.yw >> vec2u(8u)) * 5.9604644775390625e-8, 0.0, 0.0));
  return vec4f(radius.x * angle.cos.x, radius.x * angle.sin.x, radius.y * angle.cos.y, radius.y * angle.sin.y);
}
