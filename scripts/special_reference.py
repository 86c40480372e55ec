"""Writes tests/data/special.json: the special functions to the nearest float64, by mpmath at 60 digits.

Run by hand (pip install mpmath==1.4.1; python3 scripts/special_reference.py) when a function is added. The arguments are decimal fractions of
few digits, read as the nearest float64, from a fixed seed, with the places where the methods change formula.
"""
import json
import pathlib
import random

import mpmath as mp

mp.mp.dps = 60
rng = random.Random(20)
COUNT = 110


def spread(low, high, extra=(), count=COUNT, digits=6):
    return [round(rng.uniform(low, high), digits) for _ in range(count)] + list(extra)


def magnitudes(low, high, signed=True, count=40):
    """Numbers of every size from 10^low to 10^high."""
    size = lambda: float(f"{10 ** rng.uniform(low, high):.6e}")
    return [rng.choice([-1, 1] if signed else [1]) * size() for _ in range(count)]


near_zero = magnitudes(-12, -1)
half_ln2 = [0.346573, 0.346574, -0.346573, -0.346574, 1.0397207, -1.0397207]
FUNCTIONS = {
    "exp": (mp.exp, spread(-745, 709.78, [-708.39, -745.13, 709.78, 0.0]) + spread(-2, 2, half_ln2, 40) + near_zero),
    "expm1": (mp.expm1, spread(-45, 709.78, [709.78], 60) + spread(-2, 3, half_ln2) + near_zero),
    "log": (
        mp.log,
        magnitudes(-308, 308, False, 100)
        + [1 + x for x in magnitudes(-12, -1)]
        + spread(0.5, 2, [0.70710678, 0.70710679, 1.41421356, 1.41421357, 1.0], 60)
        + [5e-324, 2.5e-310, 2.2250738585072014e-308, 1.7976931348623157e308],
    ),
    "sin": (mp.sin, spread(-4, 4, [0.785398, 0.785399, 3.14159265, 355.0]) + spread(-1e5, 1e5, [1e5, 104348.0], 80, 3) + near_zero[:20]),
    "cos": (mp.cos, spread(-4, 4, [0.785398, 0.785399, 1.57079633]) + spread(-1e5, 1e5, [1e5, 52174.0], 80, 3) + near_zero[:20]),
    "tanh": (mp.tanh, spread(-3, 3, half_ln2) + spread(-25, 25, [22.0], 40) + near_zero),
    "sechSquared": (lambda x: mp.sech(x) ** 2, spread(-3, 3, half_ln2) + spread(-350, 350, [354.0], 60) + near_zero[:20]),
    "erf": (mp.erf, spread(-4, 4, [1.0, 1.0001, 0.9999, -1.0]) + spread(-7, 7, [5.9, 6.1], 40) + near_zero),
    "gaussian": (lambda x: mp.exp(-x * x), spread(-6, 6) + near_zero[:20]),
}


def value(function, *arguments):
    return float(function(*map(mp.mpf, arguments)))


data = {name: [[x, value(function, x)] for x in xs] for name, (function, xs) in FUNCTIONS.items()}
pairs = list(zip(magnitudes(-3, 3, False, 80), spread(-7, 7, (), 80))) + list(zip(magnitudes(-300, 300, False, 120), spread(-1, 1, (), 120)))
pairs += list(zip([1 + x for x in magnitudes(-9, -1)], magnitudes(1, 4)))
pairs += [(0.7071, 1.3), (1.41421357, -0.5), (2.0, 1023.99), (2.0, -1021.5), (10.0, 308.2), (1e-300, 1.02), (5e-324, 0.9), (1.0, 7.5)]
pairs = [(x, y) for x, y in pairs if abs(y * mp.log(x)) < 708]
data["pow"] = [[x, y, value(mp.power, x, y)] for x, y in pairs]

text = ",\n".join(f'"{name}": {json.dumps(points, separators=(",", ":"))}' for name, points in data.items())
path = pathlib.Path(__file__).parent.parent / "tests" / "data" / "special.json"
path.write_text(f"{{\n{text}\n}}\n")
