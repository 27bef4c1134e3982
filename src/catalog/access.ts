/** Users, their keys and policies: the catalog's part that says who may call what. Its rules are those of `catalog.ts`. */

/** A sub-account: who calls with keys of its own and may do what its policies allow. The root account has no row. */
export interface User {
  /** Counts up; never used twice. */
  readonly uid: number;
  readonly accountId: string;
  /** Twelve digits; unique over all accounts. */
  readonly uin: string;
  readonly name: string;
  readonly remark: string;
  readonly phone: string;
  readonly countryCode: string;
  readonly email: string;
  readonly createdAt: number;
}

export type UserFacts = Pick<User, 'remark' | 'phone' | 'countryCode' | 'email'>;

export interface UserStore {
  /** Returns the uid. Throws `catalog-conflict` where the uin, or the name within the account, is taken. */
  insert(user: Omit<User, 'uid'>): Promise<number>;
  get(accountId: string, uin: string): Promise<User | undefined>;
  byName(accountId: string, name: string): Promise<User | undefined>;
  /** Oldest first. */
  list(accountId: string): Promise<User[]>;
  /** Throws `catalog-conflict` where there is no such user. */
  update(accountId: string, uin: string, facts: Partial<UserFacts>): Promise<void>;
  /** Removes the user with its keys and attachments; throws `catalog-conflict` where there is none. */
  delete(accountId: string, uin: string): Promise<void>;
}

export type AccessKeyStatus = 'active' | 'inactive';

export interface AccessKey {
  readonly secretId: string;
  readonly accountId: string;
  readonly uin: string;
  /** Sealed by the master key; opaque here. */
  readonly sealedSecretKey: Uint8Array;
  readonly status: AccessKeyStatus;
  readonly description: string;
  readonly createdAt: number;
}

export interface AccessKeyStore {
  /** Throws `catalog-conflict` where the id is taken or the account has no such user. */
  insert(key: AccessKey): Promise<void>;
  get(secretId: string): Promise<AccessKey | undefined>;
  /** Oldest first. */
  ofUser(accountId: string, uin: string): Promise<AccessKey[]>;
  /** Of every user, ordered by id: for `check`. */
  all(): Promise<AccessKey[]>;
  /** Throws `catalog-conflict` where there is no such key. */
  setStatus(secretId: string, status: AccessKeyStatus): Promise<void>;
  /** Throws `catalog-conflict` where there is no such key. */
  delete(secretId: string): Promise<void>;
}

/** preset: of every account, never changed. */
export type PolicyKind = 'custom' | 'preset';

export interface PolicyRecord {
  readonly policyId: number;
  /** `` for a preset one. */
  readonly accountId: string;
  /** Unique within the account. */
  readonly name: string;
  readonly kind: PolicyKind;
  readonly description: string;
  /** JSON. */
  readonly document: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface PolicyQuery {
  readonly accountId: string;
  readonly kind?: PolicyKind;
  /** Substring of the name, compared without case. */
  readonly nameContains?: string;
  /** Only what is attached to this user. */
  readonly attachedTo?: string;
  readonly limit: number;
  readonly offset: number;
}

export interface Attachment {
  readonly accountId: string;
  readonly uin: string;
  readonly policyId: number;
  readonly attachedAt: number;
  /** Uin of who attached it. */
  readonly attachedBy: string;
}

/** A policy with how many users of the asking account it is attached to. */
export interface ListedPolicy extends PolicyRecord {
  readonly attachments: number;
}

/** Preset policies belong to every account: they are found and listed for each. */
export interface PolicyStore {
  /** Throws `catalog-conflict` where the id, or the name within the account, is taken. */
  insert(policy: PolicyRecord): Promise<void>;
  get(accountId: string, policyId: number): Promise<PolicyRecord | undefined>;
  byName(accountId: string, name: string): Promise<PolicyRecord | undefined>;
  /** Preset ones first, each kind oldest first. */
  list(query: PolicyQuery): Promise<{ total: number; policies: ListedPolicy[] }>;
  /** What decides a user's calls: id, name and document of each policy attached, ordered by id. */
  ofUser(accountId: string, uin: string): Promise<Array<Pick<PolicyRecord, 'policyId' | 'name' | 'document'>>>;
  /** Throws `catalog-conflict` where the account has no such custom policy, or the new name is taken. */
  update(
    accountId: string,
    policyId: number,
    change: Partial<Pick<PolicyRecord, 'name' | 'description' | 'document'>> & { updatedAt: number },
  ): Promise<void>;
  /** Removes the policy and its attachments; throws `catalog-conflict` where the account has no such custom policy. */
  delete(accountId: string, policyId: number): Promise<void>;
  /** Nothing happens where it is attached already. Throws `catalog-conflict` where there is no such user or policy. */
  attach(attachment: Attachment): Promise<void>;
  /** Nothing happens where it is not attached. */
  detach(accountId: string, uin: string, policyId: number): Promise<void>;
  /** Of a user's attachments, or of a policy's, oldest first. */
  attachments(of: { accountId: string; uin: string } | { accountId: string; policyId: number }): Promise<Attachment[]>;
}
