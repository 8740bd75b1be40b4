// Drives one JavaScript client: reads requests as JSON lines, has the client sign and send each, and writes what became of it.
// Usage: node driver.mjs CLIENT
import { Agent, request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // Node.js 18 has it behind a flag

const { version } = createRequire(import.meta.url)(`./node_modules/${packageOf(process.argv[2])}/package.json`);

function packageOf(client) {
  return { amplify: '@aws-amplify/core', 'amplify api-rest': '@aws-amplify/api-rest', smithy: '@smithy/signature-v4', 'smithy v4a': '@smithy/signature-v4a' }[client] ?? client;
}

// Unsendable is what the client itself refuses to sign or send.
class Unsendable extends Error {}

// making runs what comes before the network; the client's own refusals are no fault of the server.
async function making(step) {
  try {
    return await step();
  } catch (error) {
    throw new Unsendable(error.message);
  }
}

const body = (r) => (r.body === '' ? undefined : Buffer.from(r.body, 'base64'));
// single is what a client with an object of headers can express: one value a name.
const single = (r) => Object.fromEntries(r.headers);
const url = (r) => `http://${r.host}${r.target}`;
// aws4 and aws4fetch leave X-Amz-Expires to the caller.
const expiring = (r, target) => (r.presign ? `${target}${target.includes('?') ? '&' : '?'}X-Amz-Expires=${r.presign}` : target);

async function smithySender(load) {
  const { HttpRequest, parseUrl } = await import('@smithy/core/protocols');
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  const { Sha256 } = (await import('@aws-crypto/sha256-js')).default;
  const make = await load(Sha256);
  const handler = new NodeHttpHandler();
  return async (r) => {
    const signed = await making(() => {
      const parsed = parseUrl(url(r));
      // A client of the SDK sets the length before it signs.
      const length = r.body !== '' ? { 'content-length': String(body(r).length) } : {};
      const request = new HttpRequest({ ...parsed, method: r.method, headers: { host: r.host, ...length, ...single(r) }, body: body(r) });
      const signer = make(r);
      return r.presign ? signer.presign(request, { expiresIn: r.presign }) : signer.sign(request);
    });
    const { response } = await handler.handle(signed);
    response.body.resume();
    return response.statusCode;
  };
}

const credentials = (r) => ({ accessKeyId: r.accessKeyId, secretAccessKey: r.secretAccessKey, ...(r.sessionToken && { sessionToken: r.sessionToken }) });

const senders = {
  smithy: () => smithySender(async (sha256) => {
    const { SignatureV4 } = await import('@smithy/signature-v4');
    return (r) => new SignatureV4({ service: r.service, region: r.region, credentials: credentials(r), sha256 });
  }),

  'smithy v4a': () => smithySender(async (sha256) => {
    const { SignatureV4a } = await import('@smithy/signature-v4a');
    return (r) => new SignatureV4a({ service: r.service, region: r.region, credentials: credentials(r), sha256 });
  }),

  aws4: async () => {
    const { default: aws4 } = await import('aws4');
    const agent = new Agent({ keepAlive: true });
    return async (r) => {
      const [hostname, port] = r.host.split(':');
      // With signQuery, aws4 leaves Content-Length to the caller, too.
      const length = r.presign && r.body !== '' ? { 'Content-Length': body(r).length } : {};
      const signed = await making(() => aws4.sign({
        hostname, port, method: r.method, path: expiring(r, r.target), headers: { Host: r.host, ...length, ...single(r) }, body: body(r),
        service: r.service, region: r.region, signQuery: r.presign > 0,
      }, credentials(r)));
      return new Promise((resolve, reject) => {
        let request;
        try {
          request = httpRequest({ ...signed, agent }, (response) => {
            response.resume();
            response.on('end', () => resolve(response.statusCode));
          });
        } catch (error) {
          reject(new Unsendable(error.message));
          return;
        }
        request.on('error', reject);
        request.end(signed.body);
      });
    };
  },

  aws4fetch: async () => {
    const { AwsClient } = await import('aws4fetch');
    return async (r) => {
      const client = new AwsClient({ ...credentials(r), service: r.service, region: r.region, retries: 0 });
      const signed = await making(() => client.sign(expiring(r, url(r)), { method: r.method, headers: r.headers, body: body(r), aws: { signQuery: r.presign > 0 } }));
      const response = await fetch(signed);
      await response.arrayBuffer();
      return response.status;
    };
  },

  // What Amplify's clients of AWS services sign with.
  amplify: async () => {
    const { signRequest, presignUrl } = await import('@aws-amplify/core/internals/aws-client-utils');
    return async (r) => {
      const options = { credentials: credentials(r), signingService: r.service, signingRegion: r.region, signingDate: new Date() };
      const { input, init } = await making(() => {
        const request = { method: r.method, url: new URL(url(r)), headers: Object.fromEntries(new Headers(r.headers)), body: body(r) };
        if (r.presign) {
          return { input: presignUrl(request, { ...options, expiration: r.presign }), init: { method: r.method, body: request.body } };
        }
        const signed = signRequest(request, options);
        return { input: signed.url, init: { method: signed.method, headers: signed.headers, body: signed.body } };
      });
      const response = await fetch(input, init);
      await response.arrayBuffer();
      return response.status;
    };
  },

  // What an Amplify app calls an API with.
  'amplify api-rest': async () => {
    const { Amplify } = await import('@aws-amplify/core');
    const rest = await import('@aws-amplify/api-rest');
    return async (r) => {
      Amplify.configure(
        { API: { REST: { matrix: { endpoint: `http://${r.host}`, region: r.region, service: r.service } } } },
        { Auth: { credentialsProvider: { getCredentialsAndIdentityId: async () => ({ credentials: credentials(r) }), clearCredentialsAndIdentityId: () => {} } } },
      );
      const call = rest[{ GET: 'get', HEAD: 'head', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'del' }[r.method]];
      const bytes = body(r);
      const operation = await making(() => call({
        apiName: 'matrix', path: r.target,
        options: { headers: single(r), body: bytes && JSON.parse(bytes), retryStrategy: { strategy: 'no-retry' } },
      }));
      try {
        return (await operation.response).statusCode;
      } catch (error) {
        if (error.response?.statusCode) return error.response.statusCode;
        throw error;
      }
    };
  },
};

const send = await senders[process.argv[2]]();
console.log(JSON.stringify({ version }));
for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify({ status: await send(JSON.parse(line)) }));
  } catch (error) {
    const text = `${error.message}${error.cause ? `: ${error.cause.message}` : ''}`;
    console.log(JSON.stringify(error instanceof Unsendable ? { unsendable: text } : { error: text }));
  }
}
process.exit(0);
