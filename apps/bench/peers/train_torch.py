"""PyTorch as its users write an ensemble: torch.func.vmap of the gradient of one network's loss."""

from math import sqrt

from peer import data_of, layers_of, serve


def prepare(work):
    import torch
    from torch.func import grad, vmap

    inputs, targets = (torch.from_numpy(array) for array in data_of(work))
    initial = [(torch.from_numpy(w), torch.from_numpy(b)) for w, b in layers_of(work)]
    weight_std, bias_std, rate = work["weightStd"], work["biasStd"], work["learningRate"]

    def network(params, x):
        h = x
        for layer, (w, b) in enumerate(params):
            z = weight_std / sqrt(w.shape[-1]) * (h @ w.T) + bias_std * b
            h = torch.erf(z)
        return z[:, 0]

    def loss(params):
        return ((network(params, inputs) - targets) ** 2).sum() / 2

    gradient = vmap(grad(loss))

    @torch.no_grad()
    def run():
        params = [(w.clone(), b.clone()) for w, b in initial]
        for _ in range(work["steps"]):
            for (w, b), (dw, db) in zip(params, gradient(params)):
                w -= rate * dw
                b -= rate * db
        return vmap(network, (0, None))(params, inputs)

    return torch.__version__, run


serve(prepare)
