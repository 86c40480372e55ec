// What the two kernels of a coupled schedule hand each other: what a sweep multiplies by, of each realisation, and what it sums over the sites
// of a workgroup.
struct Strengths {
  drift: Number,
  closingLaplacian: Number, // with 1/dx^2 in it
  closingForce: Number,
  openingLaplacian: Number,
  openingForce: Number,
}
struct Sums {
  momentumSquare: Number,
  gradient: Number,         // of -phi dx^2 Laplacian phi
  potential: Number,
}
