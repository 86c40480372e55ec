"""The protocol of the peers in Python: one process for each, which runs one sample a line of its standard input, so that samples of
the engine and of the peer alternate.

argv[1] is a JSON file that describes the work. The first line written is {"version": ...} or {"missing": why}; then for each line read:
"run" does the work once from its initial state and answers {"seconds": ...}; "outcome" writes the last run's result as raw float64 to the
file that the work names and answers {}. The process ends with its input.
"""

import json
import sys
import time


def say(answer):
    print(json.dumps(answer), flush=True)


def serve(prepare):
    """`prepare(work)` gives (version, run): run() does all of the work, waits for it, and returns its result as an array."""
    try:
        with open(sys.argv[1]) as file:
            work = json.load(file)
        version, run = prepare(work)
    except Exception as error:  # whatever is wrong with the installation
        say({"missing": (str(error).strip() or type(error).__name__).splitlines()[0]})
        return
    say({"version": version})
    outcome = None
    for line in sys.stdin:
        if line.strip() == "run":
            start = time.perf_counter()
            outcome = run()
            say({"seconds": time.perf_counter() - start})
        else:
            import numpy as np

            np.asarray(outcome, dtype=np.float64).tofile(work["outcome"])
            say({})


def layers_of(work):
    """Initial weights [networks][units][inputs] and biases [networks][units] of each layer, float32, the output's last."""
    import numpy as np

    flat = np.fromfile(work["weights"], dtype=np.float32).reshape(work["networks"], -1)
    networks, width, at, layers = work["networks"], work["width"], 0, []
    for layer in range(work["depth"] + 1):
        inputs = work["inputDimension"] if layer == 0 else width
        units = 1 if layer == work["depth"] else width
        weights = flat[:, at : at + units * inputs].reshape(networks, units, inputs)
        at += units * inputs
        layers.append((np.ascontiguousarray(weights), np.ascontiguousarray(flat[:, at : at + units])))
        at += units
    return layers


def data_of(work):
    """Inputs [D][d] and targets [D], float32."""
    import numpy as np

    targets = np.array(work["targets"], dtype=np.float32)
    return np.array(work["inputs"], dtype=np.float32).reshape(len(targets), -1), targets


def lattice_of(work):
    """Field and momentum [points][points][points] and coefficients [operations][3], float64."""
    import numpy as np

    field, momentum = np.fromfile(work["state"]).reshape(2, *[work["points"]] * 3)
    return field, momentum, np.fromfile(work["coefficients"]).reshape(-1, 3)
