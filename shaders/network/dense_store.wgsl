// Stores a product of a layer after the first. A layer whose weights stand in parts has a product of each, one after the other, from the FIRST
// to the LAST, until which the sums so far stand where the units will.
// include: network/activate.wgsl
fn storeSum(index: u32, isBias: bool, sum: vec4f) {
  var z = sum;
  if (!FIRST) { z += hidden[index]; }
  if (LAST) { storeActivated(index, isBias, z); } else { hidden[index] = z; }
}
