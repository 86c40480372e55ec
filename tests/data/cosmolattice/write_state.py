"""Lays out small HDF5 state files as CosmoLattice's saveSim does (see README.md); needs h5py and numpy. Run it in this folder."""
import json
import pathlib

import h5py
import numpy as np

run = pathlib.Path("radiation_lphi4_N32")
meta = json.loads((run / "meta.json").read_text())
# Only leading characters up to the first NUL count: CosmoLattice 1.x copies 256 bytes from where a shorter string stands.
parameters = [f"{name}={value}" for name, value in meta["params"].items()]


def write(file, arrays, scalars, parameters, dtype):
    with h5py.File(file, "w", libver="earliest", track_order=False) as state:
        for name, values in arrays.items():
            state.create_dataset(name, data=values.astype(dtype))
        for name, value in scalars.items():
            state.create_dataset(name, data=np.array([value], dtype))
        texts = np.array([text.encode() + b"\0\xff\x07left over" for text in parameters], "S256")
        text_type = h5py.h5t.C_S1.copy()
        text_type.set_size(256)
        space = h5py.h5s.create_simple((len(texts),))
        h5py.h5d.create(state.id, b"Parameters", text_type, space).write(h5py.h5s.ALL, h5py.h5s.ALL, texts, text_type)


def cut(name):
    return np.fromfile(run / f"final_{name}.f64", "<f8").reshape(32, 32, 32)[::4, ::4, ::4]


names = ("scalar_0", "pi_scalar_0")
write("state_N8.h5", {name: cut(name) for name in names}, meta["final_scalars"], parameters, "<f8")
square = {f"{kind}_{f}": np.cos(np.arange(16) + 10 * f + i).reshape(4, 4) for f in (0, 1) for i, kind in enumerate(("scalar", "pi_scalar"))}
write("state_float_2d.h5", square, {"aI": 1.5, "aDotI": 0.25, "tSave": 2}, ["evolver=VV4", "N=4"], "<f4")
