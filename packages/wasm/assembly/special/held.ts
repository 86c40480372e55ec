// Constants for loops. A number that V8 knows at compile time it may build anew from its bits at each use, three instructions, inside the
// loop too (its compiler from Node 22 on always does), which doubles the time of a loop with many coefficients; and the AssemblyScript
// compiler moves every constant to its uses. A held constant looks like a variable to both, and so is made once, before the loop.
// The loop is a do-while: V8's older compiler sinks even variables into a loop whose condition is tested first.

/** A zero for `held`, of an address that is a multiple of 16, which no compiler knows. */
@inline
export function unknownZero(address: usize): v128 {
  return i32x4.splat(<i32>address & 15);
}

/** `value` in every lane. */
@inline
export function held<T>(value: f64, zero: v128): v128 {
  return v128.xor(v128.splat<T>(<T>value), zero);
}
