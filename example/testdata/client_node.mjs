// A stock client: the JavaScript SDK tells who it is, and its signer signs the call to the API.
import { createHash, createHmac } from 'node:crypto';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';

class Sha256 {
  constructor(secret) { this.hash = secret ? createHmac('sha256', secret) : createHash('sha256'); }
  update(data) { this.hash.update(data); }
  async digest() { return this.hash.digest(); }
}

const sts = new STSClient({});
const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
const url = new URL('/prod/ride', process.env.AWS_ENDPOINT_URL);
const signer = new SignatureV4({ service: 'execute-api', region: await sts.config.region(), credentials: sts.config.credentials, sha256: Sha256 });
const { headers } = await signer.sign({
  method: 'POST', protocol: url.protocol, hostname: url.hostname, port: Number(url.port), path: url.pathname, query: {},
  headers: { host: url.host, 'content-type': 'application/json' }, body: process.env.RIDE,
});
const answer = await fetch(url, { method: 'POST', headers, body: process.env.RIDE });
const { Rider = '' } = await answer.json();
console.log(JSON.stringify({ Arn, Status: answer.status, Rider }));
