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
  it("may leave out the sign of a product, also after a fraction of two numbers", async () => {
    const spec = { expression: "1/2 m phi^2 + 2(phi + 1)phi - (q phi^2)/3", parameters: { m: 3, q: 6 } };
    expect((await compilePotential(spec)).value(2)).toBe(6 + 12 - 8);
  });
  it.each(["phi^2/2\n+ phi^4/40\n", "\n phi^2/2 +\n\n phi^4/40", "(phi^2\n)/2\n\n  + phi^4/40  \n"])(
    "may stand on several lines, as in a block of YAML: %j",
    async (expression) => expect((await compilePotential({ expression })).value(2)).toBe(2.4),
  );
  it("keep their digits near the minimum", async () => {
    const potential = await compilePotential("starobinsky");
    const x = 1e-9;
    expect(potential.value(x) / ((2 / 3) * x * x)).toBeCloseTo(1, 8);
  });
  it.each([1e300, 1e-300])("refuse the constant %d, which float32 cannot hold", async (lambda) => {
    const potential = await compilePotential({ name: "quartic", parameters: { lambda } });
    expect(() => emitWgsl(potential)).toThrow(InputError);
  });
  it("multiply where a quotient's divisor is a power of two, which changes no bit, and only there", async () => {
    const quotient = async (divisor: number) => compilePotential({ expression: "phi/d", parameters: { d: divisor } });
    for (const divisor of [4, -0.5, 2 ** 126, 2 ** -126]) {
      const potential = await quotient(divisor);
      expect(emitWgsl(potential)).not.toContain(" / ");
      for (const phi of [0.1, -3e300, 2 ** -1070 + 2 ** -1074, 0]) expect(potential.value(phi)).toBe(phi / divisor);
    }
    for (const divisor of [3, 1.5]) expect(emitWgsl(await quotient(divisor))).toContain(" / ");
    // A quotient by another number is not multiplied by its rounded reciprocal.
    expect((await compilePotential({ expression: "phi/3/4" })).value(1)).toBe(1 / 12);
  });
  it("keep the slope of a plateau", async () => {
    const potential = await compilePotential("alphaAttractorT");
    // V = tanh(u)^2 = 1 - 4 exp(-2u) + ..., u = phi/sqrt(6), far out.
    const u = 20;
    const slope = (8 * Math.exp(-2 * u)) / Math.sqrt(6);
    expect(potential.gradient(0, u * Math.sqrt(6)) / slope).toBeCloseTo(1, 12);
    expect(potential.hessian(0, 0, u * Math.sqrt(6)) / (-2 * slope)).toBeCloseTo(Math.sqrt(1 / 6), 12);
  });
  it("are what they are at each of many points, in little more memory than their values take", async () => {
    const spec = { expression: "phi^4/4 + q*phi^2*chi^2/2 + exp(-phi)", parameters: { q: 100 } };
    const potential = await compilePotential(spec, { fields: ["phi", "chi"] });
    const points = 2 ** 20 + 1;
    const phi = Float64Array.from({ length: points }, (_, i) => Math.sin(i));
    const chi = Float64Array.from({ length: points }, (_, i) => Math.cos(3 * i));
    const before = process.memoryUsage().arrayBuffers;
    const values = potential.values([phi, chi], points);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * phi.byteLength);
    // A stretch's end and the last among them.
    for (let i = 0; i < points; i += 256) {
      for (const near of [i, i - 1]) if (near >= 0) expect(values[near]).toBe(potential.value(phi[near]!, chi[near]!));
    }
  });
  it("may be named like a property of every object", async () => {
    const potential = await compilePotential({ expression: "constructor*phi", parameters: { constructor: 2 } });
    expect(potential.value(3)).toBe(6);
  });
  it("are NaN outside a function's domain", async () => {
    for (const expression of ["log(phi)", "sqrt(phi)", "phi^1.5", "phi^phi"])
      expect((await compilePotential({ expression })).value(-0.3)).toBeNaN();
  });
  it("of deeply nested functions compile at once, to code as long as the expression", async () => {
    const depth = 49;
    const potential = await compilePotential({ expression: `${"sin(".repeat(depth)}phi${")".repeat(depth)}` });
    expect(emitWgsl(potential).split("\n").length).toBeLessThan(5 * depth);
    const slope = difference((x) => potential.value(x), 0.3);
    expect(potential.gradient(0, 0.3)).toBeCloseTo(slope, 8);
    expect(potential.hessian(0, 0, 0.3)).toBeCloseTo(
      difference((x) => potential.gradient(0, x), 0.3),
      8,
    );
  });
});

