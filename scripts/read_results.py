"""Reads the newest run's result.json as a user's Python script would, with nothing but the standard library."""
import json
import pathlib
import sys

runs = sorted(pathlib.Path(sys.argv[1]).glob("*/result.json"), key=lambda path: path.stat().st_mtime)
assert runs, f"no result.json under {sys.argv[1]}"
result = json.loads(runs[-1].read_text())
assert result["command"] == "duality" and result["passed"] is True
background = result["background"]
steps, data = len(background["times"]), len(background["theory"][0])
for name in ("theory", "network"):
    assert len(background[name]) == steps and all(len(row) == data for row in background[name])
measured = result["regression"]["lambdaEta"]
print(f"{runs[-1].parent.name}: Lambda eta = {measured['value']:.5f} +- {measured['error']:.5f}, expected {measured['expected']:.5f}")
