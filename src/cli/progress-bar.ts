import type { Io } from './io.ts';
import { renderBytes } from './output.ts';

const WIDTH = 24;
/** A terminal shows no more, and drawing costs. */
const INTERVAL_MS = 100;
/** Over how long the rate is measured. */
const RATE_SPAN_MS = 5_000;

export interface ProgressBar {
  /** Of `total`, which may be 0 where it is not known. */
  update(done: number, total: number): void;
  /** Shows a sentence instead, for as long as nothing can be measured. */
  say(text: string): void;
  /** Wipes what is shown. */
  end(): void;
}

/**
 * `label [=====>      ] 42 %  1.3 GiB of 3.1 GiB  210.4 MiB/s  9 s left` on standard error, drawn anew in place; nothing at all where standard
 * output is no terminal. The rate is that of the last seconds, so that it follows what happens now. Of what is no bytes only shares and time are told.
 */
export function createProgressBar(
  io: Io,
  label: string,
  { now = () => performance.now(), isBytes = true }: { now?: () => number; isBytes?: boolean } = {},
): ProgressBar {
  const seen: Array<{ at: number; done: number }> = [];
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isShown = false;
  const show = (text: string) => {
    if (io.interactive) {
      isShown = true;
      io.err(`\r\u001b[K${label}${text}`);
    }
  };
  return {
    update(done, total) {
      const at = now();
      if (!io.interactive || (at - drawnAt < INTERVAL_MS && done !== total)) {
        return;
      }
      drawnAt = at;
      seen.push({ at, done });
      while (seen.length > 2 && (seen[0]?.at ?? at) < at - RATE_SPAN_MS) {
        seen.shift();
      }
      show(` ${renderProgress(done, total, seen, isBytes)}`);
    },
    say(text) {
      show(`: ${text}`);
    },
    end() {
      if (isShown) {
        io.err('\r\u001b[K');
        isShown = false;
      }
    },
  };
}

function renderProgress(done: number, total: number, seen: ReadonlyArray<{ at: number; done: number }>, isBytes: boolean): string {
  const [first, last] = [seen[0], seen.at(-1)];
  const spanMs = (last?.at ?? 0) - (first?.at ?? 0);
  const rate = spanMs > 0 ? (((last?.done ?? 0) - (first?.done ?? 0)) / spanMs) * 1000 : 0;
  const rateText = rate > 0 ? `  ${renderBytes(rate)}/s` : '';
  if (total <= 0) {
    return `${renderBytes(done)}${rateText}`;
  }
  const share = Math.min(1, done / total);
  const filled = Math.floor(share * WIDTH);
  const bar = `${'='.repeat(filled)}${filled < WIDTH ? '>' : ''}`.padEnd(WIDTH);
  const left = rate > 0 && done < total ? `  ${renderDuration((total - done) / rate)} left` : '';
  const bytes = isBytes ? `  ${renderBytes(done)} of ${renderBytes(total)}${rateText}` : '';
  return `[${bar}] ${Math.floor(share * 100)} %${bytes}${left}`;
}

function renderDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
