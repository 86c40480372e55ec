"""Writes table.parquet and tableZstd.parquet: columns of every kind that data are read from, or that are refused, and two row groups."""
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent
columns = {
    "x": pa.array([0.5, -1.25, 2.0, 1e-3, 3.0], pa.float64()),
    "y": pa.array([1.5, 0.25, -0.75, 8.0, -2.0], pa.float32()),
    "count": pa.array([1, -2, 3, 2**40, 5], pa.int64()),
    "small": pa.array([1, 2, 3, 4, 5], pa.int8()),
    "huge": pa.array([1, 2, 3, 4, 2**60], pa.int64()),
    "name": pa.array(["a", "b", "c", "d", "e"], pa.string()),
    "flag": pa.array([True, False, True, True, False], pa.bool_()),
    "day": pa.array([1, 2, 3, 4, 5], pa.date32()),
    "gap": pa.array([1.0, None, 3.0, 4.0, 5.0], pa.float64()),
    "open": pa.array([1.0, 2.0, float("inf"), 4.0, 5.0], pa.float64()),
    "list": pa.array([[1.0], [2.0], [3.0], [4.0], [5.0]], pa.list_(pa.float64())),
}
pq.write_table(pa.table(columns), here / "table.parquet", row_group_size=3)
pq.write_table(pa.table({"x": columns["x"], "y": columns["y"]}), here / "tableZstd.parquet", compression="zstd")
