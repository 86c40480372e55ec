// One step of the heavy ball, v <- momentum v - learningRate gradient, w <- w + v, of four weights, whose present values are given, or of
// four biases of a layer after the first.
fn descendWeights(index: u32, present: vec4f, gradient: vec4f) {
  var step = -params.learningRate * gradient;
  if (MOMENTUM) {
    step += params.momentum * velocity[index];
    velocity[index] = step;
  }
  weights[index] = present + step;
}

fn descendBiases(index: u32, gradient: vec4f) {
  var step = -params.learningRate * gradient;
  if (MOMENTUM) {
    step += params.momentum * biasVelocity[index];
    biasVelocity[index] = step;
  }
  biases[index] += step;
}
