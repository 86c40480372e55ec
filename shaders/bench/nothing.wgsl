// A dispatch that does as good as nothing: what is left is the cost of dispatching.

@group(0) @binding(0) var<storage, read_write> result: array<u32>;

@compute @workgroup_size(1)
fn main() {
  result[0] = 1u;
}
