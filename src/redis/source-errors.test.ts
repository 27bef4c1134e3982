import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toReplyError } from './source-errors.ts';

const ADDRESS = { host: '10.0.0.7', port: 6380, password: 'hunter2' };

test('gives each known error reply its code', () => {
  const cases: Array<[reply: string, code: string, retryable: boolean]> = [
    ['WRONGPASS invalid username-password pair or user is disabled.', 'source-auth-failed', false],
    ['NOAUTH Authentication required.', 'source-auth-failed', false],
    ['ERR invalid password', 'source-auth-failed', false],
    ['ERR Client sent AUTH, but no password is set', 'source-auth-failed', false],
    ['ERR AUTH <password> called without any password configured for the default user. Are you sure?', 'source-auth-failed', false],
    ["NOPERM User bk has no permissions to run the 'psync' command", 'source-permission-denied', false],
    ['LOADING Redis is loading the dataset in memory', 'source-loading', true],
    ['MISCONF Redis is configured to save RDB snapshots', 'source-misconf', false],
    ["NOMASTERLINK Can't SYNC while not connected with my master", 'source-no-master-link', true],
    ['BUSY Redis is busy running a script.', 'source-refused', true],
    ['DENIED Redis is running in protected mode', 'source-refused', false],
    ['ERR max number of clients reached', 'source-refused', true],
    ["ERR BGSAVE failed, replication can't continue", 'source-refused', true],
    ["ERR unknown command 'PSYNC', with args beginning with: '?' '-1' ", 'source-refused', false],
    ['ERR replica can not be created', 'source-refused', false],
    ['ERRNOAUTH is no prefix', 'source-refused', false],
  ];
  for (const [reply, code, retryable] of cases) {
    const error = toReplyError(ADDRESS, 'PSYNC', reply);
    assert.deepEqual([error.code, error.retryable], [code, retryable], reply);
    assert.match(error.message, /^10\.0\.0\.7:6380 answered PSYNC with /);
  }
});

test('names the ACL rules that a missing permission calls for', () => {
  assert.match(toReplyError(ADDRESS, 'PSYNC', 'NOPERM no').hint ?? '', /\+psync \+replconf \+ping/);
  const reply = "NOPERM User bk has no permissions to run the 'config|get' command";
  assert.match(toReplyError({ ...ADDRESS, user: 'bk' }, 'CONFIG', reply).hint ?? '', /ACL SETUSER bk \+config\|get;/);
  const beforeSeven = "NOPERM this user has no permissions to run the 'psync' command or its subcommand";
  assert.match(toReplyError(ADDRESS, 'PSYNC', beforeSeven).hint ?? '', /ACL SETUSER default \+psync;/);
});

test('leaves out the arguments that a server repeats', () => {
  const error = toReplyError(ADDRESS, 'AUTH', "ERR unknown command 'AUTH', with args beginning with: 'hunter2' ");
  assert.equal(error.message, '10.0.0.7:6380 answered AUTH with "ERR unknown command \'AUTH\'"');
});
