// Makes the requests of GitHub's aws-actions/configure-aws-credentials, in its order, with what it is made with. Usage: node action.mjs STEP...
// where a step is oidc=ROLE, chain=ROLE or keys=ROLE. Each leaves its credentials in the environment, as the action does for the next one.
import * as core from '@actions/core';
import {
  AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient,
} from '@aws-sdk/client-sts';

const env = process.env;
const newClient = () => new STSClient({ region: env.AWS_REGION, customUserAgent: 'configure-aws-credentials-for-github-actions' });
const session = (RoleArn) => ({ RoleArn, RoleSessionName: 'GitHubActions', DurationSeconds: 3600 });
const tags = () => Object.entries({
  GitHub: 'Actions', Repository: env.GITHUB_REPOSITORY, Workflow: env.GITHUB_WORKFLOW, Action: env.GITHUB_ACTION, Actor: env.GITHUB_ACTOR,
  Commit: env.GITHUB_SHA, Branch: env.GITHUB_REF,
}).map(([Key, Value]) => ({ Key, Value }));

// loads fails unless a new client finds these credentials.
async function loads(expected) {
  const { accessKeyId } = await newClient().config.credentials();
  if (expected && accessKeyId !== expected) throw new Error(`${accessKeyId} is loaded, not ${expected}`);
}

const done = [];
for (const step of process.argv.slice(2)) {
  const [way, role] = step.split('=');
  const client = newClient();
  let before, answer;
  if (way === 'oidc') {
    const WebIdentityToken = await core.getIDToken('sts.amazonaws.com');
    answer = await client.send(new AssumeRoleWithWebIdentityCommand({ ...session(role), WebIdentityToken }));
  } else {
    await loads(way === 'keys' ? env.AWS_ACCESS_KEY_ID : undefined);
    before = (await client.send(new GetCallerIdentityCommand({}))).Arn;
    answer = await client.send(new AssumeRoleCommand({
      ...session(role), Tags: tags(), TransitiveTagKeys: ['Repository'], ...(way === 'keys' && { ExternalId: env.EXTERNAL_ID }),
    }));
  }
  const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials;
  core.exportVariable('AWS_ACCESS_KEY_ID', AccessKeyId);
  core.exportVariable('AWS_SECRET_ACCESS_KEY', SecretAccessKey);
  core.exportVariable('AWS_SESSION_TOKEN', SessionToken);
  await loads(AccessKeyId);
  const { Account, Arn } = await newClient().send(new GetCallerIdentityCommand({}));
  done.push({ before, account: Account, arn: Arn, id: answer.AssumedRoleUser.AssumedRoleId, accessKeyID: AccessKeyId, token: SessionToken });
}
process.stdout.write(`\n${JSON.stringify(done)}\n`);
