import { runRestore } from '../../src/engine/run-restore.ts';
import { runSettle } from '../../src/engine/run-settle.ts';

// A process of its own that restores, or settles, and tells each mark and phase as a line of JSON, and at the end the most memory that it took;
// it stops for ever at the mark that its parent names, to be killed there.
const { request, holdAt } = JSON.parse(process.argv[2] ?? '{}');
const tell = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
let phase = '';

const options = {
  signal: new AbortController().signal,
  onProgress(progress: { phase: string; doneBytes: number }) {
    const next = progress.phase === 'transferring' && progress.doneBytes > 0 ? 'sending' : progress.phase;
    if (next !== phase) {
      phase = next;
      tell({ phase });
    }
  },
  async mark(mark: { step: string; isRollback: boolean }) {
    tell({ mark });
    if (`${mark.isRollback ? 'roll-back ' : ''}${mark.step}` === holdAt) {
      await new Promise(() => setInterval(() => {}, 1000));
    }
  },
};
await ('mark' in request ? runSettle(request, options) : runRestore(request, options));
tell({ ended: true, peakBytes: process.resourceUsage().maxRSS * 1024 });
