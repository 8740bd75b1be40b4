// A client of STS and of a service that is protected with its credentials. A line of JSON on standard input is a command, and one on
// standard output what became of it.
import { ahead } from './clock.mjs';
import { createInterface } from 'node:readline';
import { S3Client, ListBucketsCommand } from '@aws-sdk/client-s3';
import * as sts from '@aws-sdk/client-sts';
import * as providers from '@aws-sdk/credential-providers';

// Where a command names a way, it is one of the ways by code; without one, the SDK finds credentials by itself.
const ways = {
  fromHttp: () => providers.fromHttp(),
  fromContainerMetadata: () => providers.fromContainerMetadata(),
  fromTokenFile: () => providers.fromTokenFile(),
  fromIni: ({ profile }) => providers.fromIni({ profile }),
  fromProcess: ({ profile }) => providers.fromProcess({ profile }),
  fromTemporaryCredentials: ({ roles }) => roles.reduce(
    (masterCredentials, [RoleArn, RoleSessionName]) => providers.fromTemporaryCredentials({
      masterCredentials, params: { RoleArn, RoleSessionName },
    }),
    providers.fromIni({ profile: 'base' }),
  ),
  getSessionToken: () => async () => {
    const client = new sts.STSClient({ credentials: providers.fromIni({ profile: 'base' }) });
    const { Credentials: c } = await client.send(new sts.GetSessionTokenCommand({ DurationSeconds: 3600 }));
    return { accessKeyId: c.AccessKeyId, secretAccessKey: c.SecretAccessKey, sessionToken: c.SessionToken, expiration: c.Expiration };
  },
};

// use makes these variables all that there are of AWS's.
function use(environment) {
  for (const variable of Object.keys(process.env)) {
    if (variable.startsWith('AWS_') || variable.toLowerCase().endsWith('_proxy')) delete process.env[variable];
  }
  Object.assign(process.env, environment);
}

const clients = {};

const commands = {
  // A clock that stands where the server's does.
  clock({ milliseconds }) {
    ahead.ms = milliseconds;
    return {};
  },

  open({ name, environment, way, options }) {
    use(environment);
    const given = way ? { credentials: ways[way](options ?? {}) } : {};
    clients[name] = { s3: new S3Client(given), sts: new sts.STSClient(given), environment };
    return {};
  },

  async call({ name }) {
    const { s3, sts: client, environment } = clients[name];
    use(environment); // which some ways look at again when they refresh
    const { Arn: caller } = await client.send(new sts.GetCallerIdentityCommand({}));
    const { Owner } = await s3.send(new ListBucketsCommand({}));
    return { caller, owner: Owner.ID, accessKeyID: (await s3.config.credentials()).accessKeyId };
  },

  // Any operation, with what it is given and what is answered.
  async send({ name, operation, input }) {
    const { $metadata, ...output } = await clients[name].sts.send(new sts[`${operation}Command`](input));
    return { output };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { run, ...rest } = JSON.parse(line);
  let said;
  try {
    said = await commands[run](rest);
  } catch (error) {
    said = { error: error.name, code: error.Code ?? error.code, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
