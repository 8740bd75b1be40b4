# A stock client: boto3 tells who it is, and botocore signs the call to the API.
import json
import os

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

session = boto3.Session()
arn = session.client("sts").get_caller_identity()["Arn"]
request = AWSRequest(
    "POST", os.environ["AWS_ENDPOINT_URL"] + "/prod/ride", {"Content-Type": "application/json"}, os.environ["RIDE"].encode()
)
SigV4Auth(session.get_credentials(), "execute-api", session.region_name).add_auth(request)
answer = URLLib3Session().send(request.prepare())
print(json.dumps({"Arn": arn, "Status": answer.status_code, "Rider": json.loads(answer.text).get("Rider", "")}))
