"""JAX as its users write it: the loss of one network, vmap of value_and_grad over the ensemble, jit, lax.scan over the steps."""

from peer import data_of, layers_of, serve


def prepare(work):
    import jax
    import jax.numpy as jnp
    from jax.scipy.special import erf

    inputs, targets = data_of(work)
    initial = [(jnp.asarray(w), jnp.asarray(b)) for w, b in layers_of(work)]
    weight_std, bias_std, rate, steps = (work[key] for key in ("weightStd", "biasStd", "learningRate", "steps"))

    def network(params, x):
        h = x
        for w, b in params:
            z = weight_std / jnp.sqrt(w.shape[-1]) * (h @ w.T) + bias_std * b
            h = erf(z)
        return z[:, 0]

    def loss(params):
        return jnp.sum((network(params, inputs) - targets) ** 2) / 2

    def step(params, _):
        value, gradient = jax.vmap(jax.value_and_grad(loss))(params)
        return jax.tree.map(lambda p, g: p - rate * g, params, gradient), value

    @jax.jit
    def train(params):
        params, losses = jax.lax.scan(step, params, None, length=steps)
        return jax.vmap(network, (0, None))(params, inputs), losses

    return jax.__version__, lambda: jax.block_until_ready(train(initial))[0]


serve(prepare)
