import type { Static } from 'typebox';
import type { InstanceSecrets } from '../../catalog/catalog.ts';
import { createInstanceId } from '../../lib/ids.ts';
import { type ActionContext, defineAction } from '../action.ts';
import type { Message } from '../errors/message.ts';
import { bool, int64, optional, structure, text } from '../schema.ts';
import { findPemFault } from './find-pem-fault.ts';

const MOST_NAME_LENGTH = 60;
const MOST_SECRET_LENGTH = 512;
const MOST_PEM_LENGTH = 65_536;

const input = structure({
  InstanceName: text('Name, 1 to 60 characters.'),
  Host: text('Host name or address of the server.'),
  Port: int64('Port of the server, 1 to 65535.'),
  UserName: optional(text('ACL user, at most 512 characters; absent: the default user.')),
  Password: optional(text('Password, at most 512 characters. It is stored encrypted and never shown.')),
  Tls: optional(bool('Connect with TLS. Default: false, or true where a certificate is given.')),
  CaCert: optional(text("PEM of the authority that signed the server's certificate; absent: the system's.")),
  ClientCert: optional(text('PEM of the client certificate; together with ClientKey.')),
  ClientKey: optional(text('PEM of the client key. It is stored encrypted and never shown.')),
  PreferReplica: optional(
    bool('Read backups from a replica that the server lists, with the same user and password, where one is fit for it. Default: false.'),
  ),
});

type Input = Static<typeof input>;
type Context = ActionContext<'InvalidParameter.InvalidParameter'>;

export const AttachInstance = defineAction({
  name: 'AttachInstance',
  product: 'redkeep',
  summary: 'Registers a running Redis or Valkey.',
  description: 'A task looks at the server; where that fails, the task says why and the instance is gone again.',
  input,
  output: structure({
    InstanceId: text('Id of the new instance.'),
    TaskId: int64('Task to ask DescribeTaskInfo about.'),
  }),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError', 'InvalidParameter.InvalidParameter'],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceName: 'orders', Host: '127.0.0.1', Port: 6379, UserName: 'backup', Password: 'correct horse' },
    output: { InstanceId: 'crs-0k3v9x2m', TaskId: 2 },
  },

  async handle(parameters, ctx) {
    assertAddress(parameters, ctx);
    assertSecrets(parameters, ctx);
    const { catalog, clock, sealSecrets, wakeWorker } = ctx.services;
    const instanceId = createInstanceId();
    const createdAt = clock.now();
    const { accountId } = ctx.principal;
    const region = ctx.region;
    const sealedSecrets = sealSecrets(instanceId, toSecrets(parameters));
    const taskId = await catalog.transaction(async (tables) => {
      await tables.instances.insert({
        instanceId,
        accountId,
        region,
        name: parameters.InstanceName,
        kind: 'attached',
        state: 'attaching',
        host: parameters.Host,
        port: parameters.Port,
        user: parameters.UserName ?? '',
        sealedSecrets,
        tls: parameters.Tls ?? hasPem(parameters),
        serverKind: '',
        serverVersion: '',
        usedMemoryBytes: 0,
        maxMemoryBytes: 0,
        replicas: 0,
        createdAt,
        detachedAt: null,
        zoneId: 0,
        projectId: 0,
        deleteProtection: false,
        preferReplica: parameters.PreferReplica ?? false,
      });
      return tables.tasks.enqueue({
        accountId,
        region,
        instanceId,
        kind: 'attach-instance',
        subject: '',
        payload: '{}',
        exclusiveKey: instanceId,
        createdAt,
        requestedBy: ctx.principal.uin,
      });
    });
    wakeWorker();
    return { InstanceId: instanceId, TaskId: taskId };
  },
});

function assertAddress({ InstanceName, Host, Port }: Input, ctx: Context): void {
  if (InstanceName.trim() === '' || InstanceName.length > MOST_NAME_LENGTH || hasControls(InstanceName)) {
    throw invalid(ctx, {
      en: `InstanceName must have 1 to ${MOST_NAME_LENGTH} characters, none of them a control character.`,
      zh: `InstanceName 的长度必须为 1 到 ${MOST_NAME_LENGTH} 个字符，且不能包含控制字符。`,
    });
  }
  if (!/^[A-Za-z0-9_.:%-]{1,253}$/.test(Host)) {
    const host = JSON.stringify(Host.slice(0, 64));
    throw invalid(ctx, {
      en: `Host is ${host}; it must be a host name or an address without brackets.`,
      zh: `Host 为 ${host}，必须是主机名或不带方括号的地址。`,
    });
  }
  if (Port < 1 || Port > 65_535) {
    throw invalid(ctx, { en: `Port is ${Port}; it must be 1 to 65535.`, zh: `Port 为 ${Port}，必须是 1 到 65535。` });
  }
}

function assertSecrets(parameters: Input, ctx: Context): void {
  for (const name of ['UserName', 'Password'] as const) {
    const value = parameters[name] ?? '';
    if (value.length > MOST_SECRET_LENGTH || value.includes('\0')) {
      throw invalid(ctx, {
        en: `${name} has ${value.length} characters; it must have at most ${MOST_SECRET_LENGTH} and none of them NUL.`,
        zh: `${name} 有 ${value.length} 个字符，最多 ${MOST_SECRET_LENGTH} 个，且不能包含 NUL。`,
      });
    }
  }
  for (const name of ['CaCert', 'ClientCert', 'ClientKey'] as const) {
    const pem = parameters[name];
    if (pem !== undefined && (pem.length > MOST_PEM_LENGTH || !pem.trimStart().startsWith('-----BEGIN '))) {
      throw invalid(ctx, {
        en: `${name} has ${pem.length} characters; it must be a PEM text of at most ${MOST_PEM_LENGTH}.`,
        zh: `${name} 有 ${pem.length} 个字符，必须是最多 ${MOST_PEM_LENGTH} 个字符的 PEM 文本。`,
      });
    }
  }
  if ((parameters.ClientCert === undefined) !== (parameters.ClientKey === undefined)) {
    throw invalid(ctx, {
      en: 'ClientCert and ClientKey go together: give both or neither.',
      zh: 'ClientCert 与 ClientKey 必须同时提供或同时省略。',
    });
  }
  if (parameters.Tls === false && hasPem(parameters)) {
    throw invalid(ctx, {
      en: 'Tls is false; CaCert, ClientCert and ClientKey need it to be true or absent.',
      zh: 'Tls 为 false，而 CaCert、ClientCert 和 ClientKey 要求它为 true 或省略。',
    });
  }
  const fault = findPemFault(parameters);
  if (fault !== undefined) {
    throw invalid(ctx, fault);
  }
}

function hasPem({ CaCert, ClientCert }: Input): boolean {
  return CaCert !== undefined || ClientCert !== undefined;
}

function toSecrets({ Password, CaCert, ClientCert, ClientKey }: Input): InstanceSecrets {
  return {
    ...(Password === undefined || Password === '' ? {} : { password: Password }),
    ...(CaCert === undefined ? {} : { ca: CaCert }),
    ...(ClientCert === undefined ? {} : { cert: ClientCert }),
    ...(ClientKey === undefined ? {} : { key: ClientKey }),
  };
}

function hasControls(value: string): boolean {
  return /\p{Cc}/u.test(value);
}

function invalid(ctx: Context, text: Message): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', text);
}
