/**
 * Slots of a uniform, of which a dispatch picks one by a dynamic offset: what differs between dispatches that are bound once. Adapters want
 * slots at multiples of 16 to 256 bytes, which may be fewer than a slot has.
 */

/** Bytes from one slot to the next, where each has `bytes`. */
export const slotStride = ({ minUniformBufferOffsetAlignment: aligned }: GPUSupportedLimits, bytes: number): number =>
  aligned * Math.ceil(bytes / aligned);

/** The same of slots that are a record's number. */
export const recordStride = (limits: GPUSupportedLimits): number => slotStride(limits, 4);

/** Data of `count` slots, `stride` bytes apart, whose words are given. */
export function slotData(
  stride: number,
  count: number,
  words: (slot: number) => ArrayLike<number>,
): Uint32Array<ArrayBuffer> {
  const data = new Uint32Array((stride / 4) * count);
  for (let slot = 0; slot < count; slot++) data.set(words(slot), slot * (stride / 4));
  return data;
}
