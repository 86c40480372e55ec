// The vector functions for other WebAssembly modules, such as a potential's: v128 to v128.
import { sign } from "./bits";
import { exp, expm1 } from "./exp";
import { sechSquared, tanh } from "./hyperbolic";
import { log } from "./log";
import { cos, sin } from "./trigonometry";

export { pow32, pow64 } from "./power";

export function exp32(x: v128): v128 {
  return exp<f32>(x);
}
export function exp64(x: v128): v128 {
  return exp<f64>(x);
}

export function expm132(x: v128): v128 {
  return expm1<f32>(x);
}
export function expm164(x: v128): v128 {
  return expm1<f64>(x);
}

export function log32(x: v128): v128 {
  return log<f32>(x);
}
export function log64(x: v128): v128 {
  return log<f64>(x);
}

export function sin32(x: v128): v128 {
  return sin<f32>(x);
}
export function sin64(x: v128): v128 {
  return sin<f64>(x);
}

export function cos32(x: v128): v128 {
  return cos<f32>(x);
}
export function cos64(x: v128): v128 {
  return cos<f64>(x);
}

export function tanh32(x: v128): v128 {
  return tanh<f32>(x);
}
export function tanh64(x: v128): v128 {
  return tanh<f64>(x);
}

export function sechSquared32(x: v128): v128 {
  return sechSquared<f32>(x);
}
export function sechSquared64(x: v128): v128 {
  return sechSquared<f64>(x);
}

export function sign32(x: v128): v128 {
  return sign<f32>(x);
}
export function sign64(x: v128): v128 {
  return sign<f64>(x);
}
