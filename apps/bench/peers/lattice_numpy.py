"""NumPy: the field padded by its periodic neighbours, the Laplacian from slices, planes in blocks that the cache holds."""

from peer import lattice_of, serve

# Sites in a block of planes.
BLOCK = 65536


def prepare(work):
    import numpy as np

    field, momentum, coefficients = lattice_of(work)
    points = work["points"]
    planes = max(1, BLOCK // points**2)

    def run():
        phi = np.pad(field, 1, mode="wrap")
        pi = momentum.copy()
        for laplacian, force, drift in coefficients:
            for z in range(0, points, planes):
                c = phi[z + 1 : min(z + planes, points) + 1, 1:-1, 1:-1]
                above, below = phi[z : z + len(c), 1:-1, 1:-1], phi[z + 2 : z + 2 + len(c), 1:-1, 1:-1]
                rows = phi[z + 1 : z + 1 + len(c)]
                kick = above + below
                kick += rows[:, :-2, 1:-1]
                kick += rows[:, 2:, 1:-1]
                kick += rows[:, 1:-1, :-2]
                kick += rows[:, 1:-1, 2:]
                kick -= 6 * c
                kick *= laplacian
                cube = c * c
                cube *= c
                cube *= force * work["lambda"]
                kick -= cube
                pi[z : z + len(c)] += kick
            phi[1:-1, 1:-1, 1:-1] += drift * pi
            for axis in range(3):
                side = np.moveaxis(phi, axis, 0)
                side[0], side[-1] = side[-2], side[1]
        return phi[1:-1, 1:-1, 1:-1]

    return np.__version__, run


serve(prepare)
