# A client of IAM: it prints what becomes of each step, a line each.
import json

import boto3
from botocore.exceptions import ClientError

iam = boto3.client("iam")
ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:"


def code(call, **parameters):
    try:
        call(**parameters)
    except ClientError as e:
        return e.response["Error"]["Code"]
    return "success"


def policy(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ARN + "root"}, "Action": "sts:AssumeRole"}],
    }
)

user = iam.create_user(UserName="ada", Path="/ops/", Tags=[{"Key": "team", "Value": "a b+c"}])["User"]
print("user", user["Arn"])
print("again", code(iam.create_user, UserName="ADA"))
key = iam.create_access_key(UserName="ada")["AccessKey"]
second = iam.create_access_key(UserName="ada")["AccessKey"]
print("keys", len(iam.list_access_keys(UserName="ada")["AccessKeyMetadata"]), code(iam.create_access_key, UserName="ada"))
iam.update_access_key(UserName="ada", AccessKeyId=second["AccessKeyId"], Status="Inactive")
ada = boto3.client("iam", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
idle = boto3.client("iam", aws_access_key_id=second["AccessKeyId"], aws_secret_access_key=second["SecretAccessKey"])
print("before", code(ada.list_users), code(idle.list_users))

iam.create_group(GroupName="fleet")
iam.add_user_to_group(GroupName="fleet", UserName="ada")
print("group", [u["UserName"] for u in iam.get_group(GroupName="fleet")["Users"]])
role = iam.create_role(RoleName="Rider", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=7200)["Role"]
print("role", role["Arn"], iam.get_role(RoleName="Rider")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Action"])
made = iam.create_policy(PolicyName="Users", PolicyDocument=policy("iam:GetUser"))["Policy"]
version = iam.create_policy_version(PolicyArn=made["Arn"], PolicyDocument=policy("iam:ListUsers"), SetAsDefault=True)
print("policy", made["DefaultVersionId"], version["PolicyVersion"]["VersionId"])
document = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v2")["PolicyVersion"]["Document"]
print("document", document["Statement"][0]["Action"])
print("malformed", code(iam.create_policy, PolicyName="Bad", PolicyDocument='{"Version": "2012-10-17", "Statement": [{}]}'))
iam.attach_user_policy(UserName="ada", PolicyArn=made["Arn"])
iam.attach_role_policy(RoleName="Rider", PolicyArn=made["Arn"])
entities = iam.list_entities_for_policy(PolicyArn=made["Arn"])
print("attached", [u["UserName"] for u in entities["PolicyUsers"]], [r["RoleName"] for r in entities["PolicyRoles"]])
print("after", sorted(u["UserName"] for u in ada.list_users()["Users"]))
simulated = iam.simulate_principal_policy(PolicySourceArn=user["Arn"], ActionNames=["iam:ListUsers", "iam:GetUser"])
print("simulated", [r["EvalDecision"] for r in simulated["EvaluationResults"]])

for i in range(6):
    iam.create_user(UserName=f"crew{i}", Path="/crew/")
pages = list(iam.get_paginator("list_users").paginate(PathPrefix="/crew/", PaginationConfig={"PageSize": 4}))
print("pages", [len(p["Users"]) for p in pages])
iam.tag_user(UserName="ada", Tags=[{"Key": "site", "Value": "home"}])
iam.untag_user(UserName="ada", TagKeys=["team"])
print("tags", iam.list_user_tags(UserName="ada")["Tags"] == [{"Key": "site", "Value": "home"}])
print("conflict", code(iam.delete_user, UserName="ada"), code(iam.delete_policy, PolicyArn=made["Arn"]))
iam.detach_user_policy(UserName="ada", PolicyArn=made["Arn"])
iam.detach_role_policy(RoleName="Rider", PolicyArn=made["Arn"])
print("detached", code(ada.list_users))
for k in key, second:
    iam.delete_access_key(UserName="ada", AccessKeyId=k["AccessKeyId"])
iam.remove_user_from_group(GroupName="fleet", UserName="ada")
iam.delete_user(UserName="ada")
iam.delete_group(GroupName="fleet")
iam.delete_role(RoleName="Rider")
iam.delete_policy_version(PolicyArn=made["Arn"], VersionId="v1")
iam.delete_policy(PolicyArn=made["Arn"])
print("gone", code(iam.get_user, UserName="ada"), code(iam.get_policy, PolicyArn=made["Arn"]), code(ada.list_users))
