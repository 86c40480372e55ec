// The lattice kernels' numbers in float32; compensated.wgsl gives the same names to sums of two float32. Negation and the product with
// a power of two are the operators - and * in both.
alias Number = f32;

fn exactly(x: f32) -> Number { return x; }
fn leading(x: Number) -> f32 { return x; }
fn trailing(x: Number) -> f32 { return 0.0; }
fn rounded(x: vec2f) -> Number { return x.x + x.y; }
fn kept(x: Number) -> Number { return x; }
fn plus(a: Number, b: Number) -> Number { return a + b; }
fn minus(a: Number, b: Number) -> Number { return a - b; }
fn times(a: Number, b: Number) -> Number { return a * b; }
fn over(a: Number, b: Number) -> Number { return a / b; }
