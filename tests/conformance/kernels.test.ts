/** Every kernel against its float64 reference on random data and odd shapes, to float32 rounding times the number of terms. */
import { checkCase, drawFrom, type KernelCase } from "@slowroll/core/engine/webgpu/cases/case";
import { coupledCases } from "@slowroll/core/engine/webgpu/cases/coupledCases";
import { fieldCases } from "@slowroll/core/engine/webgpu/cases/fieldCases";
import { fourierCases } from "@slowroll/core/engine/webgpu/cases/fourierCases";
import { networkCases } from "@slowroll/core/engine/webgpu/cases/networkCases";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

function conforms<Shape>({ declaration, checks, build }: KernelCase<Shape>): void {
  describe(declaration.name, () => {
    it.each(checks.map((shape) => [JSON.stringify(shape), shape] as const))("%s", async (_name, shape) => {
      expect(await checkCase(gpu, declaration, build(shape, drawFrom(11)))).toBeLessThanOrEqual(1);
    });
  });
}

for (const networkCase of networkCases) conforms(networkCase);
for (const fieldCase of fieldCases) conforms(fieldCase);
const [sites, march, global] = coupledCases;
conforms(sites);
conforms(march);
conforms(global);
for (const fourierCase of fourierCases) conforms(fourierCase);
