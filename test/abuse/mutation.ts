import type { RawRequest } from '../../src/api/http-message.ts';
import type { SeededRandom } from '../../src/managed/seeded-random.ts';

/** Makes another request of a signed one, by which it must no longer be accepted. */
export type Mutation = (request: RawRequest, random: SeededRandom) => RawRequest;

const CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** `text` with one character replaced by one that is another letter or digit, not only another case of it. */
export function changeCharacter(text: string, random: SeededRandom): string {
  if (text === '') {
    return 'x';
  }
  const at = random.below(text.length);
  const old = text[at]?.toLowerCase();
  const choices = [...CHARACTERS].filter((character) => character !== old);
  return `${text.slice(0, at)}${choices[random.below(choices.length)]}${text.slice(at + 1)}`;
}

/** One character less or more, or another one. */
export function changeText(text: string, random: SeededRandom): string {
  const at = random.below(text.length + 1);
  switch (random.below(4)) {
    case 0:
      return `${text.slice(0, at)}x${text.slice(at)}`;
    case 1:
      return text === '' ? 'x' : text.slice(0, -1);
    default:
      return changeCharacter(text, random);
  }
}

export function withHeader(request: RawRequest, name: string, value: string | undefined): RawRequest {
  const { [name]: _, ...headers } = request.headers;
  return { ...request, headers: value === undefined ? headers : { ...headers, [name]: value } };
}

export function headerOf(request: RawRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}
