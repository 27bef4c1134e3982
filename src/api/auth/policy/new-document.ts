import { regions } from '../../regions.ts';
import { type ActionPattern, type PolicyDocument, parsePolicyDocument } from './document.ts';
import { PolicyError, show } from './policy-error.ts';
import { OWN_SERVICES, type ResourcePattern, type Segments } from './resource.ts';
import { compileWildcard } from './wildcard.ts';

/** Of the products that are served, those whose resources lie in regions. */
const REGIONAL_SERVICES: ReadonlySet<string> = new Set(['redis', 'redkeep']);

/**
 * Reads a document that is about to be kept. Beyond `parsePolicyDocument` it refuses what could never match anything here: a slip of the
 * pen in a deny would deny nothing, silently. Kept documents are read without that, since an action or region that they name may be gone
 * in a later release. `names` are `service:Action` of every action. Throws PolicyError.
 */
export function parseNewDocument(text: string, owner: string, names: readonly string[]): PolicyDocument {
  const document = parsePolicyDocument(text, owner);
  const lowered = names.map((name) => name.toLowerCase());
  for (const [index, { actions, resources }] of document.statements.entries()) {
    const where = `statement ${index + 1}`;
    for (const action of actions) {
      assertAction(action, lowered, where);
    }
    for (const resource of resources) {
      assertResource(resource, owner, where);
    }
  }
  return document;
}

function assertAction({ text, matches }: ActionPattern, lowered: readonly string[], where: string): void {
  if (!lowered.some(matches)) {
    const services = [...OWN_SERVICES].join(', ');
    throw new PolicyError('action', {
      en: `${where}: the action ${show(text)} matches no action of ${services}; write one of those, such as redis:DescribeInstanceBackups or redis:Describe*.`,
      zh: `${where}: action ${show(text)} 不匹配 ${services} 的任何接口，请填写其中的接口，例如 redis:DescribeInstanceBackups 或 redis:Describe*。`,
    });
  }
}

/** What other products' resources are called is not known here; they are taken as they are. */
function assertResource({ text, segments, isOf }: ResourcePattern, owner: string, where: string): void {
  const services = [...OWN_SERVICES].filter(isOf);
  if (segments === undefined || services.length === 0) {
    return;
  }
  assertRegion(segments, services, text, where);
  if (!compileWildcard(segments.account)(`uin/${owner}`)) {
    throw new PolicyError('resource-account', {
      en: `${where}: the resource ${show(text)} names another account; its account must be empty or uin/${owner}.`,
      zh: `${where}: resource ${show(text)} 指定了其他账号，账号必须为空或 uin/${owner}。`,
    });
  }
  if (!OWN_SERVICES.has(segments.service) || segments.name === '*') {
    return;
  }
  if (segments.service !== 'redis') {
    throw new PolicyError('resource', {
      en: `${where}: the resource is ${show(text)}; of ${segments.service} the last segment must be *.`,
      zh: `${where}: resource 为 ${show(text)}，${segments.service} 的最后一段必须为 *。`,
    });
  }
  if (!segments.name.startsWith('instance/') || !canBeInstanceId(segments.name.slice('instance/'.length))) {
    throw new PolicyError('resource', {
      en: `${where}: the resource is ${show(text)}; the last segment must be *, instance/* or instance/<id>, where an id is crs- and eight lower-case letters or digits and may have * for some of them.`,
      zh: `${where}: resource 为 ${show(text)}，最后一段必须为 *、instance/* 或 instance/<id>，其中 id 为 crs- 加八位小写字母或数字，可用 * 代替其中一部分。`,
    });
  }
}

function assertRegion({ region, service }: Segments, services: readonly string[], text: string, where: string): void {
  if (region === '*') {
    return;
  }
  if (!services.some((name) => REGIONAL_SERVICES.has(name))) {
    throw new PolicyError('resource-region', {
      en: `${where}: the resource is ${show(text)}; ${service} has no regions, so its region must be empty.`,
      zh: `${where}: resource 为 ${show(text)}，${service} 不分地域，地域必须为空。`,
    });
  }
  if (![...regions.keys()].some(compileWildcard(region))) {
    throw new PolicyError('resource-region', {
      en: `${where}: the region in the resource ${show(text)} matches no region; write one such as ap-guangzhou or ap-*, or leave it empty for all.`,
      zh: `${where}: resource ${show(text)} 中的地域不匹配任何地域，请填写如 ap-guangzhou 或 ap-*，或留空表示所有地域。`,
    });
  }
}

const ID_PREFIX = 'crs-';
const ID_LENGTH = 12;

/** Whether a pattern fits any id at all. */
function canBeInstanceId(pattern: string): boolean {
  const [start = ''] = pattern.split('*');
  const fixedLength = pattern.replaceAll('*', '').length;
  const isWhole = start.length === pattern.length;
  return (
    /^[a-z0-9*-]+$/.test(pattern) &&
    (start.startsWith(ID_PREFIX) || ID_PREFIX.startsWith(start)) &&
    (isWhole ? fixedLength === ID_LENGTH : fixedLength <= ID_LENGTH)
  );
}
