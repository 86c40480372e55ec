// Vector functions and activations: see special/ and network/activations.ts.

export * from "./network/activations";
export * from "./special/exports";
