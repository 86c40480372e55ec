// Which weight is normal number unit * fanIn + input of its layer's stream: unit and input of number 4 quad + e. The number itself goes beyond
// 32 bits between layers of 65,536 units, so the whole inputs of four units are taken out of it first.
fn unitAndInput(quad: u32, e: u32, fanIn: u32) -> vec2u {
  let whole = quad / fanIn;
  let rest = 4u * (quad - whole * fanIn) + e;
  let unit = rest / fanIn;
  return vec2u(4u * whole + unit, rest - unit * fanIn);
}
