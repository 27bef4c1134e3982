import type { Selectable } from 'kysely';
import type { Attachment, PolicyRecord, PolicyStore } from '../access.ts';
import { prepareQuery } from '../prepared-query.ts';
import type { PolicyAttachmentTable, PolicyTable } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { containing, foldCase, isLike } from './contains.ts';
import { expectOneRow } from './expect-one-row.ts';

/** Whose account a preset policy has. */
const EVERYBODY = '';

export function createPolicyStore({ db, reader, prepared }: Scope): PolicyStore {
  const visible = (accountId: string) => db.selectFrom('policies').where('policies.account_id', 'in', [accountId, EVERYBODY]);

  return {
    async insert(policy) {
      await db.insertInto('policies').values(toRow(policy)).execute();
    },

    async get(accountId, policyId) {
      return firstPolicy(await reader.rows(visible(accountId).selectAll().where('policy_id', '=', policyId).compile()));
    },

    async byName(accountId, name) {
      return firstPolicy(await reader.rows(visible(accountId).selectAll().where('name', '=', name).compile()));
    },

    async list({ accountId, kind, nameContains, attachedTo, limit, offset }) {
      let matching = visible(accountId);
      if (kind !== undefined) {
        matching = matching.where('kind', '=', kind);
      }
      if (nameContains !== undefined) {
        matching = matching.where(isLike('name_folded', containing(nameContains)));
      }
      if (attachedTo !== undefined) {
        matching = matching.where('policies.policy_id', 'in', (eb) =>
          eb.selectFrom('policy_attachments').select('policy_id').where('account_id', '=', accountId).where('uin', '=', attachedTo),
        );
      }
      const page = matching
        .selectAll('policies')
        .select((eb) =>
          eb
            .selectFrom('policy_attachments')
            .whereRef('policy_attachments.policy_id', '=', 'policies.policy_id')
            .where('policy_attachments.account_id', '=', accountId)
            .select((count) => count.fn.countAll<number>().as('attachments'))
            .as('attachments'),
        )
        // `preset` sorts behind `custom`.
        .orderBy('kind', 'desc')
        .orderBy('created_at')
        .orderBy('policy_id')
        .limit(limit)
        .offset(offset);
      const count = matching.select((eb) => eb.fn.countAll<number>().as('total'));
      const [rows, counts] = await Promise.all([reader.rows(page.compile()), reader.rows(count.compile())]);
      return { total: counts[0]?.total ?? 0, policies: rows.map((row) => ({ ...toPolicy(row), attachments: row.attachments ?? 0 })) };
    },

    async ofUser(accountId, uin) {
      const query = prepared('policies of user', () =>
        prepareQuery<{ accountId: string; uin: string }, object>((place) =>
          db
            .selectFrom('policy_attachments')
            .innerJoin('policies', 'policies.policy_id', 'policy_attachments.policy_id')
            .select(['policies.policy_id', 'policies.name', 'policies.document'])
            .where('policy_attachments.account_id', '=', place('accountId'))
            .where('policy_attachments.uin', '=', place('uin'))
            .orderBy('policy_attachments.policy_id'),
        ),
      );
      const rows = (await reader.tuples(query.bind({ accountId, uin }))) as Array<[policyId: number, name: string, document: string]>;
      return rows.map(([policyId, name, document]) => ({ policyId, name, document }));
    },

    async update(accountId, policyId, { name, description, document, updatedAt }) {
      const result = await db
        .updateTable('policies')
        .set({
          updated_at: updatedAt,
          ...(name === undefined ? {} : { name, name_folded: foldCase(name) }),
          ...(description === undefined ? {} : { description }),
          ...(document === undefined ? {} : { document }),
        })
        .where('account_id', '=', accountId)
        .where('policy_id', '=', policyId)
        .where('kind', '=', 'custom')
        .executeTakeFirst();
      expectOneRow(result.numUpdatedRows, `there is no custom policy ${policyId}`);
    },

    async delete(accountId, policyId) {
      const result = await db
        .deleteFrom('policies')
        .where('account_id', '=', accountId)
        .where('policy_id', '=', policyId)
        .where('kind', '=', 'custom')
        .executeTakeFirst();
      expectOneRow(result.numDeletedRows, `there is no custom policy ${policyId}`);
    },

    async attach({ accountId, uin, policyId, attachedAt, attachedBy }) {
      await db
        .insertInto('policy_attachments')
        .values({ account_id: accountId, uin, policy_id: policyId, attached_at: attachedAt, attached_by: attachedBy })
        .onConflict((conflict) => conflict.columns(['account_id', 'uin', 'policy_id']).doNothing())
        .execute();
    },

    async detach(accountId, uin, policyId) {
      await db
        .deleteFrom('policy_attachments')
        .where('account_id', '=', accountId)
        .where('uin', '=', uin)
        .where('policy_id', '=', policyId)
        .execute();
    },

    async attachments(of) {
      const all = db.selectFrom('policy_attachments').selectAll().where('account_id', '=', of.accountId);
      const query = 'uin' in of ? all.where('uin', '=', of.uin) : all.where('policy_id', '=', of.policyId);
      return (await reader.rows(query.orderBy('attached_at').orderBy('uin').orderBy('policy_id').compile())).map(toAttachment);
    },
  };
}

function firstPolicy(rows: ReadonlyArray<Selectable<PolicyTable>>): PolicyRecord | undefined {
  return rows[0] === undefined ? undefined : toPolicy(rows[0]);
}

function toRow(policy: PolicyRecord): Selectable<PolicyTable> {
  return {
    policy_id: policy.policyId,
    account_id: policy.accountId,
    name: policy.name,
    name_folded: foldCase(policy.name),
    kind: policy.kind,
    description: policy.description,
    document: policy.document,
    created_at: policy.createdAt,
    updated_at: policy.updatedAt,
  };
}

function toPolicy(row: Selectable<PolicyTable>): PolicyRecord {
  return {
    policyId: row.policy_id,
    accountId: row.account_id,
    name: row.name,
    kind: row.kind,
    description: row.description,
    document: row.document,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toAttachment(row: Selectable<PolicyAttachmentTable>): Attachment {
  return {
    accountId: row.account_id,
    uin: row.uin,
    policyId: row.policy_id,
    attachedAt: row.attached_at,
    attachedBy: row.attached_by,
  };
}
