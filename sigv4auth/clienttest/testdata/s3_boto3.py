"""Drives an S3-shaped server with boto3. The task comes as JSON on standard input; the answer is one JSON object: step to outcome."""

import json
import os
import ssl
import sys
import tempfile
import urllib.error
import urllib.request

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

task = json.load(sys.stdin)
bucket = task["bucket"]
answer = {"version": "boto3 " + boto3.__version__ + ", botocore " + botocore.__version__}


def client(endpoint=task["url"], secret=task["secret"], style="path", proxy=None, region=task["region"]):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=task["keyID"],
        aws_secret_access_key=secret,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            proxies={"http": "http://" + proxy, "https": "http://" + proxy} if proxy else None,
            retries={"total_max_attempts": 1},
        ),
    )


def outcome(step, run):
    """Keeps what came of a step: ok, or the code that boto3 surfaces."""
    try:
        answer[step] = run() or "ok"
    except ClientError as e:
        answer[step] = e.response["Error"]["Code"]
    except Exception as e:  # whatever it is, the test shall see it
        answer[step] = repr(e)


def plain(method, url, body=None):
    """Sends what a program without any SDK would send."""
    context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(urllib.request.Request(url, data=body, method=method)) as response:
        return response.read()


def round_trip(c, key):
    body = ("the body of " + key).encode() * 50
    c.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"unicorn": "white"})
    if c.get_object(Bucket=bucket, Key=key)["Body"].read() != body:
        return "another body"
    if c.get_object(Bucket=bucket, Key=key, Range="bytes=4-7")["Body"].read() != body[4:8]:
        return "another range"
    if c.head_object(Bucket=bucket, Key=key)["Metadata"] != {"unicorn": "white"}:
        return "other metadata"
    c.delete_object(Bucket=bucket, Key=key)


def listings(c):
    for key in task["keys"]:
        c.put_object(Bucket=bucket, Key="listed/" + key, Body=b"x")
    pages = c.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="listed/", PaginationConfig={"PageSize": 5})
    second = [o["Key"] for page in pages for o in page["Contents"]]
    pages = c.get_paginator("list_objects").paginate(Bucket=bucket, Prefix="listed/", PaginationConfig={"PageSize": 5})
    first = [o["Key"] for page in pages for o in page["Contents"]]
    if second != first or second != sorted(("listed/" + key for key in task["keys"]), key=lambda k: k.encode()):
        return repr([first, second])


def presigned(c, key):
    params = {"Bucket": bucket, "Key": key}
    plain("PUT", c.generate_presigned_url("put_object", Params=params, ExpiresIn=60), b"presigned")
    if plain("GET", c.generate_presigned_url("get_object", Params=params, ExpiresIn=60)) != b"presigned":
        return "another body"


def large(c):
    body = os.urandom(64 << 10) * (20 << 4)  # 20 MiB: in parts, as boto3 does beyond 8 MiB
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "large")
        with open(name, "wb") as f:
            f.write(body)
        c.upload_file(name, bucket, "large")
        c.download_file(bucket, "large", name)
        with open(name, "rb") as f:
            if f.read() != body:
                return "another body"


path = client()
host = client(endpoint=task["named"], style="virtual", proxy=task["relay"])
for key in task["keys"]:
    outcome("path " + key, lambda: round_trip(path, key))
    outcome("host " + key, lambda: round_trip(host, key))
    outcome("presigned " + key, lambda: presigned(path, key))
outcome("listings", lambda: listings(path))
outcome("large", lambda: large(path))
outcome("bucket", lambda: path.create_bucket(Bucket="made-by-boto3") and path.head_bucket(Bucket="made-by-boto3") and None)
outcome("location", lambda: path.get_bucket_location(Bucket=bucket)["LocationConstraint"])
outcome("another region, corrected by what the error says", lambda: client(region="eu-west-1").list_objects_v2(Bucket=bucket) and None)

kept = {"Bucket": bucket, "Key": "kept", "Body": task["marker"].encode()}
outcome("refused: a wrong secret", lambda: client(secret="wrong").put_object(**kept) and None)
outcome("refused: a HEAD with a wrong secret", lambda: client(secret="wrong").head_object(Bucket=bucket, Key="kept") and None)
outcome("refused: a tampered body", lambda: client(endpoint=task["named"], style="virtual", proxy=task["tampering"]).put_object(**kept) and None)
outcome("refused: a prefix that the policy denies", lambda: path.put_object(Bucket=bucket, Key="secret/x", Body=b"x") and None)
answer["url"] = path.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "late"}, ExpiresIn=60)

json.dump(answer, sys.stdout)
