import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../src/api/client.ts';
import { interleave, range, ratios } from './measure.ts';
import { residentMiB, startProcess } from './process.ts';
import { PROGRAM } from './program.ts';
import { freePort, startSource } from './source.ts';

const ROUNDS = 5;
/** Debian's nginx; REDKEEP_NGINX names another one. */
const NGINX = process.env['REDKEEP_NGINX'] ?? 'nginx';

/** A download by link against nginx serving the plain file, both fetched by curl over loopback: into a file, as a download ends, and into nothing. */
export async function benchDownload(megabytes = 1000): Promise<string[]> {
  const place = await mkdtemp(join(tmpdir(), 'redkeep-bench-'));
  const service = await startProcess([PROGRAM, 'serve', '--data-dir', join(place, 'site'), '--port', '0'], { REDKEEP_LOG_LEVEL: 'info' });
  try {
    const link = await makeLink(place, service.port, megabytes);
    const plain = join(place, 'plain.rdb');
    await fetchBy(link, plain);
    const nginx = await startNginx(place);
    try {
      const file = join(place, 'fetched.rdb');
      const figures = await interleave(ROUNDS, {
        nginxFile: () => fetchBy(`${nginx.url}/plain.rdb`, file),
        redkeepFile: () => fetchBy(link, file),
        nginxNull: () => fetchBy(`${nginx.url}/plain.rdb`, '/dev/null'),
        redkeepNull: () => fetchBy(link, '/dev/null'),
      });
      return [
        `${((await stat(plain)).size / 1e6).toFixed(0)} MB into a file: nginx ${range(figures.nginxFile)} s, redkeep ${range(figures.redkeepFile)} s; speed ratio ${range(ratios(figures.nginxFile, figures.redkeepFile))}`,
        `into nothing: nginx ${range(figures.nginxNull)} s, redkeep ${range(figures.redkeepNull)} s; speed ratio ${range(ratios(figures.nginxNull, figures.redkeepNull))}`,
        `peak RSS of the whole process, its backup included, ${(await residentMiB(service.pid, 'VmHWM')).toFixed(0)} MiB`,
      ];
    } finally {
      await nginx.stop();
    }
  } finally {
    await service.stop();
    await rm(place, { recursive: true, force: true });
  }
}

/** Backs a source up, ends it, and resolves to a link to the backup, whose conversion is over. */
async function makeLink(place: string, port: number, megabytes: number): Promise<string> {
  const credential = JSON.parse(await readFile(join(place, 'site', 'default.credential'), 'utf8'));
  const client = createClient({ ...credential, endpoint: `http://127.0.0.1:${port}`, region: 'ap-guangzhou' });
  const ended = async (TaskId: number) => {
    for (;;) {
      const { Status, TaskMessage } = await client.call<{ Status: string; TaskMessage: string }>('redis', 'DescribeTaskInfo', { TaskId });
      if (Status === 'succeed') {
        return;
      }
      if (Status === 'failed') {
        throw new Error(TaskMessage);
      }
      await sleep(100);
    }
  };
  const source = await startSource(place, megabytes);
  try {
    const attach = { InstanceName: 'bench', Host: '127.0.0.1', Port: source.port };
    const { InstanceId, TaskId } = await client.call<{ InstanceId: string; TaskId: number }>('redkeep', 'AttachInstance', attach);
    await ended(TaskId);
    await ended((await client.call<{ TaskId: number }>('redis', 'ManualBackupInstance', { InstanceId })).TaskId);
    for (let link = ''; ; await sleep(100)) {
      const page = await client.call<{ BackupSet: Array<{ BackupId: string; Status: number }> }>('redis', 'DescribeInstanceBackups', {
        InstanceId,
      });
      const [backup] = page.BackupSet;
      if (backup?.Status === 4) {
        return link;
      }
      if (link === '' && backup !== undefined) {
        const { DownloadUrl } = await client.call<{ DownloadUrl: string[] }>('redis', 'DescribeBackupUrl', {
          InstanceId,
          BackupId: backup.BackupId,
        });
        link = DownloadUrl[0] ?? '';
      }
    }
  } finally {
    await source.stop();
  }
}

/** Seconds. */
async function fetchBy(url: string, output: string): Promise<number> {
  const startedAt = performance.now();
  const curl = spawn('curl', ['--silent', '--fail', '--output', output, url], { stdio: 'ignore' });
  const [code] = await once(curl, 'exit');
  if (code !== 0) {
    throw new Error(`curl ended with ${code}`);
  }
  return (performance.now() - startedAt) / 1000;
}

/** As Debian configures it for files: sendfile, tcp_nopush, one worker for each core. */
async function startNginx(place: string): Promise<{ url: string; stop(): Promise<void> }> {
  if (spawnSync(NGINX, ['-v']).error !== undefined) {
    throw new Error(`there is no ${NGINX}: apt-get install nginx-light, or name one with REDKEEP_NGINX`);
  }
  const port = await freePort();
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${place}/${name};`);
  const config = `worker_processes auto; daemon off; pid ${place}/nginx.pid; error_log ${place}/nginx.log; ${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http { access_log off; sendfile on; tcp_nopush on; ${paths.join(' ')} server { listen 127.0.0.1:${port}; root ${place}; } }
`;
  await writeFile(join(place, 'nginx.conf'), config);
  const nginx = spawn(NGINX, ['-p', place, '-e', join(place, 'nginx.log'), '-c', join(place, 'nginx.conf')], { stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${url}/nginx.conf`)
      .then(({ ok }) => ok)
      .catch(() => false))
  ) {
    if (nginx.exitCode !== null) {
      throw new Error(`nginx ended with ${nginx.exitCode}`);
    }
    await sleep(50);
  }
  return {
    url,
    async stop() {
      const exited = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await exited;
    },
  };
}
