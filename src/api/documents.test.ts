import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { apiErrorCodes } from './errors/codes.ts';
import { NEUTRAL } from './shapes/instance-set.ts';

const root = new URL('../../', import.meta.url);
const contract = readFileSync(new URL('docs/wire-contract.md', root), 'utf8');

/** The cells of the rows of the table under a heading. */
function readTable(heading: string): string[][] {
  const [, section = ''] = contract.split(`\n## ${heading}\n`);
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

function unquote(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
}

test('each row of the contract’s decisions names a test that exists', () => {
  const sources = globSync(['src/api/**/*.test.ts', 'src/http/*.test.ts'], { cwd: root }).map((path) =>
    readFileSync(new URL(path, root), 'utf8'),
  );
  const rows = readTable('Decisions, one test a row');
  assert.ok(rows.length >= 30, `${rows.length} rows`);
  const names = rows.map((row) => row[2]?.slice(1, -1) ?? '');
  assert.equal(new Set(names).size, names.length, 'a test stands for two rows');
  for (const name of names) {
    assert.ok(
      sources.some((source) => source.includes(`test('${name}'`) || source.includes(`test("${name}"`)),
      name,
    );
  }
});

test('the contract’s table of neutral values is the one that is answered', () => {
  const rows = readTable('DescribeInstances').flatMap(([fields = '', value = '']) =>
    unquote(fields).map((field) => [field, JSON.parse(value) as unknown] as const),
  );
  assert.deepEqual(Object.fromEntries(rows), NEUTRAL);
});

test('the contract’s table of codes is the list of codes', () => {
  const rows = readTable('Error codes').map(([code = '', meaning]) => [unquote(code)[0], meaning]);
  assert.deepEqual(
    rows,
    Object.entries(apiErrorCodes).map(([code, { meaning }]) => [code, meaning]),
  );
});
