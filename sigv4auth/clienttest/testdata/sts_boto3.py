import sys

import boto3
from botocore.exceptions import ClientError

sts = boto3.client("sts")


def whoami():
    try:
        arn = sts.get_caller_identity()["Arn"]
        try:
            owner = boto3.client("s3").list_buckets()["Owner"]["ID"]
        except ClientError as e:
            owner = e.response["Error"]["Code"]
        print(arn, owner)
    except ClientError as e:
        print(e.response["Error"]["Code"])


def code(call, **parameters):
    try:
        call(**parameters)
    except ClientError as e:
        return e.response["Error"]["Code"]
    return "success"


def operations(role):
    got = sts.assume_role(
        RoleArn=role,
        RoleSessionName="alice",
        DurationSeconds=900,
        Tags=[{"Key": "team", "Value": "a b+c"}],
        TransitiveTagKeys=["team"],
    )
    assert got["AssumedRoleUser"]["Arn"].endswith(":assumed-role/Rider/alice"), got
    c = got["Credentials"]
    session = boto3.Session(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])
    assert session.client("sts").get_caller_identity()["Arn"] == got["AssumedRoleUser"]["Arn"]
    assert code(session.client("sts").get_session_token) == "AccessDenied"
    assert sts.get_session_token()["Credentials"]["SessionToken"]
    federated = sts.get_federation_token(Name="bob")
    assert federated["FederatedUser"]["FederatedUserId"] == "111122223333:bob", federated
    assert sts.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")["Account"] == "111122223333"
    assert code(sts.assume_role, RoleArn=role, RoleSessionName="a b") == "ValidationError"
    assert code(sts.assume_role, RoleArn=role + "2", RoleSessionName="alice") == "AccessDenied"
    assert code(sts.assume_role, RoleArn=role, RoleSessionName="alice", Policy="{}") == "MalformedPolicyDocument"
    print("all")


if sys.argv[1] == "whoami":
    whoami()
else:
    operations(sys.argv[2])
