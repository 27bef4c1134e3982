import { regions } from '../../regions.ts';
import { PolicyError, show } from './policy-error.ts';
import { compileWildcard } from './wildcard.ts';

/** What a call works on. `everything` is what a call needs that names no instance. */
export type Resource = 'everything' | NamedResource;

export interface NamedResource {
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  /** The last segment, such as `instance/crs-5a4py64p`. */
  readonly name: string;
}

/** One entry of a statement's `resource`. */
export interface ResourcePattern {
  matches(resource: NamedResource): boolean;
  /** Whether it covers all that `service` has, in every region: only that permits an action which names no instance. */
  coversAll(service: string): boolean;
  /** Whether it covers all, some or no instances of a region. */
  coverage(scope: Omit<NamedResource, 'name'>): 'all' | 'some' | 'none';
}

/** Region codes of old documents ("CAM-enabled resources" page of Redis), which no call carries any more. */
const SHORT_REGIONS: Readonly<Record<string, string>> = {
  gz: 'ap-guangzhou',
  sh: 'ap-shanghai',
  bj: 'ap-beijing',
  cd: 'ap-chengdu',
  cq: 'ap-chongqing',
  nj: 'ap-nanjing',
  tsn: 'ap-tianjin',
  hk: 'ap-hongkong',
  sg: 'ap-singapore',
  kr: 'ap-seoul',
  jp: 'ap-tokyo',
  th: 'ap-bangkok',
  in: 'ap-mumbai',
  de: 'eu-frankfurt',
  ru: 'eu-moscow',
  ca: 'na-toronto',
  usw: 'na-siliconvalley',
  use: 'na-ashburn',
  shjr: 'ap-shanghai-fsi',
  szjr: 'ap-shenzhen-fsi',
};

/** Products that are served here: for these a region or account that cannot exist is a slip, and a slip in a deny would deny nothing. */
const OWN_SERVICES: ReadonlySet<string> = new Set(['redis', 'redkeep', 'cam', 'sts']);

const EVERY_RESOURCE: ResourcePattern = { matches: () => true, coversAll: () => true, coverage: () => 'all' };

/** `owner` is the account that the policy belongs to: what an empty account segment stands for. Throws PolicyError. */
export function parseResource(text: string, owner: string, where: string): ResourcePattern {
  if (text === '*') {
    return EVERY_RESOURCE;
  }
  const [qcs, project, service, region, account, ...rest] = text.split(':');
  const name = rest.join(':');
  if (qcs !== 'qcs' || project === undefined || !service || region === undefined || account === undefined || name === '') {
    throw new PolicyError('resource-form', {
      en: `${where}: the resource is ${show(text)}; it must be * or qcs::<service>:<region>:<account>:<resource>, such as qcs::redis:ap-guangzhou::instance/*.`,
      zh: `${where}: resource 为 ${show(text)}，必须是 * 或 qcs::<service>:<region>:<account>:<resource>，例如 qcs::redis:ap-guangzhou::instance/*。`,
    });
  }
  if (project !== '' && project !== '*') {
    throw new PolicyError('resource-project', {
      en: `${where}: the resource ${show(text)} names a project; its second segment must be empty.`,
      zh: `${where}: resource ${show(text)} 指定了项目，第二段必须为空。`,
    });
  }
  if (service === 'redkeep' && name.startsWith('instance/')) {
    throw new PolicyError('resource-form', {
      en: `${where}: the resource is ${show(text)}; instances belong to service redis, also for actions of redkeep.`,
      zh: `${where}: resource 为 ${show(text)}，实例属于 redis 服务，redkeep 的接口也一样。`,
    });
  }
  const isOwn = OWN_SERVICES.has(service);
  const regionPattern = parseRegion(region, isOwn, where);
  const accountPattern = parseAccount(account, owner, isOwn, where);
  const matchesService = compileWildcard(service);
  const matchesRegion = compileWildcard(regionPattern);
  const matchesAccount = compileWildcard(accountPattern);
  const matchesName = compileWildcard(name);
  const coversAllNames = name === '*';
  const matchesScope = (scope: Omit<NamedResource, 'name'>) =>
    matchesService(scope.service) && matchesRegion(scope.region) && matchesAccount(`uin/${scope.accountId}`);
  return {
    matches: (resource) => matchesScope(resource) && matchesName(resource.name),
    coversAll: (candidate) => coversAllNames && regionPattern === '*' && matchesAccount(`uin/${owner}`) && matchesService(candidate),
    coverage(scope) {
      if (!matchesScope(scope)) {
        return 'none';
      }
      return coversAllNames || name === 'instance/*' ? 'all' : 'some';
    },
  };
}

function parseRegion(text: string, isOwn: boolean, where: string): string {
  if (text === '') {
    return '*';
  }
  const region = Object.hasOwn(SHORT_REGIONS, text) ? (SHORT_REGIONS[text] ?? text) : text;
  if (isOwn && !region.includes('*') && !regions.has(region)) {
    throw new PolicyError('resource-region', {
      en: `${where}: the resource names the region ${show(text)}, which is not known; leave it empty for all.`,
      zh: `${where}: resource 中的地域 ${show(text)} 未知，留空表示所有地域。`,
    });
  }
  return region;
}

function parseAccount(text: string, owner: string, isOwn: boolean, where: string): string {
  const own = `uin/${owner}`;
  if (text === '') {
    return own;
  }
  if (isOwn && !compileWildcard(text)(own)) {
    throw new PolicyError('resource-account', {
      en: `${where}: the resource names the account ${show(text)}; it must be empty or ${own}.`,
      zh: `${where}: resource 中的账号为 ${show(text)}，必须为空或 ${own}。`,
    });
  }
  return text;
}
