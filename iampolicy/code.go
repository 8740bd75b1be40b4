package iampolicy

// A Code names a kind of finding. Codes are stable: what a code means does not
// change, and FINDINGS.md lists them all.
type Code string

// String returns the code.
func (c Code) String() string { return string(c) }

// MarshalText returns the code.
func (c Code) MarshalText() ([]byte, error) { return []byte(c), nil }

// Errors: Parse refuses the document.
const (
	// The text is not JSON.
	CodeInvalidJSON Code = "INVALID_JSON"
	// The document is larger than 1 MiB.
	CodeDocumentTooLarge Code = "DOCUMENT_TOO_LARGE"
	// The document begins with a byte order mark.
	CodeByteOrderMark Code = "BYTE_ORDER_MARK"
	// Text follows after the policy.
	CodeTrailingData Code = "TRAILING_DATA"
	// The document is nested deeper than 16 levels.
	CodeNestingTooDeep Code = "NESTING_TOO_DEEP"
	// An object has more than 1,000 members.
	CodeTooManyMembers Code = "TOO_MANY_MEMBERS"
	// The document has more than 100,000 values.
	CodeTooManyValues Code = "TOO_MANY_VALUES"
	// The text is not UTF-8.
	CodeInvalidUTF8 Code = "INVALID_UTF8"
	// An escape is half of a surrogate pair.
	CodeLoneSurrogate Code = "LONE_SURROGATE"
	// A character is outside of U+0009, U+000A, U+000D and U+0020 to U+00FF.
	CodeInvalidCharacter Code = "INVALID_CHARACTER"
	// An object has the same key twice.
	CodeDuplicateKey Code = "DUPLICATE_KEY"
	// An element does not exist. Names are case-sensitive.
	CodeUnknownElement Code = "UNKNOWN_ELEMENT"
	// A value is of another JSON type than the element takes.
	CodeWrongType Code = "WRONG_TYPE"
	// A list has no elements.
	CodeEmptyList Code = "EMPTY_LIST"
	// A Condition, a Principal or an operator has no members.
	CodeEmptyObject Code = "EMPTY_OBJECT"
	// The policy type or an option of Parse is not valid.
	CodeInvalidOption Code = "INVALID_OPTION"
	// Version is neither 2012-10-17 nor 2008-10-17.
	CodeInvalidVersion Code = "INVALID_VERSION"
	// A resource control policy has another Version than 2012-10-17.
	CodeVersionRequired Code = "VERSION_REQUIRED"
	// Id stands in a policy type that has none.
	CodeIdNotAllowed Code = "ID_NOT_ALLOWED"
	// Statement is missing.
	CodeMissingStatement Code = "MISSING_STATEMENT"
	// The document has more than 1,000 statements.
	CodeTooManyStatements Code = "TOO_MANY_STATEMENTS"
	// A Sid has other characters than letters and digits, in a policy type that allows no other.
	CodeInvalidSid Code = "INVALID_SID"
	// Two statements have the same Sid, in a policy type that does not allow it.
	CodeDuplicateSid Code = "DUPLICATE_SID"
	// Effect is missing.
	CodeMissingEffect Code = "MISSING_EFFECT"
	// Effect is neither Allow nor Deny, spelled so.
	CodeInvalidEffect Code = "INVALID_EFFECT"
	// A resource control policy other than RCPFullAWSAccess allows.
	CodeEffectNotDeny Code = "EFFECT_NOT_DENY"
	// Neither Action nor NotAction is there.
	CodeMissingAction Code = "MISSING_ACTION"
	// Both Action and NotAction are there.
	CodeActionAndNotAction Code = "ACTION_AND_NOT_ACTION"
	// Neither Resource nor NotResource is there.
	CodeMissingResource Code = "MISSING_RESOURCE"
	// Both Resource and NotResource are there.
	CodeResourceAndNotResource Code = "RESOURCE_AND_NOT_RESOURCE"
	// Neither Principal nor NotPrincipal is there.
	CodeMissingPrincipal Code = "MISSING_PRINCIPAL"
	// Both Principal and NotPrincipal are there.
	CodePrincipalAndNotPrincipal Code = "PRINCIPAL_AND_NOT_PRINCIPAL"
	// An action is neither service:name nor *.
	CodeInvalidAction Code = "INVALID_ACTION"
	// An action is longer than 256 characters.
	CodeActionTooLong Code = "ACTION_TOO_LONG"
	// An action of a resource control policy does not name its service.
	CodeActionWithoutService Code = "ACTION_WITHOUT_SERVICE"
	// NotAction stands in a resource control policy.
	CodeNotActionNotAllowed Code = "NOT_ACTION_NOT_ALLOWED"
	// Resource or NotResource stands in a role trust policy.
	CodeResourceNotAllowed Code = "RESOURCE_NOT_ALLOWED"
	// An Allow of a service control policy has another Resource than *.
	CodeResourceNotStar Code = "RESOURCE_NOT_STAR"
	// Principal or NotPrincipal stands in a policy that is attached to a principal.
	CodePrincipalNotAllowed Code = "PRINCIPAL_NOT_ALLOWED"
	// A resource control policy has another Principal than *.
	CodePrincipalNotEveryone Code = "PRINCIPAL_NOT_EVERYONE"
	// NotPrincipal stands in a trust policy or a resource control policy.
	CodeNotPrincipalNotAllowed Code = "NOT_PRINCIPAL_NOT_ALLOWED"
	// NotPrincipal with Allow would grant to everybody else.
	CodeNotPrincipalWithAllow Code = "NOT_PRINCIPAL_WITH_ALLOW"
	// NotPrincipal lists everyone, so that the Deny would never apply.
	CodeNotPrincipalOfEveryone Code = "NOT_PRINCIPAL_OF_EVERYONE"
	// A principal is no account, user, role, session, service or provider.
	CodeInvalidPrincipal Code = "INVALID_PRINCIPAL"
	// A group is named as principal; groups are none.
	CodeGroupPrincipal Code = "GROUP_PRINCIPAL"
	// A wildcard stands within a principal; it may only stand alone.
	CodeWildcardInPrincipal Code = "WILDCARD_IN_PRINCIPAL"
	// Federated stands in another policy than a role trust policy.
	CodeFederatedNotAllowed Code = "FEDERATED_NOT_ALLOWED"
	// A Deny names a CanonicalUser, and would never apply.
	CodeCanonicalUserInDeny Code = "CANONICAL_USER_IN_DENY"
	// A resource or an operand is no ARN.
	CodeInvalidARN Code = "INVALID_ARN"
	// An ARN has too few parts.
	CodeARNTooShort Code = "ARN_TOO_SHORT"
	// A resource is longer than 2,048 bytes.
	CodeResourceTooLong Code = "RESOURCE_TOO_LONG"
	// The short form execute-api:/ stands in a policy that is parsed without WithAPIGateway (-api
	// of the command).
	CodeShortFormNotExpanded Code = "SHORT_FORM_NOT_EXPANDED"
	// A policy variable stands where none is expanded.
	CodeVariableNotAllowed Code = "VARIABLE_NOT_ALLOWED"
	// A policy variable is malformed.
	CodeInvalidVariable Code = "INVALID_VARIABLE"
	// A text has more than 16 policy variables.
	CodeTooManyVariables Code = "TOO_MANY_VARIABLES"
	// A condition operator does not exist. Names are case-sensitive.
	CodeUnknownOperator Code = "UNKNOWN_OPERATOR"
	// Null is combined with IfExists.
	CodeNullWithIfExists Code = "NULL_WITH_IF_EXISTS"
	// A condition key is empty or has white space around it.
	CodeInvalidConditionKey Code = "INVALID_CONDITION_KEY"
	// An operator has two condition keys that differ only by case.
	CodeDuplicateConditionKey Code = "DUPLICATE_CONDITION_KEY"
	// A statement has more than 250 conditions.
	CodeTooManyConditions Code = "TOO_MANY_CONDITIONS"
	// A value of a condition is longer than 4,096 bytes.
	CodeValueTooLong Code = "VALUE_TOO_LONG"
	// An operand of a Numeric operator is no number.
	CodeInvalidNumber Code = "INVALID_NUMBER"
	// An operand of a Date operator is no date.
	CodeInvalidDate Code = "INVALID_DATE"
	// An operand of Bool or Null is neither true nor false.
	CodeInvalidBoolean Code = "INVALID_BOOLEAN"
	// An operand of BinaryEquals is not base64.
	CodeInvalidBase64 Code = "INVALID_BASE64"
	// An operand of IpAddress is neither an address nor a CIDR block.
	CodeInvalidAddress Code = "INVALID_ADDRESS"
)

