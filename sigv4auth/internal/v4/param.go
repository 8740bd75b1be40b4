package v4

import "strings"

// Param is a query parameter of a presigned URL: "Query string parameters" in the IAM User Guide's
// "Authentication methods". They are in their canonical order.
type Param uint8

// The parameters of a presigned URL.
const (
	ParamAlgorithm Param = iota
	// ParamContentSHA256 is signed like any other parameter, and counts for nothing: only the
	// header of this name does.
	ParamContentSHA256
	ParamCredential
	ParamDate
	ParamExpires
	// ParamRegionSet is of SigV4A alone.
	ParamRegionSet
	ParamSecurityToken
	ParamSignature
	ParamSignedHeaders
	Params // how many there are

	// NoParam is any other parameter.
	NoParam = Params
)

var paramNames = [Params]string{
	ParamAlgorithm:     "X-Amz-Algorithm",
	ParamContentSHA256: "X-Amz-Content-Sha256",
	ParamCredential:    "X-Amz-Credential",
	ParamDate:          "X-Amz-Date",
	ParamExpires:       "X-Amz-Expires",
	ParamRegionSet:     "X-Amz-Region-Set",
	ParamSecurityToken: "X-Amz-Security-Token",
	ParamSignature:     "X-Amz-Signature",
	ParamSignedHeaders: "X-Amz-SignedHeaders",
}

// String returns the parameter's name, "" of [NoParam].
func (p Param) String() string {
	if p >= Params {
		return ""
	}
	return paramNames[p]
}

// paramAt returns the parameter with whose name and '=' a pair begins, if it is from or one behind
// it.
func paramAt(pair string, from Param) Param {
	if !strings.HasPrefix(pair, "X-Amz-") {
		return NoParam
	}
	for p := from; p < Params; p++ {
		if name := paramNames[p]; len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name {
			return p
		}
	}
	return NoParam
}

// paramOf returns the parameter that is called name, to the letter.
func paramOf(name string) Param {
	// Texts of up to 16 bytes are compared in a few instructions: what follows the prefix is one.
	name, ok := strings.CutPrefix(name, "X-Amz-")
	if !ok {
		return NoParam
	}
	switch name {
	case "Algorithm":
		return ParamAlgorithm
	case "Content-Sha256":
		return ParamContentSHA256
	case "Credential":
		return ParamCredential
	case "Date":
		return ParamDate
	case "Expires":
		return ParamExpires
	case "Region-Set":
		return ParamRegionSet
	case "Security-Token":
		return ParamSecurityToken
	case "Signature":
		return ParamSignature
	case "SignedHeaders":
		return ParamSignedHeaders
	}
	return NoParam
}
