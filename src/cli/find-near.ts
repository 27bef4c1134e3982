/** Of the candidates the one that `text` is most likely a slip of: at most a third of its letters differ; undefined where none is that near. */
export function findNear(text: string, candidates: Iterable<string>): string | undefined {
  let near: string | undefined;
  let least = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = candidate.toLowerCase() === text.toLowerCase() ? 0 : countEdits(text, candidate);
    if (distance < least) {
      [near, least] = [candidate, distance];
    }
  }
  return near;
}

/** Letters to insert, remove, replace or swap with their neighbour to get from one text to the other (Damerau, restricted). */
function countEdits(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const cost = from[i - 1] === to[j - 1] ? 0 : 1;
      let edits = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        edits = Math.min(edits, (before[j - 2] ?? 0) + 1);
      }
      row.push(edits);
    }
    [before, last] = [last, row];
  }
  return last[to.length] ?? 0;
}
