import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createProgram } from '../../src/cli/cli.ts';
import { EXAMPLES, leafCommands } from '../../src/cli/examples.ts';
import { CLI_PAGE, toCliPage } from './cli-page.ts';

const program = createProgram({ env: {}, interactive: false, out() {}, err() {} }, async () => {});

test('docs/cli.md is what the commands say of themselves; else: node test/cli/run.ts --write', async () => {
  assert.equal(await readFile(CLI_PAGE, 'utf8'), toCliPage());
});

test('every command, argument and option is described, has --json, and its example uses only options that it has', () => {
  for (const [path, command] of leafCommands(program)) {
    assert.notEqual(command.description(), '', path);
    for (const argument of command.registeredArguments) {
      assert.notEqual(argument.description, '', `${path} ${argument.name()}`);
    }
    const flags = command.options.map((option) => option.long);
    for (const option of command.options) {
      assert.notEqual(option.description, '', `${path} ${option.flags}`);
    }
    assert.ok(flags.includes('--json'), path);
    for (const [used] of (EXAMPLES[path] ?? '').matchAll(/(?<= )--[a-z-]+/g)) {
      assert.ok(flags.includes(used) || flags.includes(`--no-${used.slice(2)}`), `${path} ${used}`);
    }
  }
});
