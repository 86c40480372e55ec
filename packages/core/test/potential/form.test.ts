/** Potentials of one form: what is one and what is not, and that each one's code gives the bits that it has by itself. */
import { InputError } from "@slowroll/core/errors";
import { assemblePotential } from "@slowroll/core/potential/assemble";
import { HOST_FUNCTIONS, integerPower } from "@slowroll/core/potential/build";
import { compilePotential } from "@slowroll/core/potential/compile";
import { areOfOneForm, type Form, type FormExpression, formOf } from "@slowroll/core/potential/form";
import type { Potential, PotentialSpec } from "@slowroll/core/potential/potential";
import { emitWgsl } from "@slowroll/core/potential/wgsl";
import { normals } from "@slowroll/core/random/normal";
import { readModules } from "@slowroll/wasm";
import { describe, expect, it } from "vitest";

const FIELDS = ["phi", "chi"];
const compile = (specs: readonly PotentialSpec[]): Promise<Potential[]> =>
  Promise.all(specs.map((spec) => compilePotential(spec, { fields: FIELDS })));
/** An expression once for each value of its parameter g. */
const each = (expression: string, values: readonly number[]): Promise<Potential[]> =>
  compile(values.map((g) => ({ expression, parameters: { g } })));

/** A form's tree in float64 with one potential's constants. */
function evaluate(node: FormExpression, constants: readonly number[], phi: readonly number[]): number {
  const of = (inner: FormExpression): number => evaluate(inner, constants, phi);
  switch (node.kind) {
    case "number":
      return node.value;
    case "constant":
      return constants[node.index]!;
    case "field":
      return phi[node.index]!;
    case "negate":
      return -of(node.argument);
    case "binary": {
      const [left, right] = [of(node.left), of(node.right)];
      if (node.operator === "+") return left + right;
      if (node.operator === "-") return left - right;
      return node.operator === "*" ? left * right : left / right;
    }
    case "integerPower":
      return integerPower(of(node.base), node.exponent);
    case "realPower":
      return of(node.base) ** of(node.exponent);
    case "call":
      return HOST_FUNCTIONS[node.name](of(node.argument));
  }
}

/** Every potential's V and slopes from the form, at some points, to the bits of its own. */
function expectSame(form: Form, potentials: readonly Potential[]): void {
  const numbers = normals(1, 0, 0, 40);
  for (const potential of potentials) {
    const constants = form.constants.get(potential)!;
    expect(constants).toHaveLength(form.count);
    for (let i = 0; i < 20; i++) {
      const phi = [Math.abs(numbers[2 * i]!), numbers[2 * i + 1]!];
      expect(evaluate(form.tree.value, constants, phi)).toBe(potential.value(...phi));
      for (const [f, slope] of form.tree.gradient.entries())
        expect(evaluate(slope, constants, phi)).toBe(potential.gradient(f, ...phi));
    }
  }
}

