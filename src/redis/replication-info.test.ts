import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReplicationInfo } from './replication-info.ts';

const lines = (...all: string[]) => `# Replication\r\n${all.join('\r\n')}\r\n`;

test('a master and the replicas that it lists, as each version writes them', () => {
  const info = parseReplicationInfo(
    lines(
      'role:master',
      'connected_slaves:5',
      'slave0:ip=10.0.0.5,port=6379,state=online,offset=140,lag=1',
      'slave1:ip=fd00::5,port=6380,state=wait_bgsave,offset=0,lag=0',
      'slave2:ip=replica.example,port=6381,state=online,offset=139,lag=0,type=replica',
      // A backup announces no port; what is no number is nobody.
      'slave3:ip=10.0.0.7,port=0,state=online,offset=140,lag=0',
      'slave4:ip=10.0.0.8,port=6379,state=online,offset=-,lag=0',
      'slave5:ip=,port=6379,state=online,offset=1,lag=0',
      'slave_expires_tracked_keys:1',
      'master_replid:8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb',
      'master_repl_offset:141',
    ),
  );
  assert.deepEqual(info, {
    role: 'master',
    replicationId: '8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb',
    offset: 141,
    replicas: [
      { host: '10.0.0.5', port: 6379, isOnline: true, lagSeconds: 1, offset: 140 },
      { host: 'fd00::5', port: 6380, isOnline: false, lagSeconds: 0, offset: 0 },
      { host: 'replica.example', port: 6381, isOnline: true, lagSeconds: 0, offset: 139 },
    ],
    isLinkUp: false,
    silentSeconds: -1,
    isWritable: true,
  });
});

test('a replica, with its link up, down, or still getting its data', () => {
  const replica = (status: string, syncing: string, ...more: string[]) =>
    parseReplicationInfo(lines('role:slave', `master_link_status:${status}`, `master_sync_in_progress:${syncing}`, ...more));
  const up = replica('up', '0', 'master_last_io_seconds_ago:3', 'slave_read_only:1', 'master_repl_offset:7');
  assert.deepEqual([up.role, up.isLinkUp, up.silentSeconds, up.isWritable, up.offset], ['replica', true, 3, false, 7]);
  assert.equal(replica('down', '0', 'master_last_io_seconds_ago:-1').isLinkUp, false);
  assert.equal(replica('down', '0', 'master_last_io_seconds_ago:-1').silentSeconds, -1);
  assert.equal(replica('up', '1').isLinkUp, false);
  assert.equal(replica('up', '0', 'slave_read_only:0').isWritable, true);
});

test('a text that is none tells nothing', () => {
  assert.deepEqual(parseReplicationInfo(''), {
    ...{ role: 'unknown', replicationId: '', offset: 0, replicas: [], isLinkUp: false, silentSeconds: -1, isWritable: true },
  });
});
