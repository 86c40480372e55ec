/** Realisations that wait for others: what a checkpoint holds of each while some are done, some under way and some not begun. */
import type { LatticeReport } from "@slowroll/core/engine/engine";
import { type AtOnce, evolveInTurn } from "@slowroll/core/engine/inTurn";
import type { LatticeCheckpoint, LatticeJob } from "@slowroll/core/engine/latticeJob";
import { InterruptedError } from "@slowroll/core/errors";
import { compilePotential } from "@slowroll/core/potential/compile";
import { expect, it } from "vitest";

const OPERATIONS = 3;
const SITES = 4;

async function jobOf(save: (checkpoint: LatticeCheckpoint) => void): Promise<LatticeJob> {
  return {
    grid: { dimensions: 1, points: SITES, spacing: 1, stencil: 2 },
    realisations: 2,
    fields: 1,
    potential: await compilePotential("quadratic"),
    initial: async () => ({ field: new Float64Array(2 * SITES), momentum: new Float64Array(2 * SITES) }),
    schedule: { kind: "prescribed", coefficients: new Float64Array(3 * OPERATIONS) },
    observeAfter: [0, OPERATIONS],
    reductions: [{ kind: "field" }],
    checkpoint: { seconds: 1e9, save: async (checkpoint) => save(checkpoint) },
  };
}

/** One realisation at a time. */
const plan: AtOnce["plan"] = () => ({ bytes: 0, parts: {}, batch: 1 }) as unknown as ReturnType<AtOnce["plan"]>;
const observed = (afterOperation: number) => ({ afterOperation, fieldMean: Float64Array.of(afterOperation) });

it("an interruption between two of them keeps those that are done", async () => {
  const saved: LatticeCheckpoint[] = [];
  const abort = new AbortController();
  const evolve: AtOnce["evolve"] = async ({ initial }): Promise<LatticeReport> => {
    const { field, momentum } = await initial();
    field.fill(7);
    abort.abort();
    return { engineSeconds: 0, observations: [observed(0), observed(3)], snapshots: [], final: { field, momentum } };
  };
  const job = await jobOf((checkpoint) => saved.push(checkpoint));
  await expect(evolveInTurn(job, { plan, evolve }, { signal: abort.signal })).rejects.toThrow(InterruptedError);
  expect(saved).toHaveLength(1);
  expect(saved[0]!.parts).toEqual([
    { realisations: 1, operation: OPERATIONS, observations: [observed(0), observed(3)], snapshots: [] },
    { realisations: 1, operation: 0, observations: [], snapshots: [] },
  ]);
  expect(Array.from(saved[0]!.state.field)).toEqual([7, 7, 7, 7, 0, 0, 0, 0]);
});

it("one that has been observed at its start is not taken for one that has not begun", async () => {
  const saved: LatticeCheckpoint[] = [];
  const evolve: AtOnce["evolve"] = async ({ initial, saving }) => {
    const state = await initial();
    await saving!.save({ operation: 0, observations: [observed(0)], snapshots: [], state });
    throw new InterruptedError("interrupted");
  };
  const job = await jobOf((checkpoint) => saved.push(checkpoint));
  await expect(evolveInTurn(job, { plan, evolve })).rejects.toThrow(InterruptedError);
  expect(saved[0]!.parts.map(({ realisations, observations }) => [realisations, observations.length])).toEqual([
    [1, 1],
    [1, 0],
  ]);
});
