// The workshop as a JavaScript client lives it: `node clients.mjs CLIENT`, with where everything is
// in the environment. Each step prints a line; for a code it prints CODE? and reads one. The default
// of each library is what is used: SRP for signing in, and no signer but its own.
import { createInterface } from 'node:readline/promises';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { fromCognitoIdentityPool } from '@aws-sdk/credential-providers';

const { AWS_REGION: region, WILDGATE_ENDPOINT: endpoint, USER_POOL_ID, USER_POOL_CLIENT_ID, IDENTITY_POOL_ID, LOGIN_PROVIDER, PASSWORD } =
  process.env;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const said = (step, value) => console.log(`${step} ${value}`);
const code = async () => {
  console.log('CODE?');
  return (await lines.next()).value.trim();
};
const seattle = { PickupLocation: { Latitude: 47.6, Longitude: -122.3 } };

// ride asks for a ride with the SDK's credentials and the SDK's signer.
async function ride(credentials) {
  const url = new URL(endpoint + '/prod/ride');
  const signer = new SignatureV4({ service: 'execute-api', region, sha256: Sha256, credentials });
  const request = await signer.sign({
    method: 'POST', protocol: url.protocol, hostname: url.hostname, port: Number(url.port), path: url.pathname, query: {},
    headers: { host: url.host, 'content-type': 'application/json' }, body: JSON.stringify(seattle),
  });
  const answer = await fetch(url, { method: 'POST', headers: request.headers, body: request.body });
  return `${answer.status} ${(await answer.json()).Rider}`;
}

const failure = async promise => {
  try {
    await promise;
    return 'none';
  } catch (e) {
    return e.name === 'Error' || !e.name ? e.code : e.name;
  }
};

const clients = {
  async amplify() {
    const { Amplify } = await import('aws-amplify');
    const auth = await import('aws-amplify/auth');
    const { post } = await import('aws-amplify/api');
    Amplify.configure({
      Auth: {
        Cognito: {
          userPoolId: USER_POOL_ID, userPoolClientId: USER_POOL_CLIENT_ID, identityPoolId: IDENTITY_POOL_ID,
          userPoolEndpoint: endpoint, identityPoolEndpoint: endpoint,
        },
      },
      API: { REST: { rides: { endpoint: endpoint + '/prod', region, service: 'execute-api' } } },
    });
    const username = 'amy';
    const signedUp = await auth.signUp({ username, password: PASSWORD, options: { userAttributes: { email: 'amy@example.com' } } });
    said('sign-up', signedUp.nextStep.signUpStep);
    const confirmed = await auth.confirmSignUp({ username, confirmationCode: await code() });
    said('confirm', confirmed.nextStep.signUpStep);
    said('wrong password', await failure(auth.signIn({ username, password: 'Not-it-2026!' })));
    said('sign-in', (await auth.signIn({ username, password: PASSWORD })).nextStep.signInStep);
    const first = await auth.fetchAuthSession();
    said('identity', first.identityId);
    const asked = await (await post({ apiName: 'rides', path: '/ride', options: { body: seattle } })).response;
    said('ride', `${asked.statusCode} ${(await asked.body.json()).Rider}`);
    const second = await auth.fetchAuthSession({ forceRefresh: true });
    said('refresh', second.tokens.idToken.toString() !== first.tokens.idToken.toString() && second.identityId === first.identityId);
    said('another ride', await ride(second.credentials));
    said('attributes', (await auth.fetchUserAttributes()).email);
    const access = second.tokens.accessToken.toString();
    await auth.signOut({ global: true });
    const after = await fetch(endpoint + '/', {
      method: 'POST', body: JSON.stringify({ AccessToken: access }),
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSCognitoIdentityProviderService.GetUser' },
    });
    said('signed out everywhere', after.headers.get('x-amzn-errortype'));
  },

  async identityjs() {
    const { CognitoUserPool, CognitoUser, CognitoUserAttribute, AuthenticationDetails } = await import('amazon-cognito-identity-js');
    const pool = new CognitoUserPool({ UserPoolId: USER_POOL_ID, ClientId: USER_POOL_CLIENT_ID, endpoint });
    const called = start => new Promise((resolve, reject) => start((err, result) => (err ? reject(err) : resolve(result))));
    const email = new CognitoUserAttribute({ Name: 'email', Value: 'ida@example.com' });
    const signedUp = await called(done => pool.signUp('ida', PASSWORD, [email], null, done));
    said('sign-up', signedUp.userConfirmed);
    const user = new CognitoUser({ Username: 'ida', Pool: pool });
    const text = await code();
    said('confirm', await called(done => user.confirmRegistration(text, true, done)));
    const signIn = password =>
      new Promise((onSuccess, onFailure) =>
        user.authenticateUser(new AuthenticationDetails({ Username: 'ida', Password: password }), { onSuccess, onFailure }));
    said('wrong password', await failure(signIn('Not-it-2026!')));
    const session = await signIn(PASSWORD);
    said('sign-in', session.isValid());
    const provider = token =>
      fromCognitoIdentityPool({
        identityPoolId: IDENTITY_POOL_ID, logins: { [LOGIN_PROVIDER]: token }, clientConfig: { region, endpoint },
      });
    const credentials = await provider(session.getIdToken().getJwtToken())();
    said('identity', credentials.identityId);
    said('ride', await ride(credentials));
    const refreshed = await called(done => user.refreshSession(session.getRefreshToken(), done));
    said('refresh', refreshed.getIdToken().getJwtToken() !== session.getIdToken().getJwtToken());
    said('another ride', await ride(await provider(refreshed.getIdToken().getJwtToken())()));
    said('attributes', (await called(done => user.getUserAttributes(done))).find(a => a.Name === 'email').Value);
    const access = refreshed.getAccessToken().getJwtToken();
    await new Promise((onSuccess, onFailure) => user.globalSignOut({ onSuccess, onFailure }));
    const after = await fetch(endpoint + '/', {
      method: 'POST', body: JSON.stringify({ AccessToken: access }),
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSCognitoIdentityProviderService.GetUser' },
    });
    said('signed out everywhere', after.headers.get('x-amzn-errortype'));
  },
};

await clients[process.argv[2]]();
process.exit(0);
