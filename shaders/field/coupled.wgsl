// What the two kernels of a coupled schedule hand each other: what a sweep multiplies by, of each realisation, and what it sums over the sites
// of a workgroup, in ROUNDS of PARTS numbers: of -phi dx^2 Laplacian phi over all fields, of V, and from FIRST_MOMENTUM on of pi and of pi^2 of each
// field; the rest is 0.
struct Strengths {
  drift: Number,
  closingLaplacian: Number, // with 1/dx^2 in it
  closingForce: Number,
  openingLaplacian: Number,
  openingForce: Number,
}
const SUMS = ROUNDS * PARTS;
const FIRST_MOMENTUM = 2u;
