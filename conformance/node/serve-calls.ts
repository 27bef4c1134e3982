import { createInterface } from 'node:readline';
import type { Call, Outcome } from '../call.ts';

/** Reads calls from standard input, one a line, makes each of them `times` times, and writes a report for each. */
export async function serveCalls(send: (call: Call) => Promise<Outcome>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const call = JSON.parse(line) as Call;
    const outcomes = await Promise.all(Array.from({ length: call.times }, () => send(call)));
    const answer = call.times === 1 ? outcomes[0] : { ok: true, detail: outcomes };
    process.stdout.write(`${JSON.stringify({ step: call.step, ...answer })}\n`);
  }
}
