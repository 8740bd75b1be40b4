// Credentials of a Cognito identity pool, by the JavaScript SDK's own providers. Each argument but
// the first, the endpoint, is JSON: what fromCognitoIdentityPool, or fromCognitoIdentity if it has
// an identityId, is given. A line of JSON is printed for each.
import { fromCognitoIdentity, fromCognitoIdentityPool } from "@aws-sdk/credential-providers";

const [endpoint, ...calls] = process.argv.slice(2);
for (const call of calls) {
  const given = { ...JSON.parse(call), clientConfig: { endpoint, region: "us-east-1", maxAttempts: 1 } };
  const provider = given.identityId ? fromCognitoIdentity(given) : fromCognitoIdentityPool(given);
  try {
    const c = await provider();
    console.log(JSON.stringify({ ...c, expiration: c.expiration.getTime() / 1000 }));
  } catch (e) {
    console.log(JSON.stringify({ error: e.name, message: e.message }));
  }
}
