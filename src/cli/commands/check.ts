import type { AddCommand } from '../cli.ts';
import { EXIT } from '../exit-codes.ts';
import { withSite } from '../options.ts';
import { renderJson } from '../output.ts';

/** `redkeep check`. */
export const addCheckCommand: AddCommand = (program, io, finish) => {
  withSite(program.command('check'))
    .description('read catalog and repository and report every inconsistency; safe beside a running server')
    .action((options: { dataDir?: string; catalog?: string; storage?: string; json?: boolean }) =>
      finish(async () => {
        const { check } = await import('../../app/check.ts');
        const report = await check(options, io.env);
        if (options.json) {
          io.out(renderJson(report));
        } else {
          for (const finding of report.findings) {
            io.out(`${finding.subject}: ${finding.problem}\n`);
          }
          io.out(`${report.backups} backups, ${report.storedBytes} stored bytes read, ${report.findings.length} inconsistencies\n`);
        }
        return report.findings.length === 0 ? EXIT.ok : EXIT.faultFound;
      }),
    );
};
