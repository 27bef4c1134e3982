/** Median of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `median (least–most)` with `digits` decimals. */
export function range(figures: readonly number[], digits = 2): string {
  return `${median(figures).toFixed(digits)} (${Math.min(...figures).toFixed(digits)}–${Math.max(...figures).toFixed(digits)})`;
}

/** Runs every one of `ways` in turn, `rounds` times, after one uncounted round, so that a drift of the machine hits all alike. */
export async function interleave<Ways extends Record<string, () => Promise<unknown>>>(
  rounds: number,
  ways: Ways,
): Promise<{ [Name in keyof Ways]: Array<Awaited<ReturnType<Ways[Name]>>> }> {
  const figures = new Map<string, unknown[]>();
  for (let round = -1; round < rounds; round++) {
    for (const [name, measure] of Object.entries(ways)) {
      const figure = await measure();
      if (round >= 0) {
        figures.set(name, [...(figures.get(name) ?? []), figure]);
      }
      process.stderr.write(`round ${round < 0 ? 'warm-up' : round + 1} ${name}: ${JSON.stringify(figure)}\n`);
    }
  }
  return Object.fromEntries(figures) as { [Name in keyof Ways]: Array<Awaited<ReturnType<Ways[Name]>>> };
}

/** The ratios a/b round by round. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((figure, i) => figure / (b[i] ?? Number.NaN));
}
