import type { Io } from './io.ts';
import { renderBytes } from './output.ts';

const WIDTH = 24;
/** A terminal shows no more, and drawing costs. */
const INTERVAL_MS = 100;
/** Over how long the rate is measured. */
const RATE_SPAN_MS = 5_000;

/** How far something is. */
export interface Progress {
  readonly done: number;
  /** 0 where it is not known. */
  readonly total: number;
  /** What is counted: bytes unless it is a share of something that has no size yet. */
  readonly unit?: 'bytes' | 'share';
  /** What is being done now, where that changes; each has a total of its own. */
  readonly phase?: string;
}

export interface ProgressBar {
  update(progress: Progress): void;
  /** Shows a sentence instead, for as long as nothing can be measured. */
  say(text: string): void;
  /** Wipes what is shown. */
  end(): void;
}

/**
 * `label [=====>      ] 42 %  1.3 GiB of 3.1 GiB  210.4 MiB/s  9 s left` on standard error, drawn anew in place; nothing at all where that is no
 * terminal. The rate is that of the last seconds, so that it follows what happens now. A narrow terminal sees less of it, never a second line.
 */
export function createProgressBar(io: Io, label: string, now: () => number = () => performance.now()): ProgressBar {
  const seen: Array<{ at: number; done: number }> = [];
  let phase: string | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isShown = false;
  const columns = io.columns ?? Number.POSITIVE_INFINITY;
  const show = (text: string) => {
    if (io.interactive) {
      isShown = true;
      io.err(`\r\u001b[K${text.slice(0, columns - 1)}`);
    }
  };
  return {
    update(progress) {
      const at = now();
      if (!io.interactive || (at - drawnAt < INTERVAL_MS && progress.done !== progress.total)) {
        return;
      }
      drawnAt = at;
      if (progress.phase !== phase) {
        phase = progress.phase;
        seen.length = 0;
      }
      seen.push({ at, done: progress.done });
      while (seen.length > 2 && (seen[0]?.at ?? at) < at - RATE_SPAN_MS) {
        seen.shift();
      }
      const { bar, text } = renderProgress(progress, seen);
      const name = phase === undefined ? label : `${label}, ${phase}`;
      const whole = `${name} ${bar}${text}`;
      show(whole.length < columns ? whole : `${name} ${text}`);
    },
    say(text) {
      show(`${label}: ${text}`);
    },
    end() {
      if (isShown) {
        io.err('\r\u001b[K');
        isShown = false;
      }
    },
  };
}

function renderProgress(
  { done, total, unit = 'bytes' }: Progress,
  seen: ReadonlyArray<{ at: number; done: number }>,
): { bar: string; text: string } {
  const [first, last] = [seen[0], seen.at(-1)];
  const spanMs = (last?.at ?? 0) - (first?.at ?? 0);
  const rate = spanMs > 0 ? (((last?.done ?? 0) - (first?.done ?? 0)) / spanMs) * 1000 : 0;
  const rateText = rate > 0 && unit === 'bytes' ? `  ${renderBytes(rate)}/s` : '';
  if (total <= 0) {
    return { bar: '', text: `${renderBytes(done)}${rateText}` };
  }
  const share = Math.min(1, done / total);
  const filled = Math.floor(share * WIDTH);
  const bar = `${'='.repeat(filled)}${filled < WIDTH ? '>' : ''}`.padEnd(WIDTH);
  const left = rate > 0 && done < total ? `  ${renderDuration((total - done) / rate)} left` : '';
  const bytes = unit === 'bytes' ? `  ${renderBytes(done)} of ${renderBytes(total)}${rateText}` : '';
  return { bar: `[${bar}] `, text: `${Math.floor(share * 100)} %${bytes}${left}` };
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
