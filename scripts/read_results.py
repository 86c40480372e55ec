"""Reads our files as a user's Python script would: the newest duality run's result.json with the standard library alone, HDF5 files with h5py,
trajectories with numpy and pyarrow.

read_results.py RUNS SAMPLES: reads every .h5 file in both folders' reach, and the spectra and trajectories of SAMPLES, field.h5, one.* and two.*,
against the results beside them. Fails where an array does not say its units.
"""
import json
import pathlib
import sys


def read_duality(folder):
    runs = [path for path in folder.glob("*/result.json") if json.loads(path.read_text())["command"] == "duality"]
    assert runs, f"no result.json of a duality run under {folder}"
    newest = max(runs, key=lambda path: path.stat().st_mtime)
    result = json.loads(newest.read_text())
    assert result["passed"] is True
    background = result["background"]
    steps, data = len(background["times"]), len(background["theory"][0])
    for name in ("theory", "network"):
        assert len(background[name]) == steps and all(len(row) == data for row in background[name])
    measured = result["regression"]["lambdaEta"]
    print(f"{newest.parent.name}: Lambda eta = {measured['value']:.5f} +- {measured['error']:.5f}, expected {measured['expected']:.5f}")


def read_hdf5(path):
    try:
        import h5py
    except ImportError:
        sys.exit("h5py is missing: pip install h5py")
    with h5py.File(path) as file:
        attributes = {name: value for name, value in file.attrs.items() if name != "config"}
        print(f"{path}: {attributes}")
        json.loads(file.attrs["config"])
        datasets = {}
        file.visititems(lambda name, item: datasets.update({name: item}) if isinstance(item, h5py.Dataset) else None)
        assert datasets, f"{path} holds no array"
        for name, item in datasets.items():
            labels = [dimension.label for dimension in item.dims]
            units = item.attrs.get("units")
            print(f"  {name} {item.shape} {item.dtype} [{units}] {item.attrs.get('description')} by {', '.join(labels)}")
            assert isinstance(units, str) and units, f"{path}: {name} has no units"
            assert item.attrs.get("description"), f"{path}: {name} has no description"
            assert all(labels), f"{path}: {name} has indices without names"
            assert item[()].shape == item.shape  # all of it can be read


def read_spectra(folder):
    import h5py
    import numpy

    wanted = json.loads((folder / "field.json").read_text())["spectra"]
    with h5py.File(folder / "field.h5") as file:
        spectra = file["spectra"]
        for name in ("power", "velocityPower", "occupation", "massSquared"):
            assert (spectra[name][:] == numpy.array([spectrum[name] for spectrum in wanted])).all(), name
        # A wave's occupation number lies in its own bin, and is that of a classical one.
        occupation = spectra["occupation"][0]
        assert spectra["occupation"].shape == spectra["power"].shape and occupation.argmax() == 2 and occupation[2] > 0
        print(f"{folder / 'field.h5'}: occupation numbers {spectra['occupation'].shape} of {spectra['k'].shape[0]} bins")


def read_trajectories(folder, name):
    import numpy
    import pyarrow.parquet

    result = json.loads((folder / f"{name}.json").read_text())
    times, mean = result["times"], numpy.array(result["mean"])
    stored = numpy.load(folder / f"{name}.npy", mmap_mode="r")
    assert stored.dtype == "float64" and stored.shape == (result["config"]["ensemble"]["size"], *mean.shape)
    assert numpy.allclose(stored.mean(axis=0), mean, rtol=0, atol=1e-12)
    table = pyarrow.parquet.read_table(folder / f"{name}.parquet")
    networks, steps, data, *components = numpy.meshgrid(*map(numpy.arange, stored.shape), indexing="ij")
    expected = {"network": networks, "step": numpy.array(times)[steps], "datum": data}
    if "outputs" in result:
        assert stored.shape[-1] == len(result["outputs"])
        expected["component"] = components[0]
    expected["output"] = stored
    assert table.column_names == list(expected)
    for column, values in expected.items():
        assert (table[column].to_numpy() == values.ravel()).all(), column
    print(f"{folder / name}: {stored.shape} trajectories as .npy, {table.schema.to_string(show_field_metadata=False)!r} as .parquet")


runs, samples = map(pathlib.Path, sys.argv[1:])
read_duality(runs)
for file in [*runs.glob("*/*.h5"), *samples.glob("*.h5")]:
    read_hdf5(file)
read_spectra(samples)
for name in ("one", "two"):
    read_trajectories(samples, name)
