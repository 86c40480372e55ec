// One step of the heavy ball, v <- momentum v - learningRate gradient, w <- w + v, of four weights, whose present values are given.
fn descendWeights(index: u32, present: vec4f, gradient: vec4f) {
  var step = -params.learningRate * gradient;
  if (MOMENTUM) {
    step += params.momentum * velocity[index];
    velocity[index] = step;
  }
  weights[index] = present + step;
}
