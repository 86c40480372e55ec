// Both jobs of the engine: see network/ensemble.ts and field/.
export { joinWorkers } from "./control";
export { setGrid, setLattice } from "./field/grid";
export { evolveLattice32, evolveLattice64 } from "./field/lattice";
export { setObservations } from "./field/observe";
export { setRecords, trainEnsemble32, trainEnsemble64 } from "./network/ensemble";
export { setData, setShape, setWorkspace } from "./network/shape";
export { setSeed } from "./random/normal";