// Security warnings: the document allows more than its author is likely to mean.
const (
	// Everyone, anonymous callers too, is allowed without condition.
	CodeAllowEveryone Code = "ALLOW_EVERYONE"
	// Every action on every resource is allowed without condition.
	CodeAdministrator Code = "ADMINISTRATOR"
	// iam:PassRole is allowed for every role, so that the caller can hand any role to a service.
	CodePassRoleEverywhere Code = "PASS_ROLE_EVERYWHERE"
	// iam:PassRole is allowed by what NotAction or NotResource does not list.
	CodePassRoleByExclusion Code = "PASS_ROLE_BY_EXCLUSION"
	// A service is allowed without a condition on whose behalf it calls (confused deputy).
	CodeServiceWithoutSource Code = "SERVICE_WITHOUT_SOURCE"
	// An identity provider is trusted without a condition on the audience of its tokens.
	CodeProviderWithoutAudience Code = "PROVIDER_WITHOUT_AUDIENCE"
	// ForAllValues in an Allow holds where the key is missing; Null false on the key guards it.
	CodeForAllValuesUnguarded Code = "FOR_ALL_VALUES_UNGUARDED"
	// A negated operator in an Allow holds where the key is missing; Null false on the key guards
	// it.
	CodeNegationUnguarded Code = "NEGATION_UNGUARDED"
	// A Deny for a missing MFA does not apply to long-term credentials, which do not have the key;
	// BoolIfExists does.
	CodeMFADenyWithoutIfExists Code = "MFA_DENY_WITHOUT_IF_EXISTS"
	// A string pattern on an ARN key lets a wildcard cross the ARN's parts; ArnLike does not.
	CodeStringOperatorOnARN Code = "STRING_OPERATOR_ON_ARN"
	// A block of prefix length 0 limits nothing.
	CodeEveryAddress Code = "EVERY_ADDRESS"
	// An Allow relies on a key that the caller chooses.
	CodeSpoofableKey Code = "SPOOFABLE_KEY"
	// A Deny whose Resource has a variable without default does not apply where the variable has no
	// value.
	CodeVariableInDenyResource Code = "VARIABLE_IN_DENY_RESOURCE"
)

