package persist

// Colliding returns an empty Map in which the hashes of all keys are the same in the bits that are
// ignored.
func Colliding[V any](ignored uint64) Map[V] { return Map[V]{ignored: ignored} }
