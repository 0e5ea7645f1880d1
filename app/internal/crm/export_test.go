package crm

import "time"

// Sign is the signature, for a test vector.
func Sign(key []byte, id string, at time.Time, body []byte) string { return sign(key, id, at, body) }
