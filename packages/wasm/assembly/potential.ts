// A potential's own module (packages/core/src/potential/wat.ts): V and its slopes at rows of sites. `fields` is the first field's row and
// `fieldStride` bytes lie between fields; `constants` are the numbers of the realisation's own potential, where realisations differ.

/** V. */
@external("potential", "value")
export declare function value(fields: usize, fieldStride: i32, out: usize, count: i32, constants: usize): void;

/** dV/dphi_f of all fields, `outStride` bytes between them. */
@external("potential", "gradient")
export declare function gradient(
  fields: usize,
  fieldStride: i32,
  out: usize,
  outStride: i32,
  count: i32,
  constants: usize,
): void;

/** Second derivatives of V, as `gradient`, by a module of its own (packages/core/src/potential/curvature.ts). */
@external("curvature", "gradient")
export declare function curvatures(
  fields: usize,
  fieldStride: i32,
  out: usize,
  outStride: i32,
  count: i32,
  constants: usize,
): void;
