// Package iampolicy decides what a caller may do, from policy documents in the
// JSON language of AWS Identity and Access Management.
//
// [Parse] compiles a document once, strictly; [Evaluate] decides one request
// against a [Set] of compiled policies. Both are pure: they read no clock, no
// network and no file, and keep nothing between calls; the package depends on no other module. A
// [Policy] is immutable and safe for concurrent use. It prints as a document again, in one
// canonical form.
//
// What is not known denies. The zero [Decision] denies; so does a nil or zero
// Set, a nil policy in it, a policy in a place where its type does not belong, a
// principal that contradicts itself, an action that is not service:name, a
// resource that is empty or longer than 2,048 bytes, and an evaluation that would
// cost more than a fixed budget.
//
// # What a decision costs
//
// Patterns are matched in time linear in pattern and text, and a list of them in one scan where
// that is quicker. The budget counts the work of matching: it is some twenty milliseconds of one
// processor, about a million comparisons of short texts. Twenty documents as long as AWS's quotas
// permit stay within it, on values of up to 2,048 bytes a key, unless hundreds of policy variables
// stand for such values. Beyond it [Decision.OverBudget] is true. So Evaluate takes no context:
// there is nothing to wait for. Neither does [Parse], whose time is in proportion to its document,
// of at most 1 MiB. [Validate], [Explain], [CheckNoNewAccess] and [CheckAccessNotGranted] can take
// longer than a millisecond; they take a context.
//
// # What callers must do
//
// Evaluate adds no condition keys: whoever calls it MUST fill [Request.Context] with every key
// that policies rely on, from sources that the caller of the service does not control, and MUST
// use SetMany for the keys that AWS calls multivalued, also when they have one value. A key that
// was left out is a missing key, which a negated operator matches: one that the request should
// have, but whose value could not be found out, MUST be given to SetUnknown. The action and the
// resource MUST be those of the operation that will be performed, with the path exactly as the
// handler will see it. A Decision's fields and the errors of Parse are for logs: they tell of the
// policies, and SHOULD NOT reach the caller.
//
// A document with a misspelt action is valid: the action grants nothing and denies nothing.
// Validate reports it where [WithActions] gives the actions that there are. [Explain] says why a
// request was denied, and [Obstacle] what no policy of the caller's own could mend.
//
// # Where AWS's texts are silent or contradict each other
//
// Documents:
//
//   - Whatever is not in the grammar is a mistake of the document, never skipped:
//     unknown elements and operators, operands that cannot be parsed as the operator's
//     type, duplicate keys (condition keys also where only their case differs), empty
//     lists, an empty Condition, null.
//   - Operators are spelled as published. Null has no IfExists; a set operator before
//     Null changes nothing.
//   - Numbers and booleans may stand without quotes as values of a condition: numbers
//     for Numeric, Date and String operators (there as written), booleans for Bool,
//     Null and String operators.
//   - NotPrincipal with Allow is a mistake, and so is a resource policy's statement
//     with neither Principal nor NotPrincipal, a NotPrincipal of everyone, and a
//     Deny for a CanonicalUser, which would never apply, since callers have no
//     canonical user ID here. An Allow for one grants nothing.
//   - A service principal is compared whole: {"Service": "*"} is a mistake.
//   - A Sid in a resource policy may have any text, and may be there twice.
//   - An SCP's Allow has Resource "*", or NotResource; it may have conditions.
//   - RCPs: Parse also takes AWS's RCPFullAWSAccess, which Evaluate implies.
//   - An action is service:name or "*". The names consist of letters, digits, "-",
//     "_", "." and wildcards, and are at most 256 bytes long.
//   - Only identity policies and boundaries may shorten an ARN, to no less than
//     arn:partition:service; missing parts are stars. Elsewhere a short ARN is a mistake.
//   - API Gateway's execute-api:/stage/METHOD/path is expanded by [WithAPIGateway], and a mistake
//     without it. The limit on a resource's length holds for the expanded ARN.
//   - WithSizeLimits does not count white space outside of strings.
//   - Limits: 1 MiB, 16 levels, 100,000 values, 1,000 members of an object, 1,000
//     statements, 250 conditions of a statement, 2,048 bytes of a resource, 4,096 of
//     a condition's value, 16 variables in a text. AWS's own quotas are far below.
//
// Matching:
//
//   - Resource and NotResource match part by part, split at the first five colons
//     on both sides, in Allow and Deny alike. AWS's current text lets a star at the
//     end of a part reach beyond its colon; then a caller who chooses the path of an
//     execute-api ARN could write the owner's account into it.
//   - "?" is one character of UTF-8; a byte that is no UTF-8 is one by itself. So is one in a
//     variable's value: it does not match a part of a character.
//   - Letters fold in ASCII only: for actions, condition keys, Bool and the
//     IgnoreCase operators. Resources and all other texts compare as bytes.
//   - ARN operators take ARNs of six parts; "*" alone is a mistake. One variable
//     may stand for a whole ARN; in other places its value stays within its part.
//
// Variables:
//
//   - They stand in Resource and NotResource after the fifth colon, and in the
//     operands of String and ARN operators; elsewhere, for Bool too, they are a
//     mistake. In Version 2008-10-17, or without Version, they are text.
//   - A value is data: wildcards and ${ in it match themselves, and so does the text
//     of a default.
//   - A key that is missing or empty has no value, and takes the default if there is
//     one. A multivalued key has no value, default or not.
//   - An operand whose variable has no value matches nothing: a positive
//     operator does not hold by it, and a negated one does not fail by it.
//     Likewise Resource does not match, and NotResource excludes nothing.
//   - Where the value is not known ([Context.SetUnknown]), a Deny applies if some value would make
//     it apply, and an Allow if every value would. A default is ignored.
//
// Conditions:
//
//   - What is not known denies. A request value that cannot be read as the number, date,
//     address, ARN, boolean or base64 that the operator compares makes the condition hold
//     in a Deny and fail in an Allow, negated or not; under a set operator that value
//     counts so. A condition on a key whose value is not known holds in a Deny and fails
//     in an Allow, whatever its operator is, IfExists and Null included.
//   - A value longer than 4,096 bytes cannot be read as a number, a date or base64, nor by
//     StringLike, StringNotLike and the ARN operators where a value of the policy has a
//     wildcard or, in these, a variable: the
//     condition holds in a Deny and fails in an Allow, negated or not.
//   - An operator without set operator does not match a multivalued key, negated or not.
//   - A key with an empty set is null, as a missing key is, so that Null "false"
//     guards ForAllValues. Otherwise it is present: IfExists and the negated operators
//     treat it so. A present empty string is not null.
//   - ForAnyValue with IfExists on a missing key holds.
//   - Numbers are decimals of any length, in all forms that strconv.ParseFloat reads
//     in decimal, with exponents of up to nine digits.
//   - Dates are those of the W3C's note, or whole seconds since 1970; four digits are
//     a year; there is no 24:00 and no leap second.
//   - An IPv4 address in IPv6 form is that IPv4 address. Addresses with a zone, and
//     octets with leading zeros, cannot be read. 0.0.0.0/0 has no IPv6 address in it,
//     ::/0 no IPv4 address.
//   - BinaryEquals compares canonical base64 with padding; other spellings cannot be read.
//
// Evaluation:
//
//   - An empty ResourceAccount is no account: then the rules across accounts hold.
//   - A root user needs no Allow in its own account, and across accounts none on
//     its own side. SCPs limit it, and boundaries and session policies would.
//   - Of several boundaries each must allow.
//   - A level of SCPs without policies denies. SCPs apply to principals of accounts only, not to
//     services, anonymous callers and identity providers.
//   - A federated user without session policy has what resource policies grant to
//     it by name, and nothing else.
//   - Where a service demands of a resource policy that it allows by itself, as
//     AWS KMS does of key policies, leave ResourceAccount empty: then both sides
//     must allow, which is narrower than AWS where the policy names the caller.
//   - A trust policy must itself allow; naming the account leaves it to the
//     identity policies whether they allow as well.
//   - A NotPrincipal that lists an account excepts all its principals; if it also
//     lists a principal of that account, the account's element excepts the root user
//     alone. A listed role excepts its sessions. With a permissions boundary nobody
//     is excepted.
//   - Everyone ("*") is also services, identity providers and anonymous callers.
//   - A role is compared by partition, account and name, since a session's ARN does
//     not tell the role's path.
//   - A unique ID as principal (AIDA... of a user, AROA... of a role) names who has it
//     as the ARN would, whatever the name. A Deny by it also applies to users and
//     sessions whose own ID the caller of Evaluate does not give. Beside one, an
//     account in a NotPrincipal excepts its root user alone.
//
// The assumptions of [CheckNoNewAccess] and [CheckAccessNotGranted] are documented at each.
package iampolicy
