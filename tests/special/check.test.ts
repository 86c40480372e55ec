/** The check of a potential, on the software adapter: it must hold for good ones, kinks and poles included, and fail for wrong ones. */
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { potentialNames } from "@slowroll/core/potential/builtins/index";
import { checkPotential } from "@slowroll/core/potential/check";
import { compilePotential } from "@slowroll/core/potential/compile";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

describe("checkPotential", () => {
  it.each(potentialNames)("holds for %s", async (name) => {
    const outcome = await checkPotential(await compilePotential(name), { gpu });
    expect(outcome).toMatchObject({ passed: true });
  });

  it.each([
    "phi^2.3*log(phi) + 2*abs(phi)",
    "abs(phi) + sign(phi - 1)",
    "1/phi",
    "sqrt(phi^2 - 1)",
    "sinh(phi)*tan(phi/4)",
    "cos(30*phi)",
  ])("holds for %s", async (expression) => {
    expect(await checkPotential(await compilePotential({ expression }), { gpu })).toMatchObject({ passed: true });
  });

  it("looks at a potential where it is told to", async () => {
    // Of 9,500 periods between -3 and 3 differences tell nothing.
    const narrow = await compilePotential({ expression: "cos(1e4*phi) + sqrt(phi)" });
    const range = [0, 0.003] as const;
    expect(await checkPotential(narrow, { range, gpu })).toMatchObject({ finite: 601, passed: true });
  });

  const coupled = { expression: "phi^4/4 + q*phi^2*chi^2/2 + sin(chi)*psi^3", parameters: { q: 3 } };
  const fields = ["phi", "chi", "psi"];

  it("holds for a potential of several fields", async () => {
    expect(await checkPotential(await compilePotential(coupled, { fields }), { gpu })).toMatchObject({ passed: true });
  });
  it("finds what is wrong of one field of several, or across two", async () => {
    const right = await compilePotential(coupled, { fields });
    const wrong = await compilePotential({ ...coupled, parameters: { q: 3.001 } }, { fields });
    const slope = await checkPotential(
      { ...right, gradient: (f, ...phi) => (f === 1 ? wrong : right).gradient(f, ...phi) },
      { gpu },
    );
    expect(slope.derivatives.first).toBeGreaterThan(1e-5);
    const mixed = await checkPotential(
      { ...right, hessian: (f, g, ...phi) => (f === 0 && g === 1 ? wrong : right).hessian(f, g, ...phi) },
      { gpu },
    );
    expect(mixed.derivatives.second).toBeGreaterThan(1e-5);
    const { value, gradient, hessian } = right.tree;
    const tree = { value, hessian, gradient: [gradient[0]!, gradient[1]!, wrong.tree.gradient[0]!] };
    const wgsl = await checkPotential({ ...right, tree }, { gpu });
    expect(wgsl.wgsl.gradient).toBeGreaterThan(1e-3);
    for (const outcome of [slope, mixed, wgsl]) expect(outcome.passed).toBe(false);
  });

  it("does not hold for a potential without a finite value", async () => {
    const potential = await compilePotential({ expression: "log(-1 - phi^2)" });
    expect(await checkPotential(potential, { gpu })).toMatchObject({ finite: 0, passed: false });
  });

  it("finds a wrong gradient, a wrong curvature and wrong WGSL", async () => {
    const right = await compilePotential("quartic");
    const wrong = await compilePotential({ expression: "phi^4/4 + 0.01*phi" });
    const gradient = await checkPotential({ ...right, gradient: wrong.gradient }, { gpu });
    expect(gradient.derivatives.first).toBeGreaterThan(1e-4);
    const curvature = await checkPotential({ ...right, hessian: (_f, _g, phi) => 3.001 * phi! ** 2 }, { gpu });
    expect(curvature.derivatives.second).toBeGreaterThan(1e-4);
    const wgsl = await checkPotential({ ...right, tree: wrong.tree }, { gpu });
    expect(wgsl.wgsl.gradient).toBeGreaterThan(1e-4);
    for (const outcome of [gradient, curvature, wgsl]) expect(outcome.passed).toBe(false);
  });
});
