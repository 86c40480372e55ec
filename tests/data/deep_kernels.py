"""
Infinite-width NNGP and NTK matrices of deep networks, whose inputs include parallel and all but identical ones: the recursion over layers by
mpmath with 60 digits from the closed forms of relu (Cho and Saul, NIPS 22, 2009) and erf (Williams, NIPS 9, 1996), and for tanh in numpy's
80-bit floats by the trapezoidal rule in two dimensions. Writes deepKernels.json beside itself; `eigenvalues` are the NTK's, ascending.
"""
import json
from pathlib import Path
import numpy as np
from mpmath import mp, mpf, sqrt, pi, acos, asin, sin, matrix

mp.dps = 60
INPUTS = [[1.0, 0.5], [1.0, 0.50000001], [2.0, 1.0], [-0.3, 0.8], [1.1, 0.7], [1.0, 0.5 + 1e-12]]


def relu(uu, uv, vv):
    norm = sqrt(uu * vv)
    c = min(mpf(1), uv / norm)
    angle = acos(c)
    return norm / (2 * pi) * (sin(angle) + (pi - angle) * c), (pi - angle) / (2 * pi)


def erf(uu, uv, vv):
    root = (1 + 2 * uu) * (1 + 2 * vv)
    return 2 / pi * asin(2 * uv / sqrt(root)), 4 / pi / sqrt(root - 4 * uv**2)


z = np.arange(-100, 101, dtype=np.longdouble) / 10
density = np.exp(-z * z / 2)
density /= density.sum()


def tanh(uu, uv, vv):
    u = np.sqrt(uu) * z
    v = (uv / uu * u)[:, None] + np.sqrt(max(np.longdouble(0), vv - uv * uv / uu)) * z[None, :]
    f, g = np.tanh(u), np.tanh(v)
    return density @ ((f[:, None] * g) @ density), density @ (((1 - f * f)[:, None] * (1 - g * g)) @ density)


rows = []
for activation, weight, bias in ((relu, 2**0.5, 0.0), (relu, 1.4, 0.3), (erf, 1.2, 0.1), (erf, 0.9, 0.0), (tanh, 1.1, 0.2)):
    number = np.longdouble if activation is tanh else mpf
    w, b = number(weight) ** 2, number(bias) ** 2
    inputs = [[number(x) for x in row] for row in INPUTS]
    size = range(len(inputs))
    S = [[w * sum(x * y for x, y in zip(p, q)) / 2 + b for q in inputs] for p in inputs]
    T = [list(row) for row in S]
    for layer in range(1, 65):
        pairs = [[activation(S[i][i], S[i][j], S[j][j]) for j in size] for i in size]
        S = [[w * pairs[i][j][0] + b for j in size] for i in size]
        T = [[S[i][j] + w * pairs[i][j][1] * T[i][j] for j in size] for i in size]
        if layer in (1, 16, 64):
            text = lambda M: [[float(x) for x in row] for row in M]
            symmetric = matrix([[mpf(float(x)) if activation is tanh else x for x in row] for row in T])
            values = sorted(float(x) for x in mp.eigsy((symmetric + symmetric.T) / 2, eigvals_only=True))
            rows.append(dict(name=f"{activation.__name__}, weightStd {weight:.4g}, biasStd {bias:.4g}, depth {layer}", inputs=INPUTS,
                             depth=layer, activation=activation.__name__, weightStd=weight, biasStd=bias, nngp=text(S), ntk=text(T),
                             eigenvalues=values))
(Path(__file__).parent / "deepKernels.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
