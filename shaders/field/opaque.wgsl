/// x, in a way that no compiler sees through: its bits are or-ed with a uniform that the host sets to 0. Without it one that treats
/// rounding as if it were not there may turn (a + b) - a into b, which WGSL lets it; volatile or precise values WGSL does not have.
fn opaque(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) | params.opaqueZero); }
