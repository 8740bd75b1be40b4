package iampolicy_test

// Why a case of the corpus is not decided as it expects.
const (
	// Parse refuses these documents.
	variableInTypedOperator = "a variable in an operator that takes none is a mistake of the document"
	literalVariable         = "in Version 2008-10-17 the text of a variable is literal, and no operand of this operator"
	operandNoARN            = "an operand that is no ARN is a mistake of the document"
	operandNoBase64         = "an operand that is not base64 is a mistake of the document"
	operandNoAddress        = "an operand that is no address is a mistake of the document"
	emptyList               = "an empty list is a mistake of the document"
	// Evaluate decides these otherwise.
	requestValueUnparsable = "in an Allow, a request value that cannot be read fails a negated operator too"
)

// corpusExclusions are the cases of the corpus that documented decisions exclude.
var corpusExclusions = map[string]string{
	"aspen-test_arn_equals-1":               operandNoARN,
	"aspen-test_arn_equals-2":               operandNoARN,
	"aspen-test_arn_equals-3":               operandNoARN,
	"aspen-test_arn_equals-4":               operandNoARN,
	"aspen-test_arn_equals-5":               operandNoARN,
	"aspen-test_arn_equals-6":               operandNoARN,
	"aspen-test_arn_equals-7":               operandNoARN,
	"aspen-test_arn_equals-8":               operandNoARN,
	"aspen-test_arn_equals-9":               operandNoARN,
	"aspen-test_arn_equals-10":              operandNoARN,
	"aspen-test_arn_equals-11":              operandNoARN,
	"aspen-test_arn_equals-12":              operandNoARN,
	"aspen-test_arn_equals-13":              operandNoARN,
	"aspen-test_arn_equals-14":              operandNoARN,
	"aspen-test_arn_equals-15":              operandNoARN,
	"aspen-test_arn_equals-16":              operandNoARN,
	"aspen-test_arn_equals-17":              operandNoARN,
	"aspen-test_arn_equals-18":              operandNoARN,
	"aspen-test_arn_equals-19":              operandNoARN,
	"aspen-test_arn_not_equals-7":           requestValueUnparsable,
	"aspen-test_arn_not_equals-14":          requestValueUnparsable,
	"aspen-test_binary-1":                   operandNoBase64,
	"aspen-test_bool-9":                     emptyList,
	"aspen-test_bool-10":                    emptyList,
	"aspen-test_bool-11":                    emptyList,
	"aspen-test_bool-18":                    emptyList,
	"aspen-test_bool-19":                    emptyList,
	"aspen-test_bool-20":                    emptyList,
	"aspen-test_bool_variable-1":            variableInTypedOperator,
	"aspen-test_bool_variable-2":            variableInTypedOperator,
	"aspen-test_bool_variable-3":            variableInTypedOperator,
	"aspen-test_bool_variable-4":            variableInTypedOperator,
	"aspen-test_bool_variable-5":            variableInTypedOperator,
	"aspen-test_bool_variable-6":            variableInTypedOperator,
	"aspen-test_bool_variable-7":            variableInTypedOperator,
	"aspen-test_bool_variable-8":            variableInTypedOperator,
	"aspen-test_bool_variable-9":            variableInTypedOperator,
	"aspen-test_bool_variable-10":           literalVariable,
	"aspen-test_date_not_equals-8":          requestValueUnparsable,
	"aspen-test_date_not_equals-16":         requestValueUnparsable,
	"aspen-test_date_variable-1":            variableInTypedOperator,
	"aspen-test_date_variable-2":            variableInTypedOperator,
	"aspen-test_date_variable-3":            variableInTypedOperator,
	"aspen-test_date_variable-4":            literalVariable,
	"aspen-test_ip_address-1":               operandNoAddress,
	"aspen-test_ip_address-2":               operandNoAddress,
	"aspen-test_ip_address-3":               operandNoAddress,
	"aspen-test_ip_address-4":               operandNoAddress,
	"aspen-test_ip_address-5":               operandNoAddress,
	"aspen-test_ip_address-6":               operandNoAddress,
	"aspen-test_ip_address-7":               operandNoAddress,
	"aspen-test_ip_address_variable-1":      variableInTypedOperator,
	"aspen-test_ip_address_variable-2":      variableInTypedOperator,
	"aspen-test_ip_address_variable-3":      variableInTypedOperator,
	"aspen-test_ip_address_variable-4":      variableInTypedOperator,
	"aspen-test_ip_address_variable-5":      variableInTypedOperator,
	"aspen-test_ip_address_variable-6":      literalVariable,
	"aspen-test_null-5":                     emptyList,
	"aspen-test_null-6":                     emptyList,
	"aspen-test_null_variable-1":            variableInTypedOperator,
	"aspen-test_null_variable-2":            variableInTypedOperator,
	"aspen-test_null_variable-3":            variableInTypedOperator,
	"aspen-test_null_variable-4":            variableInTypedOperator,
	"aspen-test_null_variable-5":            literalVariable,
	"aspen-test_numeric_equals_variable-1":  variableInTypedOperator,
	"aspen-test_numeric_equals_variable-2":  variableInTypedOperator,
	"aspen-test_numeric_equals_variable-3":  variableInTypedOperator,
	"aspen-test_numeric_equals_variable-4":  variableInTypedOperator,
	"aspen-test_numeric_equals_variable-5":  variableInTypedOperator,
	"aspen-test_numeric_equals_variable-6":  variableInTypedOperator,
	"aspen-test_numeric_equals_variable-7":  variableInTypedOperator,
	"aspen-test_numeric_equals_variable-8":  variableInTypedOperator,
	"aspen-test_numeric_equals_variable-9":  variableInTypedOperator,
	"aspen-test_numeric_equals_variable-10": variableInTypedOperator,
	"aspen-test_numeric_equals_variable-11": literalVariable,
	"aspen-test_numeric_equals_variable-12": literalVariable,
}
