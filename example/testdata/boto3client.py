"""The workshop as boto3 lives it. Where everything is is in the environment."""
import json
import os
import time

import boto3
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

env = os.environ
users = boto3.client("cognito-idp", config=Config(signature_version=UNSIGNED))
identities = boto3.client("cognito-identity", config=Config(signature_version=UNSIGNED))
client, password = env["USER_POOL_CLIENT_ID"], env["PASSWORD"]


def said(step, value):
    print(step, value, flush=True)


def failure(call, **parameters):
    try:
        call(**parameters)
        return "none"
    except ClientError as e:
        return e.response["Error"]["Code"]


def sign_in(password):
    return users.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "bo", "PASSWORD": password})


def ride(id_token):
    logins = {env["LOGIN_PROVIDER"]: id_token}
    identity = identities.get_id(IdentityPoolId=env["IDENTITY_POOL_ID"], Logins=logins)["IdentityId"]
    got = identities.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    said("lasts", (got["Expiration"].timestamp() - time.time()) // 600)
    request = AWSRequest("POST", env["WILDGATE_ENDPOINT"] + "/prod/ride", {"Content-Type": "application/json"},
                         b'{"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}')
    credentials = Credentials(got["AccessKeyId"], got["SecretKey"], got["SessionToken"])
    SigV4Auth(credentials, "execute-api", env["AWS_REGION"]).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return identity, f"{answer.status_code} {json.loads(answer.text)['Rider']}"


signed_up = users.sign_up(ClientId=client, Username="bo", Password=password, UserAttributes=[{"Name": "email", "Value": "bo@example.com"}])
said("sign-up", signed_up["UserConfirmed"])
said("unconfirmed", failure(sign_in, password=password))
print("CODE?", flush=True)
code = input().strip()
users.confirm_sign_up(ClientId=client, Username="bo", ConfirmationCode=code)
said("wrong password", failure(sign_in, password="Not-it-2026!"))
tokens = sign_in(password)["AuthenticationResult"]
identity, answer = ride(tokens["IdToken"])
said("identity", identity)
said("ride", answer)
refreshed = users.initiate_auth(ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]})
refreshed = refreshed["AuthenticationResult"]
said("another ride", ride(refreshed["IdToken"])[1])
attributes = users.get_user(AccessToken=refreshed["AccessToken"])["UserAttributes"]
said("attributes", next(a["Value"] for a in attributes if a["Name"] == "email"))
said("guest", failure(identities.get_id, IdentityPoolId=env["IDENTITY_POOL_ID"]))
users.global_sign_out(AccessToken=refreshed["AccessToken"])
said("signed out everywhere", failure(users.get_user, AccessToken=refreshed["AccessToken"]))
