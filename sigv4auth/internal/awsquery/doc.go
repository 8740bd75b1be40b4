// Package awsquery speaks the query protocol of AWS, in which STS and IAM are written: parameters
// come as a form, answers and errors are XML documents.
//
// [Parse] reads a form strictly: what two readers could understand differently is refused.
// [Params] gives typed access to its parameters, and collects what is wrong with them in the words
// that AWS's services use. [Service] is the table of a service's operations and the HTTP side of
// it. The rest of the package is pure: bytes in, bytes out.
//
// The protocol is described in "AWS Query protocol" of the Smithy documentation, and the codes of
// errors in "Common Errors" of the STS and IAM API References. The texts of MalformedInput and
// InvalidAction are those that public captures of such services show.
package awsquery
