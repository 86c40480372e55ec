"""Writes tests/data/fourier.json: real fields and numpy's transform of them, rfftn.

Run by hand (pip install numpy==2.4.6; python3 scripts/fourier_reference.py). The sides have every kind of factor: 2, 4, 8, 3, 5, 7 and larger
primes; the fields are normal deviates of three digits, from a fixed seed.
"""
import json
import pathlib

import numpy as np

rng = np.random.default_rng(5)
SHAPES = [(1, 97), (1, 120), (2, 14), (2, 15), (3, 5), (3, 6), (3, 8)]

cases = []
for dimensions, points in SHAPES:
    values = np.round(rng.standard_normal((points,) * dimensions), 3)
    half = np.fft.rfftn(values)
    cases.append(
        {
            "dimensions": dimensions,
            "points": points,
            "values": values.ravel().tolist(),
            "real": half.real.ravel().tolist(),
            "imaginary": half.imag.ravel().tolist(),
        }
    )

out = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "fourier.json"
out.write_text(json.dumps({"numpy": np.__version__, "cases": cases}) + "\n")
