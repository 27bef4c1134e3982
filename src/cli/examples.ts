import type { Command } from 'commander';

/** A backup id as it stands in examples. */
export const EXAMPLE_BACKUP = '3a9e9736-e807-11f1-8ba8-6382063ffbc8';
/** An id of an access key, and one of a master key. */
export const EXAMPLE_KEY = 'AKIDx7cNqv4yMvDZq2rFQzKH9dSa5bT1uw0e';
export const EXAMPLE_MASTER_KEY = '0123456789abcdef';

/** One command line for each command, which its `--help` and docs/cli.md show. A test runs them in this order. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  up: 'up --data-dir data',
  serve: 'serve --port 9530 --time-zone Asia/Shanghai',
  'instance attach': 'instance attach redis://127.0.0.1:6379 --name shop',
  'instance create': 'instance create --name cache --memory 1024',
  'instance list': 'instance list',
  'instance rename': 'instance rename cache sessions',
  'instance clear': 'instance clear sessions --password-file password.txt',
  'instance destroy': 'instance destroy sessions',
  'instance start': 'instance start sessions',
  'instance clean-up': 'instance clean-up sessions',
  'backup create': "backup create shop --remark 'before the migration' --storage-days 30",
  'backup list': 'backup list shop --status 2,4',
  'backup show': `backup show shop ${EXAMPLE_BACKUP}`,
  'backup lock': `backup lock shop ${EXAMPLE_BACKUP}`,
  'backup unlock': `backup unlock shop ${EXAMPLE_BACKUP}`,
  'backup verify': 'backup verify shop --all',
  'backup download': `backup download shop ${EXAMPLE_BACKUP} --output shop.rdb`,
  'backup restore': `backup restore ${EXAMPLE_BACKUP} --to shop --yes`,
  'backup clone': `backup clone ${EXAMPLE_BACKUP} --name shop-copy`,
  'backup delete': `backup delete shop ${EXAMPLE_BACKUP} --force`,
  'schedule set': 'schedule set shop --days Monday,Thursday --time 02:00-03:00 --storage-days 30',
  'schedule show': 'schedule show shop',
  'schedule stop': 'schedule stop shop',
  'event list': "event list --instance shop --begin '2026-11-01 00:00:00'",
  'retention resume': 'retention resume shop',
  'retention confirm-clock': 'retention confirm-clock',
  'user add': 'user add alice --with-key',
  'user update': "user update alice --remark 'on call'",
  'user list': 'user list',
  'key create': 'key create --user alice',
  'key list': 'key list --user alice',
  'key disable': `key disable ${EXAMPLE_KEY} --user alice`,
  'key enable': `key enable ${EXAMPLE_KEY} --user alice`,
  'key delete': `key delete ${EXAMPLE_KEY} --user alice`,
  'policy create': 'policy create shop-readers --document policy.json',
  'policy update': "policy update shop-readers --description 'may look'",
  'policy list': 'policy list',
  'policy show': 'policy show shop-readers',
  'policy attach': 'policy attach shop-readers --user alice',
  'policy simulate': 'policy simulate --user alice --action redis:DescribeInstanceBackups --resource crs-5a4py64p',
  'policy detach': 'policy detach shop-readers --user alice',
  'policy delete': 'policy delete shop-readers',
  'user delete': 'user delete alice --force',
  call: 'call DescribeTaskList --TaskTypes.0 012 --Limit 5',
  'instance detach': 'instance detach shop',
  check: 'check',
  'master-key list': 'master-key list',
  'master-key export': 'master-key export keys.txt',
  'master-key import': 'master-key import keys.txt',
  'master-key rotate': 'master-key rotate',
  'master-key remove': `master-key remove ${EXAMPLE_MASTER_KEY} --force`,
  migrate: 'migrate',
  'catalog rebuild': 'catalog rebuild --replace',
};

/** Adds to the help of each command its example. */
export function addExamples(program: Command): void {
  for (const [path, command] of leafCommands(program)) {
    const example = EXAMPLES[path];
    if (example !== undefined) {
      command.addHelpText('after', `\nExample:\n  redkeep ${example}`);
    }
  }
}

/** Every command that does something, by its words. */
export function leafCommands(command: Command, words: readonly string[] = []): Array<[path: string, command: Command]> {
  return command.commands.flatMap((inside) => {
    const path = [...words, inside.name()];
    return inside.commands.length > 0 ? leafCommands(inside, path) : [[path.join(' '), inside] as [string, Command]];
  });
}
