// One weight's step of the heavy ball: v <- momentum v - learningRate gradient, w <- w + v.
fn descend(index: u32, gradient: f32) {
  var step = -params.learningRate * gradient;
  if (MOMENTUM) {
    step += params.momentum * velocity[index];
    velocity[index] = step;
  }
  weights[index] += step;
}
