import { DomainError } from '../../lib/errors.ts';

/** Takes bytes of any number of pieces and answers the commands that they complete, their arguments as text. Keeps no reference to them. */
export type CommandParser = (bytes: Uint8Array) => string[][];

/** A replica's handshake has 4 to 8 short arguments a command; the longest is a password of AUTH. */
const MAX_ARGUMENTS = 32;
const MAX_ARGUMENT_BYTES = 1024;
const MAX_NUMBER_BYTES = 8;

/**
 * Commands as arrays of bulk strings (redis.io protocol specification), with bare newlines between them skipped: that is what a replica
 * sends while it loads. Bounded for what a stranger may send; throws `peer-protocol-error`, after which it is not to be used again.
 */
export function createCommandParser(): CommandParser {
  let rest = Buffer.alloc(0);

  /** The number after `kind` at `at` and the position after its line; undefined where the line is not complete. */
  function readNumber(kind: string, at: number, most: number): { value: number; next: number } | undefined {
    const end = rest.indexOf('\r\n', at);
    if (end < 0 && rest.length - at <= MAX_NUMBER_BYTES + 2) {
      if (at < rest.length && rest[at] !== kind.charCodeAt(0)) {
        throw createError(at);
      }
      return undefined;
    }
    const line = rest.toString('latin1', at, end < 0 ? at + MAX_NUMBER_BYTES + 2 : end);
    const value = line.startsWith(kind) && /^[0-9]{1,8}$/.test(line.slice(1)) ? Number(line.slice(1)) : -1;
    if (value < 0 || value > most) {
      throw createError(at);
    }
    return { value, next: end + 2 };
  }

  function createError(at: number): DomainError {
    const text = JSON.stringify(rest.toString('latin1', at, at + 20));
    return new DomainError('peer-protocol-error', `a replica sends short commands as arrays of bulk strings, not ${text}`);
  }

  /** The command at `start` and the position after it; undefined where it is not complete. */
  function readCommand(start: number): { args: string[]; next: number } | undefined {
    const head = readNumber('*', start, MAX_ARGUMENTS);
    if (head === undefined) {
      return undefined;
    }
    const args: string[] = [];
    let at = head.next;
    while (args.length < head.value) {
      const size = readNumber('$', at, MAX_ARGUMENT_BYTES);
      if (size === undefined || rest.length < size.next + size.value + 2) {
        return undefined;
      }
      const end = size.next + size.value;
      if (rest[end] !== 13 || rest[end + 1] !== 10) {
        throw createError(end);
      }
      args.push(rest.toString('utf8', size.next, end));
      at = end + 2;
    }
    return { args, next: at };
  }

  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const commands: string[][] = [];
    let at = 0;
    for (;;) {
      while (at < rest.length && (rest[at] === 10 || rest[at] === 13)) {
        at += 1;
      }
      const command = at < rest.length ? readCommand(at) : undefined;
      if (command === undefined) {
        rest = rest.subarray(at);
        return commands;
      }
      if (command.args.length > 0) {
        commands.push(command.args);
      }
      at = command.next;
    }
  };
}
