/** V and V' as an adapter's code has them, in each kind of number, on the software adapter, against float64 over their domains. */

import { type LatticePrecision, NUMBERS } from "@slowroll/core/engine/webgpu/field/latticeNumbers";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { builtins } from "@slowroll/core/potential/builtins/index";
import { emitCompensatedWgsl } from "@slowroll/core/potential/compensated";
import { compilePotential } from "@slowroll/core/potential/compile";
import type { Potential, PotentialSpec } from "@slowroll/core/potential/potential";
import { emitWgsl } from "@slowroll/core/potential/wgsl";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bound, evaluateWgsl, samples, spread, worst } from "../support/elementwise.ts";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

interface Bounds {
  readonly near: Bound;
  readonly everywhere: Bound;
  readonly plateau: Bound;
  readonly expressions: Bound;
}

const BOUNDS: Readonly<Record<LatticePrecision, Bounds>> = {
  float32: {
    near: { absolute: 1e-6, relative: 3e-6 },
    // exp of x has the rounding of x, up to 80 times 6e-8, and V can hold its square.
    everywhere: { absolute: 1e-6, relative: 2e-5 },
    plateau: { absolute: 0, relative: 1e-5 },
    expressions: { absolute: 1e-6, relative: 5e-6 },
  },
  compensated: {
    near: { absolute: 1e-12, relative: 1e-12 },
    // The same of an argument's rounding to 2^-46.
    everywhere: { absolute: 1e-12, relative: 3e-12 },
    // Below 2^-126 numbers may be flushed.
    plateau: { absolute: 2 ** -123, relative: 1e-12 },
    expressions: { absolute: 1e-12, relative: 1e-12 },
  },
};

describe.each(["float32", "compensated"] as const)("potentials in %s", (precision) => {
  const numbers = NUMBERS[precision];
  const bounds = BOUNDS[precision];
  /** The WGSL of a number at each place of four words. */
  const places =
    precision === "float32"
      ? ["x", "y", "z", "w"].map((c) => `bitcast<f32>(x.${c})`)
      : ["bitcast<vec2f>(x.xy)", "bitcast<vec2f>(x.zw)"];
  const V = "potentialValue(Fields(X), 0u)";
  const SLOPE = "potentialGradient(Fields(X), 0u)[0]";
  const inputsOf = (values: Float32Array): Float64Array =>
    precision === "float32" ? Float64Array.from(values) : spread(values);

  async function evaluate(potential: Potential, call: string, inputs: Float64Array): Promise<Float64Array> {
    const code =
      precision === "float32"
        ? emitWgsl(potential)
        : `// include: ${numbers.include}\n${emitCompensatedWgsl(potential)}`;
    const each = `vec4f(${places.map((place) => call.replace("X", place)).join(", ")})`;
    return numbers.unpack(await evaluateWgsl(gpu, code, each, new Uint32Array(numbers.pack(inputs).buffer)));
  }

  /** The worst of V and of V' over `inputs`, in units of the bound. */
  async function disagreement(spec: PotentialSpec, inputs: Float64Array, bound: Bound): Promise<number> {
    const potential = await compilePotential(spec);
    const value = await evaluate(potential, V, inputs);
    const slope = await evaluate(potential, SLOPE, inputs);
    return Math.max(
      worst(
        value,
        inputs.map((phi) => potential.value(phi)),
        bound,
      ),
      worst(
        slope,
        inputs.map((phi) => potential.gradient(0, phi)),
        bound,
      ),
    );
  }

  describe.each(Object.values(builtins))("$name: V and V'", ({ name, domain }) => {
    it("between -12 and 12", async () => {
      const inputs = inputsOf(Float32Array.from([...samples(-12, 12), 0, 1, -1, 1e-4, -1e-4, 1e-12]));
      expect(await disagreement(name, inputs, bounds.near)).toBeLessThan(1);
    });
    it("over the whole domain", async () => {
      expect(await disagreement(name, inputsOf(samples(...domain)), bounds.everywhere)).toBeLessThan(1);
    });
  });

  it("alphaAttractorT keeps the relative accuracy of V' on its plateau", async () => {
    const potential = await compilePotential("alphaAttractorT");
    const inputs = inputsOf(samples(15, 60));
    const wanted = inputs.map((phi) => potential.gradient(0, phi));
    expect(worst(await evaluate(potential, SLOPE, inputs), wanted, bounds.plateau)).toBeLessThan(1);
  });

  it.each([
    [{ name: "hilltop", parameters: { p: 2.5, mu: 3 } }, [0, 12]],
    [{ name: "hilltop", parameters: { p: 2.2, mu: 3 } }, [0, 12]],
    [{ name: "alphaAttractorT", parameters: { alpha: 0.1, n: 2 } }, [-12, 12]],
    [{ name: "alphaAttractorE", parameters: { alpha: 5, n: 3 } }, [-12, 12]],
    [{ name: "cosine", parameters: { f: 3 } }, [-12, 12]],
    [{ expression: "abs(phi)*sign(phi - 1) + pow(phi, 3)" }, [-3, 3]],
    [{ expression: "sinh(phi) + cosh(phi/2) + tan(phi/3)" }, [-3, 3]],
    [{ expression: "sinh(phi)^2" }, [-1e-3, 1e-3]],
    [{ expression: "phi^-2 + sqrt(phi) + log(phi)" }, [0.1, 10]],
    [{ expression: "phi^phi + 2^phi" }, [0.1, 3]],
    [{ expression: "phi^65 + phi^66/66" }, [-1, 0]],
  ] as [PotentialSpec, [number, number]][])("%j between %j", async (spec, [low, high]) => {
    expect(await disagreement(spec, inputsOf(samples(low, high)), bounds.expressions)).toBeLessThan(1);
  });

  it.each(["log(phi)", "sqrt(phi)", "phi^1.5", "phi^2.3", "phi^-0.3"])(
    "%s of a negative field is not finite",
    async (expression) => {
      const potential = await compilePotential({ expression });
      const got = await evaluate(potential, V, Float64Array.of(-1, -0.3, -2, -100));
      for (const value of got) expect(value).not.toSatisfy(Number.isFinite);
    },
  );
});
