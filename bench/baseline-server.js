/**
 * The baseline of the API figures: a bare node:http handler that runs the two statements of DescribeInstanceBackups on the same file and
 * stringifies what they give, and nothing else. Without a catalog it answers a constant. Plain JavaScript, so that nothing is stripped at its start. Usage: node baseline-server.js [catalog.db]
 */
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const [, , path] = process.argv;
let answer = () => ({ TotalCount: 0, BackupSet: [] });
if (path !== undefined) {
  const db = new DatabaseSync(path, { readOnly: true });
  const instances = db.prepare('select account_id, region, instance_id from instances order by instance_id').all();
  const page = db.prepare(
    `select backup_id, instance_id, instance_name, type, state, remark, locked, started_at, ended_at, expires_at, size_bytes, server_kind, server_version, attempt
     from backups where account_id = ? and region = ? and state in (?, ?, ?, ?) and instance_id = ? order by started_at, backup_id limit ? offset ?`,
  );
  const count = db.prepare(
    'select sum(backups) as total from backup_counts where account_id = ? and region = ? and state in (?, ?, ?, ?) and instance_id = ?',
  );
  let next = 0;
  answer = () => {
    const instance = instances[next++ % instances.length] ?? {};
    const [account, region, id] = [String(instance['account_id']), String(instance['region']), String(instance['instance_id'])];
    const states = ['running', 'available', 'converting', 'converted'];
    return {
      TotalCount: count.get(account, region, ...states, id)?.['total'],
      BackupSet: page.all(account, region, ...states, id, 20, 0),
    };
  };
}
const server = createServer((request, response) => {
  request.resume();
  const body = JSON.stringify({ Response: answer() });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready http://127.0.0.1:${server.address().port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
