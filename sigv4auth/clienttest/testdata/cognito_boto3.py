import os
import sys

import boto3
from botocore.exceptions import ClientError

pool, provider, token, role, wrong = sys.argv[1:]
cognito = boto3.client("cognito-identity")
logins = {provider: token}


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e.response
        assert isinstance(e, getattr(cognito.exceptions, code)), e
        assert e.response["ResponseMetadata"]["RequestId"], e.response
        return e.response["Error"]["Message"]
    raise AssertionError("not refused: " + call.__name__)


def caller(key, secret, session_token):
    session = boto3.Session(key, secret, session_token)
    return session.client("sts").get_caller_identity()["Arn"]


identity = cognito.get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]
assert cognito.get_id(IdentityPoolId=pool, Logins=logins, AccountId="111122223333")["IdentityId"] == identity
got = cognito.get_credentials_for_identity(IdentityId=identity, Logins=logins)
assert got["IdentityId"] == identity
c = got["Credentials"]
print(caller(c["AccessKeyId"], c["SecretKey"], c["SessionToken"]))
print(int((c["Expiration"] - __import__("datetime").datetime.now(c["Expiration"].tzinfo)).total_seconds() / 60 + 0.5))

guest = cognito.get_id(IdentityPoolId=pool)["IdentityId"]
c = cognito.get_credentials_for_identity(IdentityId=guest)["Credentials"]
print(caller(c["AccessKeyId"], c["SecretKey"], c["SessionToken"]))

basic = cognito.get_open_id_token(IdentityId=identity, Logins=logins)
assert basic["IdentityId"] == identity
os.environ.pop("AWS_ACCESS_KEY_ID", None)
c = boto3.client("sts").assume_role_with_web_identity(
    RoleArn=role, RoleSessionName="basic", WebIdentityToken=basic["Token"]
)
assert c["SubjectFromWebIdentityToken"] == identity and c["Audience"] == pool, c
c = c["Credentials"]
print(caller(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"]))

print(refused("NotAuthorizedException", cognito.get_id, IdentityPoolId=pool, Logins={provider: wrong}))
print(refused("NotAuthorizedException", cognito.get_credentials_for_identity, IdentityId=identity))
print(refused("ResourceNotFoundException", cognito.get_id, IdentityPoolId="us-east-1:0"))
