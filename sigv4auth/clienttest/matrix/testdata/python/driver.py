"""Drives one Python client: reads requests as JSON lines, has the client sign and send each, and writes what became of it.

Usage: python3 driver.py botocore|awscli
"""

import base64
import contextlib
import io
import json
import os
import sys
import tempfile


class Unsendable(Exception):
    """What the client itself refuses to sign or send."""


def botocore_client():
    import botocore
    from botocore.auth import SigV4Auth, SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.httpsession import URLLib3Session

    session = URLLib3Session()

    def send(r):
        credentials = Credentials(r["accessKeyId"], r["secretAccessKey"], r["sessionToken"] or None)
        try:
            request = AWSRequest(r["method"], "http://" + r["host"] + r["target"], data=base64.b64decode(r["body"]))
            for name, value in r["headers"]:
                request.headers[name] = value
            if r["presign"]:
                auth = SigV4QueryAuth(credentials, r["service"], r["region"], expires=r["presign"])
            else:
                auth = SigV4Auth(credentials, r["service"], r["region"])
            auth.add_auth(request)
            prepared = request.prepare()
        except Exception as e:
            raise Unsendable(repr(e)) from e
        return session.send(prepared).status_code

    return botocore.__version__, send


def awscli_client():
    """The AWS CLI has one command for APIs behind API Gateway: a connection is named by the last segment of the path."""
    import awscli
    from awscli.clidriver import create_clidriver

    config = tempfile.NamedTemporaryFile("w", suffix=".config")
    os.environ.update(AWS_CONFIG_FILE=config.name, AWS_SHARED_CREDENTIALS_FILE=config.name, AWS_EC2_METADATA_DISABLED="true", AWS_MAX_ATTEMPTS="1", AWS_PAGER="")
    drivers = {}
    statuses = []

    def record(response_dict, **kwargs):
        if response_dict:  # None if nothing was received
            statuses.append(response_dict["status_code"])

    def driver_of(r):
        # A driver takes a second to make, and keeps the credentials that it finds first.
        if r["accessKeyId"] not in drivers:
            os.environ.update(AWS_ACCESS_KEY_ID=r["accessKeyId"], AWS_SECRET_ACCESS_KEY=r["secretAccessKey"], AWS_DEFAULT_REGION=r["region"])
            os.environ.pop("AWS_SESSION_TOKEN", None)
            if r["sessionToken"]:
                os.environ["AWS_SESSION_TOKEN"] = r["sessionToken"]
            driver = create_clidriver()
            driver.session.register("response-received.*", record)
            driver.session.get_credentials()
            drivers[r["accessKeyId"]] = driver
        return drivers[r["accessKeyId"]]

    def send(r):
        command = {"GET": "get-connection", "DELETE": "delete-connection", "POST": "post-to-connection"}[r["method"]]
        stage, connection = r["target"][1:].split("/@connections/", 1)
        arguments = ["apigatewaymanagementapi", command, "--endpoint-url", "http://" + r["host"] + "/" + stage, "--connection-id", connection]
        with tempfile.NamedTemporaryFile() as data:
            if r["method"] == "POST":
                data.write(base64.b64decode(r["body"]))
                data.flush()
                arguments += ["--data", "fileb://" + data.name]
            statuses.clear()
            text = io.StringIO()
            with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
                driver_of(r).main(arguments)
        if not statuses:
            raise Unsendable(text.getvalue())
        return statuses[-1]

    return awscli.__version__, send


def main():
    version, send = {"botocore": botocore_client, "awscli": awscli_client}[sys.argv[1]]()
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        try:
            answer = {"status": send(json.loads(line))}
        except Unsendable as e:
            answer = {"unsendable": str(e)}
        except Exception as e:
            answer = {"error": repr(e)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
