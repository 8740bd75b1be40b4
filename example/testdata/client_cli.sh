# A stock client: the AWS CLI tells who it is, and curl signs the call to the API with what the CLI got: a role's session is in its cache.
arn=$(aws sts get-caller-identity --query Arn --output text)
held=$(cat "$HOME"/.aws/cli/cache/*.json 2>/dev/null || true)
of_role() { printf %s "$held" | sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p"; }
of_user() { sed -n "s/^$1 = //p" "$AWS_CONFIG_FILE"; }
id=$(of_role AccessKeyId) secret=$(of_role SecretAccessKey) token=$(of_role SessionToken)
answer=$(curl -sS -w ' %{http_code}' --aws-sigv4 aws:amz:us-east-1:execute-api \
  --user "${id:-$(of_user aws_access_key_id)}:${secret:-$(of_user aws_secret_access_key)}" ${token:+-H "X-Amz-Security-Token: $token"} \
  -H 'Content-Type: application/json' -d "$RIDE" "$AWS_ENDPOINT_URL/prod/ride")
rider=$(printf %s "$answer" | sed -n 's/.*"Rider": *"\([^"]*\)".*/\1/p')
printf '{"Arn": "%s", "Status": %s, "Rider": "%s"}\n' "$arn" "${answer##* }" "$rider"
