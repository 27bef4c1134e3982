import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Backup, BackupQuery, BackupState } from '../catalog.ts';
import { prepareQuery } from '../prepared-query.ts';
import type { Schema } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { BACKUP_COLUMNS, type BackupTuple, toBackup } from './backup-tuple.ts';
import { containing, isLike } from './contains.ts';

type BackupPage = { total: number; backups: Backup[] };

/** Which conditions a query has; statements are prepared once for each shape. */
interface Shape {
  readonly states: number;
  readonly instance: boolean;
  /** Whether the instances are limited to a list. */
  readonly instances: boolean;
  readonly name: boolean;
  readonly from: boolean;
  readonly to: boolean;
}

/** The values of all conditions that a shape can have. */
interface Args {
  accountId: string;
  region: string;
  instanceId: string;
  /** As a JSON array. */
  instanceIds: string;
  namePattern: string;
  startedFrom: number;
  startedTo: number;
  limit: number;
  offset: number;
  [state: `state${number}`]: BackupState;
}

type Place = <Name extends keyof Args>(name: Name) => Args[Name];

/** One page and the count of all matches: two statements on one state of the catalog. */
export async function readBackupPage(scope: Scope, query: BackupQuery): Promise<BackupPage> {
  if (query.instanceNameContains === undefined) {
    return readPage(scope, query);
  }
  const named = await namedInstances(scope, query);
  const [only] = named;
  if (only === undefined) {
    return { total: 0, backups: [] };
  }
  return named.length === 1 ? readPage(scope, { ...query, instanceId: only }, false) : readPage(scope, query);
}

async function readPage(scope: Scope, query: BackupQuery, byName = query.instanceNameContains !== undefined): Promise<BackupPage> {
  if (query.states.length === 0 || query.instanceIds?.length === 0) {
    return { total: 0, backups: [] };
  }
  const shape: Shape = {
    states: query.states.length,
    instance: query.instanceId !== undefined,
    instances: query.instanceIds !== undefined,
    name: byName,
    from: query.startedFrom !== undefined,
    to: query.startedTo !== undefined,
  };
  const { page, count } = prepareShape(scope, shape);
  const args: Args = {
    accountId: query.accountId,
    region: query.region,
    instanceId: query.instanceId ?? '',
    instanceIds: JSON.stringify(query.instanceIds ?? []),
    namePattern: byName ? containing(query.instanceNameContains ?? '') : '',
    startedFrom: query.startedFrom ?? 0,
    startedTo: query.startedTo ?? 0,
    limit: query.limit,
    offset: query.offset,
  };
  for (const [index, state] of query.states.entries()) {
    args[`state${index}`] = state;
  }
  const [rows, counts] = await Promise.all([scope.reader.tuples(page.bind(args)), scope.reader.tuples(count.bind(args))]);
  return {
    total: (counts[0]?.[0] as number | null) ?? 0,
    backups: rows.map((row) => toBackup(row as BackupTuple, query.accountId, query.region)),
  };
}

function prepareShape(scope: Scope, shape: Shape) {
  const page = () => prepareQuery<Args, object>((place) => pageQuery(scope, shape, place));
  const count = () => prepareQuery<Args, object>((place) => countQuery(scope, shape, place));
  const key = `${shape.states} ${shape.instance} ${shape.instances} ${shape.name} ${shape.from} ${shape.to}`;
  return { page: scope.prepared(`page ${key}`, page), count: scope.prepared(`count ${key}`, count) };
}

function pageQuery(scope: Scope, shape: Shape, place: Place) {
  return matchingBackups(scope, shape, place)
    .select(BACKUP_COLUMNS)
    .orderBy('started_at')
    .orderBy('backup_id')
    .limit(place('limit'))
    .offset(place('offset'));
}

/** Without a range of time the counters answer, however many backups there are. */
function countQuery(scope: Scope, shape: Shape, place: Place) {
  const { db } = scope;
  if (shape.from || shape.to) {
    return matchingBackups(scope, shape, place).select((eb) => eb.fn.countAll<number>().as('total'));
  }
  return db
    .selectFrom('backup_counts')
    .select((eb) => eb.fn.sum<number | null>('backups').as('total'))
    .where('account_id', '=', place('accountId'))
    .where('region', '=', place('region'))
    .where('state', 'in', statePlaces(shape, place))
    .$if(shape.instance, (query) => query.where('instance_id', '=', place('instanceId')))
    .$if(shape.instances, (query) => query.where('instance_id', 'in', instanceTexts(scope, place)))
    .$if(shape.name, (query) => query.where('instance_id', 'in', namedInstancesQuery(db, place)));
}

function matchingBackups(scope: Scope, shape: Shape, place: Place) {
  const { db } = scope;
  return (
    db
      .selectFrom('backups')
      .where('account_id', '=', place('accountId'))
      .where('region', '=', place('region'))
      .where('state', 'in', statePlaces(shape, place))
      .$if(shape.instance, (query) => query.where('instance_id', '=', place('instanceId')))
      // An expression instead of the bare column: read in the order of time and stop at the page's end, not instance by instance and sort all.
      .$if(shape.instances, (query) => query.where(sql<string>`instance_id || ''`, 'in', instanceTexts(scope, place)))
      .$if(shape.name, (query) => query.where(sql<string>`instance_id || ''`, 'in', namedInstancesQuery(db, place)))
      .$if(shape.from, (query) => query.where('started_at', '>=', place('startedFrom')))
      .$if(shape.to, (query) => query.where('started_at', '<=', place('startedTo')))
  );
}

/** The states as a condition's list; a state that is asked for twice counts once. */
function statePlaces(shape: Shape, place: Place): BackupState[] {
  return Array.from({ length: shape.states }, (_, index) => place(`state${index}`));
}

/** Given as one JSON array. */
function instanceTexts({ sql: dialect }: Scope, place: Place): RawBuilder<string> {
  return dialect.textsOf(sql.val(place('instanceIds')));
}

function namedInstancesQuery(db: Kysely<Schema>, place: Place) {
  return db
    .selectFrom('instances')
    .select('instance_id')
    .where('account_id', '=', place('accountId'))
    .where('region', '=', place('region'))
    .where(isLike('name_folded', place('namePattern')));
}

async function namedInstances({ db, reader }: Scope, query: BackupQuery): Promise<string[]> {
  const named = db
    .selectFrom('instances')
    .select('instance_id')
    .where('account_id', '=', query.accountId)
    .where('region', '=', query.region)
    .where(isLike('name_folded', containing(query.instanceNameContains ?? '')))
    .$if(query.instanceId !== undefined, (instances) => instances.where('instance_id', '=', query.instanceId ?? ''))
    .limit(2);
  return (await reader.rows(named.compile())).map((row) => row.instance_id);
}
