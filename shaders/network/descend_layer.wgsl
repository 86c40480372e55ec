// The same step of the heavy ball of the weights of a layer after the first, and of four of its biases.
// include: network/descend_weights.wgsl

fn descendBiases(index: u32, gradient: vec4f) {
  var step = -params.learningRate * gradient;
  if (MOMENTUM) {
    step += params.momentum * biasVelocity[index];
    biasVelocity[index] = step;
  }
  biases[index] += step;
}
