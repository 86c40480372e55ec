/** Slots that dynamic offsets pick: on adapters of any alignment, each where the adapter wants it and none in the next. */
import { slotData, slotStride } from "@slowroll/core/engine/webgpu/slots";
import { expect, it } from "vitest";

const aligned = (minUniformBufferOffsetAlignment: number) =>
  ({ minUniformBufferOffsetAlignment }) as unknown as GPUSupportedLimits;

it.each([
  [256, 4, 256],
  [64, 52, 64],
  [16, 52, 64],
  [16, 24, 32],
  [4, 12, 12],
  [4, 4, 4],
])("are at multiples of %i bytes with room for %i", (alignment, bytes, stride) => {
  expect(slotStride(aligned(alignment), bytes)).toBe(stride);
});

it("hold their words at their beginnings", () => {
  const data = slotData(slotStride(aligned(8), 12), 3, (slot) => [slot + 1, 10 * slot, 7]);
  expect([...data]).toEqual([1, 0, 7, 0, 2, 10, 7, 0, 3, 20, 7, 0]);
});
