const NEWLINE = 0x0a;
/** Bytes of lines that are joined before they are passed on. */
const PIECE_BYTES = 64 * 1024;

/** Each line in UTF-8 with a newline behind it, in pieces. No line may hold one. */
export async function* encodeLines(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let joined = '';
  for await (const line of lines) {
    joined += `${line}\n`;
    if (joined.length >= PIECE_BYTES) {
      yield Buffer.from(joined);
      joined = '';
    }
  }
  yield Buffer.from(joined);
}

/** The lines of a text that comes in pieces, whatever the places of the cuts; what stands behind the last newline is a line unless it is empty. */
export async function* decodeLines(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...rest, piece.subarray(from, end)]).toString();
      rest = [];
      from = end + 1;
    }
    if (from < piece.length) {
      rest.push(piece.subarray(from));
    }
  }
  if (rest.length > 0) {
    yield Buffer.concat(rest).toString();
  }
}