describe("the form of potentials", () => {
  it.each([
    ["phi^4/4 + g*phi^2*chi^2/2", [3, 5, -0.3, 0.7], 2],
    ["g*phi^4/4", [2, 3, -6, 0.1], 2],
    ["phi^2*exp(-g*chi)", [2, 3, 0.5], 2],
    ["cos(phi/g)", [3, 5, 0.3], 2],
    ["phi^(g/10) + chi", [13, 27, 29], 2],
    ["tanh(phi/sqrt(6*g))^4 + log(phi + g)", [0.1, 2, 3], 3],
    ["-g*phi^2 + (chi - g)^2", [2, 3, 5], 3],
    ["(phi + g*chi)^-2*abs(chi)", [2, 3, 5], 3],
  ])("%s has constants for what g = %j changes", async (expression, values, most) => {
    const potentials = await each(expression, values);
    const form = formOf(potentials);
    expect(form.count).toBeGreaterThan(0);
    expect(form.count).toBeLessThanOrEqual(most);
    expectSame(form, potentials);
    expect(areOfOneForm(potentials)).toBe(true);
  });
  it("is found whichever of them comes first", async () => {
    const potentials = await each("cos(phi/g) - g*phi^3*chi/3", [5, 7, 0.2]);
    for (let first = 0; first < potentials.length; first++) {
      const turned = [...potentials.slice(first), ...potentials.slice(0, first)];
      expectSame(formOf(turned), turned);
    }
  });
  it("of potentials that are the same is their own code, each given as often as one likes", async () => {
    const [one, other] = (await each("phi^4/4 + g*chi^2", [3, 3])) as [Potential, Potential];
    const form = formOf([one, other, one]);
    expect(form.count).toBe(0);
    expect(emitWgsl(form)).toBe(emitWgsl(one));
    expect(form.tree).toEqual({ value: one.tree.value, gradient: one.tree.gradient });
  });
  it("keeps numbers that are the same, and one constant for those that go together", async () => {
    const form = formOf(await each("g*phi^2/2 + g*chi^2/2 + 3*phi*chi", [3, 5]));
    // g/2 and g.
    expect(form.count).toBe(2);
    expect(emitWgsl(form)).toContain("3.0");
    expect(emitWgsl(form)).toContain("constants[own + 1u].x");
  });
  it.each([
    ["phi^g", [2, 3]],
    ["phi^g", [1.3, 2.5]],
    ["phi^2 + g*chi^4", [1, 0]],
    ["phi^g + chi", [2, 2.3]],
    ["exp(g*phi) + chi", [2, 0]],
    // Factors that one's code leaves out, or writes as another operation.
    ["phi^4 + g*chi^2", [3, 1]],
    ["phi^4 + g*chi^2", [3, -1]],
    ["cos(phi/g)", [3, 2]],
  ])("%s is none for g = %j", async (expression, values) => {
    const potentials = await each(expression, values);
    expect(areOfOneForm(potentials)).toBe(false);
    expect(() => formOf(potentials)).toThrow(InputError);
  });
  it.each([
    ["phi^2", "chi^2"],
    ["sin(phi)", "cos(phi)"],
    ["phi + chi", "phi*chi"],
    ["phi", "phi^2"],
    ["phi + chi", "phi - chi"],
    ["2", "phi"],
  ])("is none for %s and %s", async (one, other) => {
    const potentials = await compile([{ expression: one }, { expression: other }]);
    expect(areOfOneForm(potentials)).toBe(false);
    expect(areOfOneForm(potentials.toReversed())).toBe(false);
  });
  it("is none for different numbers of fields", async () => {
    const [one] = await compile(["quadratic"]);
    expect(areOfOneForm([one!, await compilePotential("quadratic")])).toBe(false);
  });
  it("of deeply nested functions is found at once", async () => {
    const depth = 49;
    const nested = `${"sin(g*".repeat(depth)}phi${")".repeat(depth)}`;
    const potentials = await each(nested, [2, 3, 5, 7]);
    const form = formOf(potentials);
    expect(emitWgsl(form).split("\n").length).toBeLessThan(7 * depth);
  });
});

describe("a form's WebAssembly", () => {
  const special = new WebAssembly.Module(readModules().special);
  type Run = (...addresses: number[]) => number;

  it.each(["float32", "float64"] as const)("gives the bits of each potential's own: %s", async (precision) => {
    const potentials = await each("phi^4/4 + g*phi^2*chi^2/2 + cos(chi/g)", [3, 5, 0.7]);
    const count = 7;
    const [FIELD, OUT, CONSTANTS] = [65_536, 70_000, 80_000];
    const size = precision === "float32" ? 4 : 8;
    const stride = 64;
    /** V and both slopes at some points. */
    const run = async (emitted: Potential | Form, constants: readonly number[]): Promise<number[]> => {
      const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
      const numbers = size === 4 ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
      numbers.set(normals(3, 0, 0, stride / size), FIELD / size);
      numbers.set(normals(4, 0, 0, stride / size), (FIELD + stride) / size);
      numbers.set(constants, CONSTANTS / size);
      const env = { memory };
      const module = new WebAssembly.Module(await assemblePotential(emitted, precision));
      const instance = new WebAssembly.Instance(module, {
        env,
        special: new WebAssembly.Instance(special, { env }).exports,
      });
      const { value, gradient } = instance.exports as unknown as Record<string, Run>;
      value!(FIELD, stride, OUT, count, CONSTANTS);
      gradient!(FIELD, stride, OUT + stride, stride, count, CONSTANTS);
      const rows = Array.from({ length: 3 }, (_, row) => [
        ...numbers.subarray((OUT + row * stride) / size, (OUT + row * stride) / size + count),
      ]);
      return rows.flat();
    };
    const form = formOf(potentials);
    for (const potential of potentials) {
      const own = await run(potential, []);
      expect(own.every(Number.isFinite)).toBe(true);
      expect(await run(form, form.constants.get(potential)!)).toEqual(own);
    }
  });
});