// Warnings: the document is likely not to do what its author means.
const (
	// Version is missing, so that policy variables are text.
	CodeMissingVersion Code = "MISSING_VERSION"
	// A text looks like a policy variable, but is literal in this Version.
	CodeVariableInOldVersion Code = "VARIABLE_IN_OLD_VERSION"
	// Allow with NotAction grants every action that is not listed, those of the future too.
	CodeAllowNotAction Code = "ALLOW_NOT_ACTION"
	// Allow with NotResource grants for every resource that is not listed.
	CodeAllowNotResource Code = "ALLOW_NOT_RESOURCE"
	// NotPrincipal with Deny denies every session and boundary-limited principal that is not listed
	// by ARN; a condition on aws:PrincipalArn is clearer.
	CodeNotPrincipalWithDeny Code = "NOT_PRINCIPAL_WITH_DENY"
	// IfExists in an Allow holds where the key is missing.
	CodeIfExistsInAllow Code = "IF_EXISTS_IN_ALLOW"
	// ForAnyValue with a negated operator holds as soon as one value is not listed; ForAllValues is
	// usually meant.
	CodeNegatedForAnyValue Code = "NEGATED_FOR_ANY_VALUE"
	// A star or question mark in an operand of an operator without wildcards is a plain character.
	CodeWildcardWithoutLike Code = "WILDCARD_WITHOUT_LIKE"
	// A set operator stands before a key that has one value.
	CodeSetOperatorOnSingleValue Code = "SET_OPERATOR_ON_SINGLE_VALUE"
	// An operator without set operator never matches a multivalued key.
	CodePlainOperatorOnMultivalued Code = "PLAIN_OPERATOR_ON_MULTIVALUED"
	// The operator compares another type than the key has.
	CodeOperatorOfOtherType Code = "OPERATOR_OF_OTHER_TYPE"
	// No such key with the prefix aws: is known.
	CodeUnknownGlobalKey Code = "UNKNOWN_GLOBAL_KEY"
	// The account in an ARN is not twelve digits.
	CodeInvalidAccountInARN Code = "INVALID_ACCOUNT_IN_ARN"
	// The partition in an ARN is likely a misspelt one of AWS's. One's own, as acme, is no mistake.
	CodeInvalidPartitionInARN Code = "INVALID_PARTITION_IN_ARN"
	// An action on objects is granted for a bucket, which no object's ARN matches.
	CodeBucketForObjectAction Code = "BUCKET_FOR_OBJECT_ACTION"
	// Null true on a key stands beside a condition that needs the key, so that the statement never
	// applies.
	CodeNullContradicted Code = "NULL_CONTRADICTED"
	// No number or date satisfies both bounds, so that the statement applies to none.
	CodeEmptyRange Code = "EMPTY_RANGE"
	// A Deny for everything, without condition, leaves the policy's other statements without
	// effect.
	CodeDeniesEverything Code = "DENIES_EVERYTHING"
	// aws:SourceIp is compared with a private address, which is not what a public endpoint sees.
	CodePrivateAddress Code = "PRIVATE_ADDRESS"
	// Both true and false are listed, so that the condition only needs the key.
	CodeBothBooleans Code = "BOTH_BOOLEANS"
	// No request asks for the action: it is none of those of WithActions (-routes of the command).
	CodeUnroutedAction Code = "UNROUTED_ACTION"
	// The document is larger than AWS's quota for its type. With WithSizeLimits (-size-limits of
	// the command) this is an error.
	CodeQuotaExceeded Code = "QUOTA_EXCEEDED"
)

