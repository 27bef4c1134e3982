import { regions } from '../../regions.ts';
import { PolicyError, show } from './policy-error.ts';
import { compileWildcard } from './wildcard.ts';

/** Where a call works. */
export interface Scope {
  readonly service: string;
  /** `` for a product that has no regions. */
  readonly region: string;
  readonly accountId: string;
}

export interface NamedResource extends Scope {
  /** The last segment, such as `instance/crs-5a4py64p`. */
  readonly name: string;
}

/** What a call needs that names no instance. */
export interface Everything extends Scope {
  readonly name: undefined;
}

/** What a call works on. */
export type Resource = NamedResource | Everything;

/** One entry of a statement's `resource`. */
export interface ResourcePattern {
  /** As it was given. */
  readonly text: string;
  /** Undefined of `*`. */
  readonly segments: Segments | undefined;
  matches(resource: NamedResource): boolean;
  /** For who has many names in one scope: what `matches` there, the one name or a test of names; undefined where it matches none. */
  namesIn(scope: Scope): string | ((name: string) => boolean) | undefined;
  /** Whether it covers all that the service has, in every region: only that permits an action which names no instance. */
  coversAll(scope: Scope): boolean;
  /** Whether it covers all that the service has in the region of the call: that is enough to deny it. */
  coversRegion(scope: Scope): boolean;
  /** Whether it covers all, some or no instances of a region. */
  coverage(scope: Scope): 'all' | 'some' | 'none';
  isOf(service: string): boolean;
}

/** What the segments of a resource may hold, with `*` anywhere. */
export interface Segments {
  /** In lower case. */
  readonly service: string;
  /** `*` where it was empty; an old code is its region's name. */
  readonly region: string;
  /** The owner where it was empty. */
  readonly account: string;
  readonly name: string;
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
export const OWN_SERVICES: ReadonlySet<string> = new Set(['redis', 'redkeep', 'cam', 'sts', 'region', 'tag']);

const EVERY_RESOURCE: ResourcePattern = {
  text: '*',
  segments: undefined,
  matches: () => true,
  namesIn: () => () => true,
  coversAll: () => true,
  coversRegion: () => true,
  coverage: () => 'all',
  isOf: () => true,
};

/** The region's name for its name or old code; undefined where there is no such region. */
export function toRegionName(text: string): string | undefined {
  const region = expandRegion(text);
  return regions.has(region) ? region : undefined;
}

function expandRegion(text: string): string {
  return Object.hasOwn(SHORT_REGIONS, text) ? (SHORT_REGIONS[text] ?? text) : text;
}

/** `owner` is the account that the policy belongs to: what an empty account segment stands for. Throws PolicyError. */
export function parseResource(text: string, owner: string, where: string): ResourcePattern {
  if (text === '*') {
    return EVERY_RESOURCE;
  }
  const [qcs, project, givenService, region, account, ...rest] = text.split(':');
  // Services are all lower case, so another case is a slip, which in a deny would deny nothing.
  const service = givenService?.toLowerCase();
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
  const isOf = compileWildcard(service);
  const matchesRegion = compileWildcard(regionPattern);
  const matchesAccount = compileWildcard(accountPattern);
  const matchesName = compileWildcard(name);
  const names = name.includes('*') ? matchesName : name;
  const coversAllNames = name === '*';
  const matchesAccountOf = (scope: Scope) => isOf(scope.service) && matchesAccount(`uin/${scope.accountId}`);
  const matchesScope = (scope: Scope) => matchesAccountOf(scope) && matchesRegion(scope.region);
  return {
    text,
    segments: { service, region: regionPattern, account: accountPattern, name },
    matches: (resource) => matchesScope(resource) && matchesName(resource.name),
    namesIn: (scope) => (matchesScope(scope) ? names : undefined),
    coversAll: (scope) => coversAllNames && regionPattern === '*' && matchesAccountOf(scope),
    coversRegion: (scope) => coversAllNames && matchesScope(scope),
    coverage(scope) {
      if (!matchesScope(scope)) {
        return 'none';
      }
      return coversAllNames || name === 'instance/*' ? 'all' : 'some';
    },
    isOf,
  };
}

function parseRegion(text: string, isOwn: boolean, where: string): string {
  if (text === '') {
    return '*';
  }
  const region = expandRegion(text);
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