describe("long sums", () => {
  it("may have as many terms as fit, which are not nested", async () => {
    const potential = await compilePotential({ expression: `x${" + x".repeat(240)}` }, { fields: ["x"] });
    expect([potential.value(2), potential.gradient(0, 2)]).toEqual([482, 241]);
  });
});

describe("derivatives", () => {
  it.each([
    "exp(phi)*log(phi)",
    "sqrt(phi) - 1/phi",
    "tan(phi)/cosh(phi)",
    "sinh(2*phi)^-3",
    "tanh(phi)^3*sin(phi)",
    "abs(phi - 1)*sign(phi - 2)",
    "pow(phi, 2.3) + phi^phi",
    "2^phi + e^(-phi^2)",
    "(exp(phi) - 1)^2/(1 - exp(-phi))",
    "-(-phi)^4/(3*phi^2/7 + 1)",
    "phi/3*(2*phi)/5*-phi",
    "cos(-(phi - 2))*(-(phi^2))",
  ])("of %s agree with finite differences", async (expression) => {
    const potential = await compilePotential({ expression });
    for (const phi of [0.3, 0.7, 1.3, 2.6]) {
      expect(potential.gradient(0, phi) / difference((x) => potential.value(x), phi, 2e-4)).toBeCloseTo(1, 7);
      const curvature = difference((x) => potential.gradient(0, x), phi, 2e-4);
      expect(Math.abs(potential.hessian(0, 0, phi) - curvature)).toBeLessThan(1e-6 * Math.max(1, Math.abs(curvature)));
    }
  });
  it("at the kinks of abs and sign are 0", async () => {
    expect((await compilePotential({ expression: "abs(phi)" })).gradient(0, 0)).toBe(0);
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
    ["sin(phi, phi)", 1],
    ["phi + pow(phi)", 7],
    ["phi, phi", 4],
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
    ["phi + true", 7],
    ["phi*null", 5],
    ["2*undefined", 3],
    ["phi + NaN", 7],
    ["phi - Infinity", 7],
    ["phi + 1e400", 7],
    ["phi mod 2", 5],
    ["phi to phi", 5],
    ["not phi", 1],
    ["phi + 2foo", 8],
    ["phi2 + phi", 1],
    ["phi/(1 - 1)", 1],
    ["phi*log(-1)", 1],
    ["0^phi", 1],
    ["-".repeat(900), 901],
    [`${"-".repeat(900)}phi`, 1],
    [`${"phi^".repeat(240)}2`, 1],
    ["phi.__proto__", 4],
    ['phi["constructor"]', 4],
    ["cos.constructor(phi)", 4],
    ["`phi`", 1],
    ["x => x", 3],
    ["createUnit(phi)", 1],
    ["parse(phi)", 1],
    ["hasOwnProperty", 1],
    ["3 cm", 3],
    ["phi^2 +\nphi\nphi", 12],
  ])("%j is refused at column %d", async (expression, column) => {
    const error = await compilePotential({ expression }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExpressionError);
    expect((error as ExpressionError).column).toBe(column);
    expect((error as ExpressionError).message).not.toContain("\n");
    expect((error as ExpressionError).message).toContain(`column ${column}`);
  });
  it.each([
    ["m^2*phi^2", 'column 1: unknown name "m"; give it a value in parameters; known: phi, pi, e'],
    ["phi^2 + ph", 'unknown name "ph"; did you mean phi?'],
    ["phi**2", 'column 4: "**" has no meaning here; write ^'],
    ["1 + \u03c6^2", "write phi"],
    ["phi^2*\u03c3", 'column 7: "\u03c3" has no meaning here; write names in the letters A to Z and a to z'],
    ["coss(phi)", "did you mean cos?"],
    ["sin phi", "column 1: sin is a function, not a name: write sin(...)"],
    ["1 - cos^2(phi)", "column 5: cos is a function, not a name: write cos(...)"],
    ["atan(phi)", 'column 1: unknown function "atan"; known: exp'],
    ["atanh(phi)", 'column 1: unknown function "atanh"; write log((1 + x)/(1 - x))/2'],
    ["gamma(phi)", 'unknown function "gamma"; known: exp'],
    ["ln(1 + phi^2)", 'column 1: unknown function "ln"; write log(x)'],
    ["phi^2*max(phi, 0)", 'column 7: unknown function "max"; write (x + y + abs(x - y))/2'],
    ["min(phi, 1)", "write (x + y - abs(x - y))/2"],
    ["exp(log10(phi))", 'unknown function "log10"; write log(x)/log(10)'],
    ["sech(phi)", "write 1/cosh(x)"],
    ["e^2/2 phi^2", "column 4: what is below this / can be read in two ways; write /2*phi^2 or /(2*phi^2)"],
    ["exp(phi/2)*(pi/3 phi + 1)", "column 15: what is below this / can be read in two ways; write /3*phi or /(3*phi)"],
    ["phi^4/4 pi e", "write /4*pi*e or /(4*pi*e)"],
    ["phi/-2(1 + phi)", "write /-2*(1+phi) or /(-2*(1+phi))"],
    ["3/4/5 phi", "column 2"],
  ])("%j is told with its mend", async (expression, words) => {
    const error = await compilePotential({ expression }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExpressionError);
    expect((error as ExpressionError).message).toContain(words);
  });
  it.each([
    ["quadratc", "potential", "quadratic"],
    [{ name: "cosine", parameters: { f: 0 } }, "potential.parameters.f", "other than 0"],
    [{ name: "cosine", parameters: { g: 1 } }, "potential.parameters.g", "known: v0, f"],
    ["foo", "potential", "known: quadratic, quartic"],
    [{ name: "quadratic", parameters: { mass: 1, massSquared: 1 } }, "potential.parameters.mass", "either"],
    [{ name: "alphaAttractorT", parameters: { alpha: -1 } }, "potential.parameters.alpha", "above 0"],
    [{ name: "quartic", parameters: { lambda: Number.NaN } }, "potential.parameters.lambda", "finite"],
    [{ expression: "q*phi", parameters: { q: Number.POSITIVE_INFINITY } }, "potential.parameters.q", "finite"],
    [{ expression: "true*phi", parameters: { true: 2 } }, "potential.parameters.true", "meaning"],
    [{ expression: "phi", parameters: { sin: 1 } }, "potential.parameters.sin", "meaning"],
    [{ expression: "phi", parameters: { "a b": 1 } }, "potential.parameters.a b", "letters"],
    [{ expression: "a*phi^2", parameters: { a: 1, b: 2 } }, "potential.parameters.b", "does not use"],
  ])("%j names its place", async (spec, path, words) => {
    const error = (await compilePotential(spec).catch((reason: unknown) => reason)) as InputError;
    expect(error).toBeInstanceOf(InputError);
    expect(error.path).toBe(path);
    expect(error.message).toContain(words);
  });
});

