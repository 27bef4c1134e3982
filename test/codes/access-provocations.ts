import { ACCOUNT, type ApiFixture, USER_UIN } from '../harness/api-fixture.ts';
import { addUser, toDocument } from '../harness/users.ts';
import type { Provocation, Provocations } from './provocation.ts';

const NOBODY = 7;
const NO_POLICY = { input: { PolicyId: 99 } };
const NO_USER = { input: { Name: 'nobody' } };

const statement = (changes: object): Provocation => ({
  input: { PolicyDocument: JSON.stringify({ version: '2.0', statement: [{ effect: 'allow', action: '*', resource: '*', ...changes }] }) },
});

const documents: Provocations[string] = {
  'InvalidParameter.PolicyDocumentError': { input: { PolicyDocument: '{' } },
  'InvalidParameter.VersionError': {
    input: { PolicyDocument: '{"version":"1.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}' },
  },
  'InvalidParameter.StatementError': { input: { PolicyDocument: '{"version":"2.0","statement":[]}' } },
  'InvalidParameter.EffectError': statement({ effect: 'permit' }),
  'InvalidParameter.ActionError': statement({ action: 'redis' }),
  'InvalidParameter.PrincipalError': statement({ principal: '*' }),
  'InvalidParameter.ResourceError': statement({ resource: [] }),
  'InvalidParameter.ResourceQcsError': statement({ resource: 'crs-5a4py64p' }),
  'InvalidParameter.ResourceProjectError': statement({ resource: 'qcs:1:redis:::*' }),
  'InvalidParameter.ResourceRegionError': statement({ resource: 'qcs::redis:mars::*' }),
  'InvalidParameter.ResourceUinError': statement({ resource: 'qcs::redis::uin/7:*' }),
  'InvalidParameter.ConditionError': statement({ condition: { ip_equal: { x: '1' } } }),
  'InvalidParameter.ConditionTypeError': statement({ condition: { equals: { 'qcs:ip': '1' } } }),
  'InvalidParameter.ConditionContentError': statement({ condition: { ip_equal: { 'qcs:ip': '1' } } }),
  'InvalidParameter.PolicyDocumentLengthOverLimit': { input: { PolicyDocument: ' '.repeat(6145) } },
  'InvalidParameter.PolicyNameError': { input: { PolicyName: 'a b' } },
  'InvalidParameter.DescriptionLengthOverlimit': { input: { Description: 'd'.repeat(301) } },
};

/** A user who may do everything but one thing. */
const caller = async (fixture: ApiFixture) => (await addUser(fixture, {})).key;
const ofRoot: Provocation = { input: { TargetUin: Number(ACCOUNT) }, caller };

async function addPolicies({ catalog }: ApiFixture, count: number, isAttached: boolean): Promise<void> {
  for (let index = 0; index < count; index++) {
    const policyId = 20_000_000 + index;
    await catalog.policies.insert({
      policyId,
      accountId: ACCOUNT,
      name: `full-${index}`,
      kind: 'custom',
      description: '',
      document: toDocument({}),
      createdAt: 1,
      updatedAt: 1,
    });
    if (isAttached) {
      await catalog.policies.attach({ accountId: ACCOUNT, uin: USER_UIN, policyId, attachedAt: 1, attachedBy: ACCOUNT });
    }
  }
}

async function addUsers({ catalog }: ApiFixture, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const user = { accountId: ACCOUNT, uin: String(300_000_000_000 + index), name: `full-${index}` };
    await catalog.users.insert({ ...user, remark: '', phone: '', countryCode: '', email: '', createdAt: 1 });
  }
}

