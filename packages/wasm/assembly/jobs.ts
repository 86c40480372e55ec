// Both jobs of the engine: see network/ensemble.ts and field/.
export { joinWorkers } from "./control";
export { setCoupling } from "./field/couple";
export { setConstants, setGrid, setLattice, setStencil } from "./field/grid";
export { closeLattice32, closeLattice64, evolveLattice32, evolveLattice64 } from "./field/lattice";
export { setGlobalRecords, setObservations } from "./field/observe";
export {
  countSites32,
  countSites64,
  mixStates32,
  mixStates64,
  setCurvature,
  setHistogram,
  setMixture,
  sumCurvatures32,
  sumCurvatures64,
  sumSpreads32,
  sumSpreads64,
} from "./field/pictures";
export { setScratch, setTransform } from "./fourier/plan";
export {
  setSpectrum,
  setWeighting,
  spectra32,
  spectra64,
  transform32,
  transform64,
  weightedSpectra32,
  weightedSpectra64,
} from "./fourier/spectrum";
export { setRecords, setSubsets, setTest, trainEnsemble32, trainEnsemble64 } from "./network/ensemble";
export { setData, setShape, setWorkspace } from "./network/shape";
export { setSeed } from "./random/normal";
