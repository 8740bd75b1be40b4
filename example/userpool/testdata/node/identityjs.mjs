// amazon-cognito-identity-js, which the workshop's pages use, with its defaults.
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';
import { ask, config, equal, refused } from './talk.mjs';

const { endpoint, userPoolId, clientId, password, password2, invited, temporary } = config;
const kept = new Map();
const Storage = {
  setItem: (k, v) => void kept.set(k, v), getItem: (k) => kept.get(k) ?? null, removeItem: (k) => void kept.delete(k), clear: () => kept.clear(),
};
const pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint, Storage });
const user = (Username) => new CognitoUser({ Username, Pool: pool, Storage });
const done = (resolve, reject) => (err, value) => (err ? reject(err) : resolve(value));
const call = (on, method, ...args) => new Promise((resolve, reject) => on[method](...args, done(resolve, reject)));
const callbacks = (start) => new Promise((onSuccess, onFailure) =>
  start({ onSuccess, onFailure, inputVerificationCode: () => onSuccess('code'), newPasswordRequired: (a) => onSuccess({ newPassword: a }) }));
const signIn = (u, Password) =>
  callbacks((cb) => u.authenticateUser(new AuthenticationDetails({ Username: u.getUsername(), Password }), cb));

const name = 'identity-at-js.example';
await call(pool, 'signUp', name, password, [new CognitoUserAttribute({ Name: 'email', Value: 'identity@example.com' })], null);
await call(user(name), 'confirmRegistration', await ask('code'), true);
await refused('NotAuthorizedException', () => signIn(user(name), password2));
await refused('NotAuthorizedException', () => signIn(user('nobody'), password));
let u = user(name);
for (let i = 0; i < 8; i++) { // SRP: short numbers come up now and then
  equal((await signIn(u, password)).getIdToken().payload['cognito:username'], name);
}
const session = await call(u, 'getSession');
equal(session.isValid(), true);
const next = await call(u, 'refreshSession', session.getRefreshToken()); // REFRESH_TOKEN_AUTH
equal(next.getRefreshToken().getToken() === session.getRefreshToken().getToken(), false);
await call(u, 'refreshSession', next.getRefreshToken());
equal((await call(u, 'getUserAttributes')).some((a) => a.getName() === 'email_verified' && a.getValue() === 'true'), true);
await call(u, 'changePassword', password, password2);
equal(await callbacks((cb) => user(name).forgotPassword(cb)), 'code');
const code = await ask('code');
await callbacks((cb) => user(name).confirmPassword(code, password, cb));
u = user(name);
await signIn(u, password);
await callbacks((cb) => u.globalSignOut(cb));

u = user(invited);
equal('newPassword' in (await signIn(u, temporary)), true);
await callbacks((cb) => u.completeNewPasswordChallenge(password, {}, cb));
u.setAuthenticationFlowType('USER_PASSWORD_AUTH');
await signIn(u, password);
await call(u, 'deleteUser');
console.log('done');
process.exit(0);
