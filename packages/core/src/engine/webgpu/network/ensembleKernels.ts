/** The declarations of the kernels that train an ensemble: names and bindings as in shaders/network/. */
import type { KernelDeclaration } from "../kernel.ts";

const declare = <B extends string>(declaration: KernelDeclaration<B>): KernelDeclaration<B> => declaration;

export const initialise = declare({ name: "network/initialise", bindings: ["weights"] });

export const firstLayer = declare({ name: "network/first_layer", bindings: ["inputs", "weights", "hidden", "slope"] });

export const firstLayerTiled = declare({ ...firstLayer, name: "network/first_layer_tiled" });

export const firstUpdate = declare({
  name: "network/first_update",
  bindings: ["inputs", "delta", "weights", "velocity"],
});
export const firstUpdateTiled = declare({ ...firstUpdate, name: "network/first_update_tiled" });

export const readout = declare({
  name: "network/readout",
  bindings: ["hidden", "weights", "targets", "force", "outputs"],
  dynamic: ["slot"],
});

export const subset = declare({ name: "network/subset", bindings: ["subsets", "force", "steps"] });

export const outputBackward = declare({
  name: "network/output_backward",
  bindings: ["force", "hidden", "slope", "weights", "velocity", "delta"],
});

export const outputSensitivity = declare({
  name: "network/output_sensitivity",
  bindings: ["slope", "weights", "sensitivity"],
});

export const denseForward = declare({
  name: "network/dense_forward",
  bindings: ["below", "weights", "biases", "hidden", "slope"],
});
export const denseForwardSkinny = declare({ ...denseForward, name: "network/dense_forward_skinny" });

export const denseBackward = declare({
  name: "network/dense_backward",
  bindings: ["weights", "delta", "slopeBelow", "deltaBelow"],
});
/** With the update in it. */
export const denseBackwardSkinny = declare({
  name: "network/dense_backward_skinny",
  bindings: ["below", "delta", "slopeBelow", "weights", "velocity", "biases", "biasVelocity", "deltaBelow"],
});

export const denseUpdate = declare({
  name: "network/dense_update",
  bindings: ["below", "delta", "weights", "velocity", "biases", "biasVelocity"],
});

export const kernelLayer = declare({
  name: "network/kernel_layer",
  bindings: ["sensitivity", "below", "kernels"],
  dynamic: ["slot"],
});

/** At many data: the products of the units, and the layer's part with them. */
export const gram = declare({ name: "network/gram", bindings: ["below", "gram"] });
export const kernelLayerTiled = declare({
  name: "network/kernel_layer_tiled",
  bindings: ["sensitivity", "gram", "kernels"],
  dynamic: ["slot"],
});

/** What takes its tile from the search (tileSearch.ts). */
export const tiled = [
  firstLayerTiled,
  denseForward,
  denseBackward,
  denseUpdate,
  firstUpdateTiled,
  gram,
  kernelLayerTiled,
] as const;

export const parameterNorms = declare({
  name: "network/parameter_norms",
  bindings: ["weights", "norms"],
  dynamic: ["slot"],
});

export const resident = declare({
  name: "network/resident",
  bindings: ["inputs", "targets", "schedule", "weights", "velocity", "outputWeights", "outputVelocity", "outputs"],
  dynamic: ["params"],
});
