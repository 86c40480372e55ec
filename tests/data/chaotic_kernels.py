"""
Infinite-width NNGP and NTK matrices of networks whose layers drive close inputs apart, or whose variances grow from layer to layer: the
recursion by mpmath with 400 digits from the closed forms of erf (Williams, NIPS 9, 1996), sin and gelu; for tanh in numpy's 80-bit floats the
recursion of E[(u - v)^2] between inputs of one length, by the trapezoidal rule in two dimensions. Writes chaoticKernels.json beside itself.
"""
import json
import math
from pathlib import Path
import numpy as np
from mpmath import mp, mpf, sqrt, pi, asin, atan2, exp, sinh, cosh

mp.dps = 400
# Of one length, the last all but opposite to the first; and of several.
CIRCLE = [[math.cos(t), math.sin(t)] for t in (0.3, 0.3 + 1e-9, 0.3 + 1e-6, 0.31, 1.5, 0.3 + math.pi + 1e-7)]
APART = [[1.0, 0.5], [1.0, 0.50000001], [1.1, 0.5], [-1.0, -0.50001], [0.2, 0.1]]
DEPTHS = (16, 64)


def erf(uu, uv, vv):
    root = (1 + 2 * uu) * (1 + 2 * vv)
    return 2 / pi * asin(2 * uv / sqrt(root)), 4 / pi / sqrt(root - 4 * uv**2)


def sin(uu, uv, vv):
    scale = exp(-(uu + vv) / 2)
    return scale * sinh(uv), scale * cosh(uv)


def gelu(uu, uv, vv):
    shifted = (1 + uu) * (1 + vv) - uv**2
    distributions = mpf(1) / 4 + atan2(uv, sqrt(shifted)) / (2 * pi)
    densities = 1 / (2 * pi * sqrt(shifted))
    inverses = 1 / (1 + uu) + 1 / (1 + vv)
    return (uv * distributions + densities * (uu * vv - uv**2 + uv**2 * inverses),
            distributions + uv * densities * (inverses + 1 / shifted))


z = np.arange(-250, 251).astype(np.longdouble) / 25
density = np.exp(-z * z / 2)
density /= density.sum()


def tanh(variance, square):
    """E[(tanh u - tanh v)^2] and E[tanh'(u) tanh'(v)] of u and v of one variance, where E[(u - v)^2] is `square`."""
    mean, half = np.sqrt(variance - square / 4) * z, np.sqrt(square) * z / 2
    product = np.cosh(mean[:, None] + half) * np.cosh(mean[:, None] - half)
    return density @ ((np.sinh(2 * half) / product) ** 2 @ density), density @ (product**-2.0 @ density)


rows = []


def write(activation, inputs, weight, bias, depth, S, T):
    text = lambda M: [[float(x) for x in row] for row in M]
    kind = "one length" if inputs is CIRCLE else "several lengths"
    rows.append(dict(name=f"{activation.__name__}, weightStd {weight}, biasStd {bias}, depth {depth}, inputs of {kind}", inputs=inputs,
                     depth=depth, activation=activation.__name__, weightStd=weight, biasStd=bias, nngp=text(S), ntk=text(T)))


for inputs in (CIRCLE, APART):
    size = range(len(inputs))
    for activation, weight, bias in ((erf, 3.0, 0.0), (erf, 3.0, 0.2), (sin, 2.0, 0.0), (sin, 2.0, 0.3), (gelu, 2.0, 0.3), (gelu, 6.0, 0.0)):
        w, b = mpf(weight) ** 2, mpf(bias) ** 2
        S = [[w * sum(mpf(x) * y for x, y in zip(p, q)) / 2 + b for q in inputs] for p in inputs]
        T = [list(row) for row in S]
        for layer in range(1, DEPTHS[-1] + 1):
            pairs = [[activation(S[i][i], S[i][j], S[j][j]) for j in size] for i in size]
            S = [[w * pairs[i][j][0] + b for j in size] for i in size]
            T = [[S[i][j] + w * pairs[i][j][1] * T[i][j] for j in size] for i in size]
            if layer in DEPTHS:
                write(activation, inputs, weight, bias, layer, S, T)

size = range(len(CIRCLE))
number = lambda x: np.longdouble(mp.nstr(x, 30))
for weight, bias in ((3.0, 0.0), (3.0, 0.2), (6.0, 0.3)):
    w, b = np.longdouble(weight) ** 2, np.longdouble(bias) ** 2
    S = [[number(mpf(weight) ** 2 * sum(mpf(x) * y for x, y in zip(p, q)) / 2 + mpf(bias) ** 2) for q in CIRCLE] for p in CIRCLE]
    # Of opposite ones E[(u + v)^2], from the weights alone.
    turn = [[1 if S[i][j] > 0 else -1 for j in size] for i in size]
    square = [[number(mpf(weight) ** 2 / 2 * sum((mpf(x) - turn[i][j] * y) ** 2 for x, y in zip(CIRCLE[i], CIRCLE[j]))) + (2 - 2 * turn[i][j]) * b
               for j in size] for i in size]
    T = [list(row) for row in S]
    variance = S[0][0]
    for layer in range(1, DEPTHS[-1] + 1):
        whole = density @ np.tanh(np.sqrt(variance) * z) ** 2
        for i in size:
            for j in range(i + 1):
                apart, slopes = tanh(variance, square[i][j])
                S[i][j] = S[j][i] = turn[i][j] * w * (whole - apart / 2) + b
                T[i][j] = T[j][i] = S[i][j] + w * slopes * T[i][j]
                square[i][j] = square[j][i] = w * apart + (2 - 2 * turn[i][j]) * b
                if turn[i][j] * S[i][j] < 0:
                    turn[i][j] = turn[j][i] = -turn[i][j]
                    square[i][j] = square[j][i] = 2 * (w * whole + b - turn[i][j] * S[i][j])
        variance = w * whole + b
        if layer in DEPTHS:
            write(tanh, CIRCLE, weight, bias, layer, S, T)
(Path(__file__).parent / "chaoticKernels.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
