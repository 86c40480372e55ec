"""NumPy, batched over the networks: a matrix product for each layer of a batch of networks, the gradient by hand. Batches are shared out
among as many threads as there are cores (NumPy lets go of the interpreter's lock), each product on one: the products of single networks
are so small that the BLAS's own threads cost ten times what they save."""

import os
from concurrent.futures import ThreadPoolExecutor
from math import ceil, pi, sqrt

from peer import data_of, layers_of, serve

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
# Hidden units in a batch of networks: larger batches leave the cache, smaller ones wait for Python.
UNITS = 8192
# Read when NumPy is first imported.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"


def prepare(work):
    import numpy as np

    try:
        from scipy.special import erf
    except ImportError:
        # Abramowitz and Stegun 7.1.26: 1.5e-7.
        def erf(z):
            t = 1 / (1 + np.float32(0.3275911) * np.abs(z))
            p = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592]
            return np.copysign(1 - np.polyval(np.float32(p), t) * t * np.exp(-z * z), z)

    inputs, targets = data_of(work)
    layers = layers_of(work)
    networks, steps = work["networks"], work["steps"]
    rate, bias_std = np.float32(work["learningRate"]), np.float32(work["biasStd"])
    scales = [np.float32(work["weightStd"] / sqrt(w.shape[-1])) for w, _ in layers]
    batch = max(1, min(UNITS // work["width"], ceil(networks / CORES)))
    pool = ThreadPoolExecutor(CORES)

    def forward(params):
        h, z = [np.broadcast_to(inputs, (len(params[0][0]), *inputs.shape))], []
        for layer, (w, b) in enumerate(params):
            z.append(scales[layer] * (h[-1] @ w.swapaxes(1, 2)) + bias_std * b[:, None, :])
            h.append(erf(z[-1]))
        return h, z

    def train(params):
        for _ in range(steps):
            h, z = forward(params)
            # dLoss/dz, [batch][D][units], from the output down.
            delta = z[-1] - targets[:, None]
            for layer in reversed(range(len(params))):
                w, b = params[layer]
                below = delta @ w if layer > 0 else None
                w -= rate * scales[layer] * (delta.swapaxes(1, 2) @ h[layer])
                b -= rate * bias_std * delta.sum(1)
                if layer > 0:
                    delta = scales[layer] * below * np.float32(2 / sqrt(pi)) * np.exp(-z[layer - 1] ** 2)
        return forward(params)[1][-1][:, :, 0]

    def run():
        batches = [
            [(w[m : m + batch].copy(), b[m : m + batch].copy()) for w, b in layers] for m in range(0, networks, batch)
        ]
        return np.concatenate(list(pool.map(train, batches)))

    return np.__version__, run


serve(prepare)
