package iampolicy

// Evaluate decides whether the policies allow the request, in the order of the
// IAM user guide's "Policy evaluation logic". It never fails and never panics:
// what it cannot decide it denies. It changes nothing, and does not allocate;
// any number of goroutines may call it with the same set.
func Evaluate(set *Set, req *Request) Decision {
	return Decision{}
}
