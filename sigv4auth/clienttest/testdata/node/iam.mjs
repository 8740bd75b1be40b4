// A client of IAM: it prints what becomes of each step, a line each.
import { fromEnv } from '@aws-sdk/credential-providers';
import * as iam from '@aws-sdk/client-iam';

const client = new iam.IAMClient({ credentials: fromEnv() });
const send = (operation, input = {}, as = client) => as.send(new iam[`${operation}Command`](input));
const code = (operation, input, as) => send(operation, input, as).then(() => 'success', (e) => e.name.replace(/Exception$/, ''));
const list = (texts) => `[${texts.map((text) => `'${text}'`).join(', ')}]`;
const policy = (...actions) => JSON.stringify({
  Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
});
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'sts:AssumeRole' }],
});

const { User: user } = await send('CreateUser', { UserName: 'ada', Path: '/ops/', Tags: [{ Key: 'team', Value: 'a b+c' }] });
console.log('user', user.Arn);
console.log('again', await code('CreateUser', { UserName: 'ADA' }));
const { AccessKey: key } = await send('CreateAccessKey', { UserName: 'ada' });
const { AccessKey: second } = await send('CreateAccessKey', { UserName: 'ada' });
const { AccessKeyMetadata: keys } = await send('ListAccessKeys', { UserName: 'ada' });
console.log('keys', keys.length, await code('CreateAccessKey', { UserName: 'ada' }));
await send('UpdateAccessKey', { UserName: 'ada', AccessKeyId: second.AccessKeyId, Status: 'Inactive' });
const as = ({ AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey }) => new iam.IAMClient({
  credentials: { accessKeyId, secretAccessKey },
});
const ada = as(key);
console.log('before', await code('ListUsers', {}, ada), await code('ListUsers', {}, as(second)));

await send('CreateGroup', { GroupName: 'fleet' });
await send('AddUserToGroup', { GroupName: 'fleet', UserName: 'ada' });
console.log('group', list((await send('GetGroup', { GroupName: 'fleet' })).Users.map((u) => u.UserName)));
const { Role: role } = await send('CreateRole', { RoleName: 'Rider', AssumeRolePolicyDocument: trust, MaxSessionDuration: 7200 });
const told = (await send('GetRole', { RoleName: 'Rider' })).Role.AssumeRolePolicyDocument;
console.log('role', role.Arn, JSON.parse(decodeURIComponent(told)).Statement[0].Action);
const { Policy: made } = await send('CreatePolicy', { PolicyName: 'Users', PolicyDocument: policy('iam:GetUser') });
const { PolicyVersion: version } = await send('CreatePolicyVersion', {
  PolicyArn: made.Arn, PolicyDocument: policy('iam:ListUsers'), SetAsDefault: true,
});
console.log('policy', made.DefaultVersionId, version.VersionId);
const { PolicyVersion: v2 } = await send('GetPolicyVersion', { PolicyArn: made.Arn, VersionId: 'v2' });
console.log('document', list(JSON.parse(decodeURIComponent(v2.Document)).Statement[0].Action));
console.log('malformed', await code('CreatePolicy', {
  PolicyName: 'Bad', PolicyDocument: '{"Version": "2012-10-17", "Statement": [{}]}',
}));
await send('AttachUserPolicy', { UserName: 'ada', PolicyArn: made.Arn });
await send('AttachRolePolicy', { RoleName: 'Rider', PolicyArn: made.Arn });
const entities = await send('ListEntitiesForPolicy', { PolicyArn: made.Arn });
console.log('attached', list(entities.PolicyUsers.map((u) => u.UserName)), list(entities.PolicyRoles.map((r) => r.RoleName)));
console.log('after', list((await send('ListUsers', {}, ada)).Users.map((u) => u.UserName).sort()));
const simulated = await send('SimulatePrincipalPolicy', { PolicySourceArn: user.Arn, ActionNames: ['iam:ListUsers', 'iam:GetUser'] });
console.log('simulated', list(simulated.EvaluationResults.map((r) => r.EvalDecision)));

for (let i = 0; i < 6; i++) await send('CreateUser', { UserName: `crew${i}`, Path: '/crew/' });
const pages = [];
for await (const page of iam.paginateListUsers({ client, pageSize: 4 }, { PathPrefix: '/crew/' })) pages.push(page.Users.length);
console.log('pages', `[${pages.join(', ')}]`);
await send('TagUser', { UserName: 'ada', Tags: [{ Key: 'site', Value: 'home' }] });
await send('UntagUser', { UserName: 'ada', TagKeys: ['team'] });
const { Tags: tags } = await send('ListUserTags', { UserName: 'ada' });
console.log('tags', tags.length === 1 && tags[0].Key === 'site' && tags[0].Value === 'home' ? 'True' : 'False');
console.log('conflict', await code('DeleteUser', { UserName: 'ada' }), await code('DeletePolicy', { PolicyArn: made.Arn }));
await send('DetachUserPolicy', { UserName: 'ada', PolicyArn: made.Arn });
await send('DetachRolePolicy', { RoleName: 'Rider', PolicyArn: made.Arn });
console.log('detached', await code('ListUsers', {}, ada));
for (const { AccessKeyId } of [key, second]) await send('DeleteAccessKey', { UserName: 'ada', AccessKeyId });
await send('RemoveUserFromGroup', { GroupName: 'fleet', UserName: 'ada' });
await send('DeleteUser', { UserName: 'ada' });
await send('DeleteGroup', { GroupName: 'fleet' });
await send('DeleteRole', { RoleName: 'Rider' });
await send('DeletePolicyVersion', { PolicyArn: made.Arn, VersionId: 'v1' });
await send('DeletePolicy', { PolicyArn: made.Arn });
console.log('gone', await code('GetUser', { UserName: 'ada' }), await code('GetPolicy', { PolicyArn: made.Arn }), await code('ListUsers', {}, ada));