// Suggestions: the document could be clearer.
const (
	// Version is 2008-10-17, which has no policy variables.
	CodeOldVersion Code = "OLD_VERSION"
	// A Sid is empty.
	CodeEmptySid Code = "EMPTY_SID"
	// A statement repeats another of the document.
	CodeRedundantStatement Code = "REDUNDANT_STATEMENT"
	// An action is covered by another of the list.
	CodeRedundantAction Code = "REDUNDANT_ACTION"
	// A resource is covered by another of the list.
	CodeRedundantResource Code = "REDUNDANT_RESOURCE"
	// A value of a condition is there twice.
	CodeRedundantValue Code = "REDUNDANT_VALUE"
	// A wildcard in the service part of an action or ARN may cover services that are not meant.
	CodeWildcardInService Code = "WILDCARD_IN_SERVICE"
	// A short ARN is completed with stars.
	CodeShortARN Code = "SHORT_ARN"
	// A CIDR block has bits beyond its prefix length, which are ignored.
	CodeHostBits Code = "HOST_BITS"
	// A set operator before Null changes nothing.
	CodeSetOperatorOnNull Code = "SET_OPERATOR_ON_NULL"
	// A Like operator has an operand without wildcard; the Equals operator says the same.
	CodeLikeWithoutWildcard Code = "LIKE_WITHOUT_WILDCARD"
	// StringLike with a lone star only needs the key; Null false says so.
	CodeLikeEverything Code = "LIKE_EVERYTHING"
	// A number or boolean without quotes is compared as text.
	CodeUnquotedValue Code = "UNQUOTED_VALUE"
	// aws:username is there for IAM users only, not for role sessions.
	CodeUsernameOfSessions Code = "USERNAME_OF_SESSIONS"
	// A user or role is named as principal by its unique ID, as IAM shows one that was deleted.
	CodeUniqueIDPrincipal Code = "UNIQUE_ID_PRINCIPAL"
	// A role session is named as principal; the role is usually meant.
	CodeSessionPrincipal Code = "SESSION_PRINCIPAL"
)

// Severity returns Access Analyzer's finding type for this code. A finding can still be an error,
// if an option of Parse refuses what it names.
func (c Code) Severity() Severity {
	switch c {
	case CodeAllowEveryone,
		CodeAdministrator,
		CodePassRoleEverywhere,
		CodePassRoleByExclusion,
		CodeServiceWithoutSource,
		CodeProviderWithoutAudience,
		CodeForAllValuesUnguarded,
		CodeNegationUnguarded,
		CodeMFADenyWithoutIfExists,
		CodeStringOperatorOnARN,
		CodeEveryAddress,
		CodeSpoofableKey,
		CodeVariableInDenyResource:
		return SeveritySecurityWarning
	case CodeMissingVersion,
		CodeVariableInOldVersion,
		CodeAllowNotAction,
		CodeAllowNotResource,
		CodeNotPrincipalWithDeny,
		CodeIfExistsInAllow,
		CodeNegatedForAnyValue,
		CodeWildcardWithoutLike,
		CodeSetOperatorOnSingleValue,
		CodePlainOperatorOnMultivalued,
		CodeOperatorOfOtherType,
		CodeUnknownGlobalKey,
		CodeInvalidAccountInARN,
		CodeInvalidPartitionInARN,
		CodeBucketForObjectAction,
		CodeNullContradicted,
		CodeEmptyRange,
		CodeDeniesEverything,
		CodePrivateAddress,
		CodeUniqueIDPrincipal,
		CodeBothBooleans,
		CodeUnroutedAction,
		CodeQuotaExceeded:
		return SeverityWarning
	case CodeOldVersion,
		CodeEmptySid,
		CodeRedundantStatement,
		CodeRedundantAction,
		CodeRedundantResource,
		CodeRedundantValue,
		CodeWildcardInService,
		CodeShortARN,
		CodeHostBits,
		CodeSetOperatorOnNull,
		CodeLikeWithoutWildcard,
		CodeLikeEverything,
		CodeUnquotedValue,
		CodeUsernameOfSessions,
		CodeSessionPrincipal:
		return SeveritySuggestion
	}
	return SeverityError
}
