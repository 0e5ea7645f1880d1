// Package auth turns a presented secret into the one who calls, and makes the
// secrets. Tokens ask no database: everything they need stands in the set-up
// snapshot. Administrators, who sign in to the pages with a password, and their
// sign-in sessions are rows of it.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

// Prefix begins every bearer token, so that one found in a file or a log can
// be told for what it is.
const Prefix = "zt_"

// secretBytes is the randomness of one secret: 160 bits, 32 letters.
const secretBytes = 20

// NewToken makes a bearer token: its text, shown once, and the hash that is
// stored.
func NewToken() (text, hash string) {
	text = Prefix + secret()
	return text, Hash(text)
}

// NewURLToken makes the secret part of a source's hook address: 32 characters
// of [a-z2-7], and its hash.
func NewURLToken() (text, hash string) {
	text = secret()
	return text, Hash(text)
}

// Hash is the form in which secrets are stored and looked up: SHA-256 in
// lower-case hex. A secret of 160 random bits needs no salt and no slow hash.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// secret never fails: since Go 1.24 crypto/rand.Read ends the program rather
// than returning an error.
func secret() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
