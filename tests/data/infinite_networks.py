"""
Infinitely wide networks by neural-tangents, in float64. Writes, beside itself, neuralTangents.json, one case a line: a random plain MLP
with random data; its NNGP and NTK over the training points and then the test points, and what an ensemble trained by gradient descent on
V = phi^2/2 gives. `infinite` (test points, after infinite time) is neural-tangents' own. Its finite times are continuous, so `band` (all
points) is written from its kernels with the propagator of discrete steps, P = (1 - eta Theta)^step:
  f(x*) = f0(x*) + Theta(x*, X) Theta^-1 (1 - P) (y - f0(X)),    f0 ~ N(0, NNGP).
That formula is held here to neural-tangents' finite and infinite times, for which P = exp(-t Theta/D) and P = 0.

pip install neural-tangents==0.6.5 jax==0.4.30 jaxlib==0.4.30 tf2jax==0.3.6
"""
import json
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)
import neural_tangents as nt
import numpy as np
from neural_tangents import stax

# All in closed form. Gelu is x Phi(x), not its approximation by tanh.
ACTIVATIONS = {"relu": stax.Relu, "erf": stax.Erf, "gelu": lambda: stax.Gelu(approximate=False), "sin": stax.Sin}
CASES = 10
TEST_POINTS = 3
STEPS = (0, 1, 7, 50, 400)
# Kernels beyond it have no digits to compare in Theta^-1.
LARGEST_CONDITION = 1e4


def kernel_function(case):
    """The kernel function of the network: `depth` hidden layers and a scalar output."""
    layers = []
    for _ in range(case["depth"]):
        layers += [stax.Dense(1, case["weightStd"], case["biasStd"], parameterization="ntk"), ACTIVATIONS[case["activation"]]()]
    return stax.serial(*layers, stax.Dense(1, case["weightStd"], case["biasStd"], parameterization="ntk"))[2]


def kernels(case):
    """NNGP and NTK over the training points and then the test points."""
    both = kernel_function(case)(np.concatenate([case["inputs"], case["testInputs"]]), None, ("nngp", "ntk"))
    return np.array(both.nngp), np.array(both.ntk)


def ensemble(nngp, ntk, targets, propagate):
    """Mean and covariance over all points; `propagate` maps the eigenvalues of Theta to those of P."""
    points = len(targets)
    values, vectors = np.linalg.eigh(ntk[:points, :points])
    learnt = ntk[:, :points] @ (vectors * ((1 - propagate(values)) / values)) @ vectors.T
    left = np.eye(len(ntk))
    left[:, :points] -= learnt
    return learnt @ targets, left @ nngp @ left.T


def hold_to_neural_tangents(case, nngp, ntk):
    """Asserts that `ensemble` is neural-tangents' on the test points. Returns its mean and variance after infinite time."""
    targets = np.array(case["targets"])[:, None]
    points = len(targets)
    predict = nt.predict.gradient_descent_mse_ensemble(kernel_function(case), np.array(case["inputs"]), targets)
    for time in (None, 0.3, 5.0, 100.0):
        theirs = predict(t=time, x_test=np.array(case["testInputs"]), get="ntk", compute_cov=True)
        mean, covariance = ensemble(
            nngp, ntk, targets[:, 0], lambda values: 0 * values if time is None else np.exp(-time * values / points))
        scale = np.abs(nngp).max()
        assert np.allclose(theirs.mean[:, 0], mean[points:], rtol=1e-8, atol=1e-9), (time, theirs.mean[:, 0], mean[points:])
        assert np.allclose(theirs.covariance, covariance[points:, points:], rtol=1e-8, atol=1e-9 * scale), time
    theirs = predict(t=None, x_test=np.array(case["testInputs"]), get="ntk", compute_cov=True)
    return theirs.mean[:, 0], np.diag(theirs.covariance)


def draw(rng, activation, depth):
    """A random case of that activation and depth whose NTK over the training points is well conditioned, and its kernels."""
    while True:
        dimension, points = int(rng.integers(1, 6)), int(rng.integers(4, 11))
        case = dict(
            activation=activation,
            depth=depth,
            weightStd=round(rng.uniform(0.5, 2), 3),
            biasStd=round(rng.uniform(0, 0.5), 3),
            inputs=rng.normal(size=(points, dimension)).round(4).tolist(),
            targets=rng.normal(size=points).round(4).tolist(),
            testInputs=rng.normal(size=(TEST_POINTS, dimension)).round(4).tolist(),
        )
        nngp, ntk = kernels(case)
        if np.linalg.cond(ntk[:points, :points]) < LARGEST_CONDITION:
            return case, nngp, ntk


rng = np.random.default_rng(20)
depths = np.concatenate([rng.permutation(np.arange(1, 7)), rng.integers(1, 7, CASES - 6)])
rows = []
for index in range(CASES):
    case, nngp, ntk = draw(rng, list(ACTIVATIONS)[index % len(ACTIVATIONS)], int(depths[index]))
    targets = np.array(case["targets"])
    points = len(targets)
    mean, variance = hold_to_neural_tangents(case, nngp, ntk)
    eta = float(f"{rng.uniform(0.2, 1.5) / np.linalg.norm(ntk[:points, :points], 2):.3g}")
    band = []
    for step in STEPS:
        means, covariance = ensemble(nngp, ntk, targets, lambda values: (1 - eta * values) ** step)
        band.append(dict(step=step, eta=eta, mean=means.tolist(), variance=np.diag(covariance).tolist()))
    rows.append(case | dict(nngp=nngp.tolist(), ntk=ntk.tolist(), band=band,
                            infinite=dict(mean=mean.tolist(), variance=variance.tolist())))
    print(case["activation"], case["depth"], case["weightStd"], case["biasStd"], np.shape(case["inputs"]),
          f"condition {np.linalg.cond(ntk[:points, :points]):.0f}")

text = ",\n".join(json.dumps(row) for row in rows)
(Path(__file__).parent / "neuralTangents.json").write_text(f"[\n{text}\n]\n")