describe("a built-in of named fields", () => {
  it("is of the one field, whatever its name, or of the one named phi", async () => {
    const one = await compilePotential("starobinsky", { fields: ["chi"] });
    expect(one.value(0.7)).toBe((await compilePotential("starobinsky")).value(0.7));
    expect(one.expression).toBe("v0*(1 - exp(-sqrt(2/3)*chi))^2");
    expect((await compilePotential("quartic", { fields: ["chi", "phi"] })).value(5, 2)).toBe(4);
  });
  it.each([
    [["chi", "psi"], "quartic is of phi, which none of chi, psi is: name a field so, or give an expression"],
    [["phi", "lambda"], "of quartic has a lambda of its own: give the field another name"],
  ])("is refused for %j", async (fields, message) => {
    const refusal = compilePotential("quartic", { fields, path: "field.potential" });
    await expect(refusal).rejects.toMatchObject({ path: "field.potential", message: expect.stringContaining(message) });
  });
});

describe("compileFunction", () => {
  it("evaluates arithmetic with pi and e", async () => {
    const f = await compileFunction("sin(theta) + 0.5*cos(2*theta) - x0/pi", ["theta", "x0"]);
    expect(f(0.3, 2)).toBeCloseTo(Math.sin(0.3) + 0.5 * Math.cos(0.6) - 2 / Math.PI, 14);
  });
  it.each(["1/0", "1e999", "true", "NaN", "theta + log(-1)", "foo(theta)", 'import("fs")', "theta.constructor"])(
    "refuses %s and names the config path",
    async (text) => {
      const error = await compileFunction(text, ["theta"], { path: "data.targets" }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ExpressionError);
      expect((error as ExpressionError).path).toBe("data.targets");
    },
  );
});
