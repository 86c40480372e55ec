// What shared_sum.wgsl is for where each lane takes a unit for itself: without workgroup memory, which is cleared even where nobody uses it.
const SHARING = 1u;

fn sharedSum(lane: u32, part: f32) -> f32 { return part; }
