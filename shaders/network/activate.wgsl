// Stores a hidden layer's units after its product: act(z) and act'(z), both times weightStd / sqrt(width), the factor with which the next
// layer takes them. With that every later product, gradient and kernel is free of factors. The row after the last unit is the next
// layer's bias as one more input: the constant biasStd, with slope zero.
struct ActivationPair {
  value: vec4f,
  slope: vec4f,
}

fn storeActivated(index: u32, isBias: bool, z: vec4f) {
  let pair = activation(z);
  hidden[index] = select(params.scale * pair.value, vec4f(params.bias), isBias);
  slope[index] = select(params.scale * pair.slope, vec4f(0.0), isBias);
}
