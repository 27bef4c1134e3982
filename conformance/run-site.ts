import { isRequired } from '../test/harness/required.ts';
import { startService } from '../test/harness/service.ts';
import { type ClientProgram, startClientProgram } from './client-program.ts';
import type { Language, Programs } from './installed-programs.ts';
import { programsOf } from './installed-programs.ts';
import { HOST_NAME, type Result, ROWS, type Row, type SiteName, siteOf, TERRAFORM_ROWS } from './plan.ts';
import { followScenario } from './scenario.ts';
import { checkTerraformOrder, checkTerraformResources } from './terraform.ts';

/** Runs every row of a site on a data directory and tells each result when it is there. */
export async function runSite(site: SiteName, dataDir: string, report: (result: Result) => void): Promise<void> {
  const programs = createProgramSource();
  const service = await startService(dataDir, {
    command: 'up',
    // A proof holds its backup for a moment, so that Locked may differ between two lists.
    env: { REDKEEP_PROOF: 'none' },
    ...(site === 'namespace' ? { args: ['--port', '80'] } : {}),
  });
  try {
    await service.printed('Serving until');
    for (const rows of Map.groupBy(
      ROWS.filter(({ address }) => siteOf(address) === site),
      ({ client }) => client,
    ).values()) {
      await runRows(rows, programs, { port: service.port, credential: service.credential }, report);
    }
  } finally {
    await service.stop();
  }
  await runTerraformRows(site, dataDir, programs, report);
}

/** All rows of one client, through one process. */
async function runRows(
  rows: readonly Row[],
  programs: ProgramSource,
  service: { readonly port: number; readonly credential: { readonly secretId: string; readonly secretKey: string } },
  report: (result: Result) => void,
): Promise<void> {
  let program: ClientProgram | undefined;
  for (const { name, client, form, address, length, withBurst, withLife } of rows) {
    const result = await attempt(name, programs, client.language, async ({ commands, path }) => {
      program ??= startClientProgram(commands[client.program] ?? [], path);
      await followScenario({
        client,
        form: form.form,
        address: address.replace('PORT', String(service.port)),
        credential: service.credential,
        ask: program.ask,
        length,
        withBurst,
        withLife,
      });
    });
    report(result);
    if (result.outcome === 'failed') {
      // It may have ended or be out of step; the next row gets a fresh one.
      await program?.[Symbol.asyncDispose]();
      program = undefined;
    }
  }
  await program?.[Symbol.asyncDispose]();
}

async function runTerraformRows(site: SiteName, dataDir: string, programs: ProgramSource, report: (result: Result) => void): Promise<void> {
  // The data source may name no instance; only profile `current` lists then.
  const service = await startService(dataDir, { command: 'serve', args: ['--profile', 'current'] });
  try {
    for (const { name, listing } of TERRAFORM_ROWS.filter((row) => row.site === site)) {
      report(
        await attempt(name, programs, 'go', async ({ commands }) => {
          const root = site === 'namespace' ? { rootDomain: HOST_NAME.slice(HOST_NAME.indexOf('.') + 1) } : {};
          const check = listing === 'resources' ? checkTerraformResources : checkTerraformOrder;
          await check(commands['terraform-order'] ?? [], service, { listing, ...root });
        }),
      );
    }
  } finally {
    await service.stop();
  }
}

async function attempt(
  name: string,
  programs: ProgramSource,
  language: Language,
  run: (programs: Programs) => Promise<void>,
): Promise<Result> {
  try {
    const found = await programs(language);
    if (found === undefined) {
      return { name, outcome: isRequired(language) ? 'failed' : 'skipped', detail: `${language} is not on this machine` };
    }
    await run(found);
    return { name, outcome: 'passed', detail: '' };
  } catch (error) {
    return { name, outcome: 'failed', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

type ProgramSource = (language: Language) => Promise<Programs | undefined>;

function createProgramSource(): ProgramSource {
  const known = new Map<Language, Promise<Programs | undefined>>();
  return (language) => {
    const programs = known.get(language) ?? programsOf[language]();
    known.set(language, programs);
    return programs;
  };
}
