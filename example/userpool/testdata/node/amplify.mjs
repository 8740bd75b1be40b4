// Amplify signs up, signs in with its defaults, refreshes, and does what an account page does.
import { Amplify } from 'aws-amplify';
import {
  confirmResetPassword, confirmSignIn, confirmSignUp, confirmUserAttribute, deleteUser, fetchAuthSession, fetchUserAttributes,
  getCurrentUser, resendSignUpCode, resetPassword, signIn, signOut, signUp, updatePassword, updateUserAttribute,
} from 'aws-amplify/auth';
import { ask, config, equal, refused } from './talk.mjs';

const { endpoint, userPoolId, clientId, password, password2, invited, temporary } = config;
Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId: clientId, userPoolEndpoint: endpoint } } });

const username = 'amplify';
const up = await signUp({ username, password, options: { userAttributes: { email: 'amplify@example.com' } } });
equal(up.nextStep.signUpStep, 'CONFIRM_SIGN_UP');
equal(up.nextStep.codeDeliveryDetails.destination, 'a***@e***');
await refused('UsernameExistsException', () => signUp({ username, password }));
equal((await signIn({ username, password })).nextStep.signInStep, 'CONFIRM_SIGN_UP');
await resendSignUpCode({ username });
await refused('CodeMismatchException', () => confirmSignUp({ username, confirmationCode: 'wrong' }));
equal((await confirmSignUp({ username, confirmationCode: await ask('code') })).isSignUpComplete, true);

await refused('NotAuthorizedException', () => signIn({ username, password: password2 }));
await refused('NotAuthorizedException', () => signIn({ username: 'nobody', password }));
equal((await signIn({ username, password })).isSignedIn, true); // USER_SRP_AUTH
equal((await getCurrentUser()).username, username);
const first = (await fetchAuthSession()).tokens;
equal(first.idToken.payload.email_verified, true);
equal(first.accessToken.payload.client_id, clientId);
const second = (await fetchAuthSession({ forceRefresh: true })).tokens;
equal(second.accessToken.payload.origin_jti, first.accessToken.payload.origin_jti);
equal(second.accessToken.toString() === first.accessToken.toString(), false);
await fetchAuthSession({ forceRefresh: true }); // with the token that the first refresh gave

equal((await fetchUserAttributes()).email, 'amplify@example.com');
await updateUserAttribute({ userAttribute: { attributeKey: 'email', value: 'new@example.com' } });
equal((await fetchUserAttributes()).email_verified, undefined);
await confirmUserAttribute({ userAttributeKey: 'email', confirmationCode: await ask('code') });
equal((await fetchUserAttributes()).email_verified, 'true');
await updatePassword({ oldPassword: password, newPassword: password2 });
await fetchUserAttributes(); // this sign-in goes on
await signOut();
await signIn({ username, password: password2, options: { authFlowType: 'USER_PASSWORD_AUTH' } });
const old = (await fetchAuthSession()).tokens.accessToken.toString();
await signOut({ global: true });
await refused('NotAuthorizedException', async () => {
  const answer = await fetch(endpoint, {
    method: 'POST', body: JSON.stringify({ AccessToken: old }),
    headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': 'AWSCognitoIdentityProviderService.GetUser' },
  });
  throw Object.assign(new Error(), { name: (await answer.json()).__type });
});

equal((await resetPassword({ username })).nextStep.resetPasswordStep, 'CONFIRM_RESET_PASSWORD_WITH_CODE');
await confirmResetPassword({ username, newPassword: password, confirmationCode: await ask('code') });
await signIn({ username, password });
await deleteUser();
await refused('NotAuthorizedException', () => signIn({ username, password }));

const step = await signIn({ username: invited, password: temporary });
equal(step.nextStep.signInStep, 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED');
equal((await confirmSignIn({ challengeResponse: password })).isSignedIn, true);
console.log('done');
process.exit(0);
