import { writeFileSync } from 'node:fs';
import { actions } from '../../src/api/registry.ts';
import { ABSENT_CODES, GATEWAY_CODES } from './absent-codes.ts';
import { DOCUMENTED_CODES } from './documented-codes.ts';

/** docs/error-codes.md, out of what the actions declare and the vendor documents. */
export function describeCodes(): string {
  return `${HEAD}\n${actions.map(describeAction).join('\n')}\n\n${REASONS}\n${describeReasons()}\n`;
}

const HEAD = `# Error codes of each action

Written by \`node test/codes/describe-codes.ts --write\` from what the actions declare. Every code of the second column is brought about over HTTP by
\`test/codes/error-codes.test.ts\`, in English and Chinese, and shown to have changed nothing. Any action can answer the codes of the gateway
([wire contract](wire-contract.md)) as well: signature, region, rate, names and types of parameters, and, but for redis, permissions. What a code means
stands there.

A code with a plus is not among those that the vendor documents for the action, but what it says can happen. The third column has the documented codes that
are never answered; why, the second table tells.

| action | codes | documented, cannot arise |
|---|---|---|`;

const REASONS = `## Why a documented code cannot arise

| code | action | reason |
|---|---|---|`;

function describeAction({ name, product, errors }: (typeof actions)[number]): string {
  const documented = DOCUMENTED_CODES[name];
  const codes = [...errors].sort().map((code) => `\`${code}\`${documented === undefined || documented.includes(code) ? '' : '+'}`);
  const absent = (documented ?? []).filter((code) => !(errors as readonly string[]).includes(code) && !GATEWAY_CODES.has(code));
  return `| ${product} \`${name}\` | ${codes.join(', ')} | ${absent.map((code) => `\`${code}\``).join(', ')} |`;
}

function describeReasons(): string {
  return Object.entries(ABSENT_CODES)
    .map(([key, reason]) => {
      const [first = '', second] = key.split(' ');
      return second === undefined ? `| \`${first}\` | all | ${reason} |` : `| \`${second}\` | \`${first}\` | ${reason} |`;
    })
    .sort()
    .join('\n');
}

if (import.meta.main && process.argv.includes('--write')) {
  writeFileSync(new URL('../../docs/error-codes.md', import.meta.url), describeCodes());
}
