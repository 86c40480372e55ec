/** Potentials: derivatives against finite differences, the emitted WGSL, and every way in which one can be written wrongly. */
import { ExpressionError, InputError } from "@slowroll/core/errors";
import { builtins } from "@slowroll/core/potential/builtins/index";
import { compilePotential } from "@slowroll/core/potential/compile";
import { compileFunction } from "@slowroll/core/potential/expression";
import { emitWgsl } from "@slowroll/core/potential/wgsl";
import { describe, expect, it } from "vitest";

/** The fourth-order central difference. */
const difference = (f: (x: number) => number, x: number, h = 1e-3): number =>
  (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h);

describe.each(Object.values(builtins))("$name", ({ name }) => {
  it("has derivatives that agree with finite differences", async () => {
    const potential = await compilePotential(name);
    for (const phi of [-2.3, -0.7, -0.01, 0.4, 1.1, 2.9]) {
      const slope = difference((x) => potential.value(x), phi);
      const curvature = difference((x) => potential.gradient(0, x), phi);
      expect(potential.gradient(0, phi)).toBeCloseTo(slope, 7);
      expect(potential.hessian(0, 0, phi)).toBeCloseTo(curvature, 6);
    }
  });
  it("emits the same WGSL as before", async () => {
    expect(emitWgsl(await compilePotential(name))).toMatchSnapshot();
  });
});

describe("potentials", () => {
  it("take parameters, and a mass for a mass squared", async () => {
    const potential = await compilePotential({ name: "quadratic", parameters: { mass: 3 } });
    expect(potential.value(2)).toBe(18);
    expect(potential.parameters).toEqual({ massSquared: 9 });
  });
  it("may be any expression in several fields", async () => {
    const spec = { expression: "phi^4/4 + q*phi^2*chi^2/2", parameters: { q: 100 } };
    const potential = await compilePotential(spec, { fields: ["phi", "chi"] });
    expect(potential.gradient(1, 0.5, 0.1)).toBeCloseTo(100 * 0.25 * 0.1, 12);
    expect(potential.hessian(0, 1, 0.5, 0.1)).toBeCloseTo(200 * 0.5 * 0.1, 12);
  });
  it("keep their digits near the minimum", async () => {
    const potential = await compilePotential("starobinsky");
    const x = 1e-9;
    expect(potential.value(x) / ((2 / 3) * x * x)).toBeCloseTo(1, 8);
  });
  it("refuse constants that float32 cannot hold", async () => {
    const potential = await compilePotential({ name: "quartic", parameters: { lambda: 1e300 } });
    expect(() => emitWgsl(potential)).toThrow(InputError);
  });
});

describe("bad potentials", () => {
  it.each([
    ["phi^2 +", 8],
    ["phi^2 + chi", 9],
    ["phi * foo(phi)", 7],
    ["2*(phi", 7],
    ["", 1],
    ["phi = 3", 5],
    ["constructor", 1],
    ['import("fs")', 8],
    ["phi.constructor", 4],
    ["__proto__", 1],
    ["phi'", 4],
    ["[1, 2]", 1],
    ["f(x) = x", 6],
    ["sin(phi, phi)", 8],
    ["phi; phi", 4],
    ["eval(phi)", 1],
    ["phi(2)", 1],
    ["1/0", 1],
    [`${"(".repeat(60)}phi${")".repeat(60)}`, 51],
    [`phi${" + phi".repeat(200)}`, 1001],
    ["phi % 2", 5],
    ["phi!", 4],
    ["phi > 2", 5],
    ["sin", 1],
  ])("%j is refused at column %d", async (expression, column) => {
    const error = await compilePotential({ expression }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExpressionError);
    expect((error as ExpressionError).column).toBe(column);
    expect((error as ExpressionError).message).not.toContain("\n");
    expect((error as ExpressionError).message).toContain(`column ${column}`);
  });
  it.each([
    ["quadratc", "potential", "quadratic"],
    [{ name: "cosine", parameters: { f: 0 } }, "potential.parameters.f", "other than 0"],
    [{ name: "cosine", parameters: { g: 1 } }, "potential.parameters.g", "did you mean"],
    [{ name: "quadratic", parameters: { mass: 1, massSquared: 1 } }, "potential.parameters.mass", "either"],
    [{ name: "alphaAttractorT", parameters: { alpha: -1 } }, "potential.parameters.alpha", "above 0"],
    [{ name: "quartic", parameters: { lambda: Number.NaN } }, "potential.parameters.lambda", "finite"],
    [{ expression: "q*phi", parameters: { q: Number.POSITIVE_INFINITY } }, "potential.parameters.q", "finite"],
    [{ expression: "phi", parameters: { sin: 1 } }, "potential.parameters.sin", "meaning"],
    [{ expression: "phi", parameters: { "a b": 1 } }, "potential.parameters.a b", "letters"],
  ])("%j names its place", async (spec, path, words) => {
    const error = (await compilePotential(spec).catch((reason: unknown) => reason)) as InputError;
    expect(error).toBeInstanceOf(InputError);
    expect(error.path).toBe(path);
    expect(error.message).toContain(words);
  });
});

describe("compileFunction", () => {
  it("evaluates arithmetic with pi and e", async () => {
    const f = await compileFunction("sin(theta) + 0.5*cos(2*theta) - x0/pi", ["theta", "x0"]);
    expect(f(0.3, 2)).toBeCloseTo(Math.sin(0.3) + 0.5 * Math.cos(0.6) - 2 / Math.PI, 14);
  });
});