/** Of the products cam and sts. */
export const accessProvocations: Provocations = {
  AddUser: {
    'InvalidParameter.ParamError': { input: { ConsoleLogin: 1 } },
    // The examples' site has one.
    'InvalidParameter.SubUserFull': { prepare: (fixture) => addUsers(fixture, 999) },
    'InvalidParameter.SubUserNameInUse': { input: { Name: 'reader' } },
    'InvalidParameter.UserNameIllegal': { input: { Name: 'a b' } },
  },
  AttachUserPolicy: {
    'FailedOperation.PolicyFull': { prepare: (fixture) => addPolicies(fixture, 199, true) },
    'ResourceNotFound.PolicyIdNotFound': NO_POLICY,
    'ResourceNotFound.UserNotExist': { input: { AttachUin: NOBODY } },
  },
  CreateAccessKey: {
    'FailedOperation.Accesskey': { input: { TargetUin: undefined } },
    'InvalidParameter.ParamError': { input: { Description: 'a b' } },
    'InvalidParameter.UserNotExist': { input: { TargetUin: NOBODY } },
    'OperationDenied.AccessKeyOverLimit': {
      prepare: async ({ catalog }) =>
        catalog.accessKeys.insert({
          secretId: 'AKIDsecond',
          accountId: ACCOUNT,
          uin: USER_UIN,
          sealedSecretKey: Buffer.from('sealed'),
          status: 'active',
          description: '',
          createdAt: 1,
        }),
    },
    'OperationDenied.SubUin': ofRoot,
  },
  CreatePolicy: {
    ...documents,
    'FailedOperation.PolicyFull': { prepare: (fixture) => addPolicies(fixture, 1499, false) },
    'FailedOperation.PolicyNameInUse': { input: { PolicyName: 'backups-of-orders' } },
    'InvalidParameter.ParamError': { input: { Tags: [{ Key: 'a', Value: 'b' }] } },
  },
  DeleteAccessKey: {
    'OperationDenied.SubUin': ofRoot,
    'OperationDenied.UinNotMatch': { input: { TargetUin: undefined } },
    'ResourceNotFound.SecretNotExist': { input: { AccessKeyId: 'AKIDnone' } },
  },
  DeletePolicy: {
    'InvalidParameter.OperatePoliciesOverLimit': { input: { PolicyId: Array.from({ length: 201 }, (_, index) => index) } },
    'InvalidParameter.ParamError': { input: { PolicyId: [4] } },
    'ResourceNotFound.PolicyIdNotFound': { input: { PolicyId: [99] } },
  },
  DeleteUser: {
    'OperationDenied.HaveKeys': { input: { Force: 0 } },
    'ResourceNotFound.UserNotExist': NO_USER,
    'UnauthorizedOperation.DeleteApiKey': {
      caller: async (fixture) => (await addUser(fixture, {}, { effect: 'deny', action: 'cam:DeleteApiKey' })).key,
    },
  },
  DetachUserPolicy: {
    'ResourceNotFound.PolicyIdNotFound': NO_POLICY,
    'ResourceNotFound.UserNotExist': { input: { DetachUin: NOBODY } },
  },
  GetPolicy: { 'ResourceNotFound.PolicyIdNotFound': NO_POLICY },
  GetUser: { 'ResourceNotFound.UserNotExist': NO_USER },
  ListAccessKeys: { 'InvalidParameter.UserNotExist': { input: { TargetUin: NOBODY } }, 'OperationDenied.SubUin': ofRoot },
  ListAttachedUserAllPolicies: {
    'InvalidParameter.ParamError': { input: { AttachType: 3 } },
    'ResourceNotFound.UserNotExist': { input: { TargetUin: NOBODY } },
  },
  ListAttachedUserPolicies: {
    'InvalidParameter.ParamError': { input: { Rp: 0 } },
    'ResourceNotFound.UserNotExist': { input: { TargetUin: NOBODY } },
  },
  ListEntitiesForPolicy: {
    'InvalidParameter.EntityFilterError': { input: { EntityFilter: 'Robot' } },
    'InvalidParameter.ParamError': { input: { Rp: 0 } },
    'ResourceNotFound.PolicyIdNotFound': NO_POLICY,
  },
  ListPolicies: { 'InvalidParameter.ParamError': { input: { Rp: 0 } }, 'InvalidParameter.ScopeError': { input: { Scope: 'local' } } },
  UpdateAccessKey: {
    'InvalidParameter.ParamError': { input: { Status: 'active' } },
    'OperationDenied.SubUin': ofRoot,
    'OperationDenied.UinNotMatch': { input: { TargetUin: undefined } },
    'ResourceNotFound.SecretNotExist': { input: { AccessKeyId: 'AKIDnone' } },
  },
  UpdatePolicy: {
    ...documents,
    'FailedOperation.PolicyNameInUse': { input: { PolicyName: 'AdministratorAccess' } },
    'InvalidParameter.ParamError': { input: { Alias: 'x' } },
    'ResourceNotFound.NotFound': { input: { PolicyId: undefined, PolicyName: 'nowhere' } },
    'ResourceNotFound.PolicyIdNotFound': NO_POLICY,
  },
  UpdateUser: { InvalidParameter: { input: { ConsoleLogin: 1 } }, 'ResourceNotFound.UserNotExist': NO_USER },
  GetFederationToken: {
    'InvalidParameter.OverTimeError': { input: { DurationSeconds: 7201 } },
    'InvalidParameter.ParamError': { input: { Name: 'a b' } },
    'InvalidParameter.PolicyTooLong': { input: { Policy: encodeURIComponent(toDocument({}) + ' '.repeat(2049)) } },
    'InvalidParameter.StrategyFormatError': { input: { Policy: '%zz' } },
  },
};
