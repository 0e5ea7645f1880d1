package pbx

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// The headers of Standard Webhooks 1.0.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// signatureTolerance is how far a signed time may be from ours, either way.
const signatureTolerance = 5 * time.Minute

// SignStandard makes a Standard Webhooks signature ("v1,…") of a body. secret
// is base64, with or without whsec_ before it; an error means it is unusable.
func SignStandard(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := standardKey(secret)
	if err != nil {
		return "", err
	}
	return "v1," + base64.StdEncoding.EncodeToString(standardMAC(key, id, strconv.FormatInt(at.Unix(), 10), body)), nil
}

// verifyStandard checks the three headers against secret.
func verifyStandard(secret string, h http.Header, body []byte, now time.Time) error {
	key, err := standardKey(secret)
	if err != nil {
		return models.Coded(models.Unauthorized, "signature_secret", "the secret of this source is unusable: %s", err)
	}
	id, stamp, given := h.Get(HeaderID), h.Get(HeaderTimestamp), h.Get(HeaderSignature)
	switch {
	case id == "" || stamp == "" || given == "":
		return models.Coded(models.Unauthorized, "signature_missing", "webhook-id, webhook-timestamp and webhook-signature are required")
	case strings.Contains(id, "."):
		return models.Coded(models.Unauthorized, "signature_wrong", "webhook-id must not contain a dot")
	}
	unix, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return models.Coded(models.Unauthorized, "signature_wrong", "webhook-timestamp is not a number of seconds")
	}
	// Plain seconds: a time.Duration of a hostile number would overflow.
	if limit := int64(signatureTolerance / time.Second); unix < now.Unix()-limit || unix > now.Unix()+limit {
		return models.Coded(models.Unauthorized, "signature_time", "webhook-timestamp is more than 5 minutes from the time of this server")
	}
	want := standardMAC(key, id, stamp, body)
	ok := false
	for _, s := range strings.Fields(given) {
		version, text, _ := strings.Cut(s, ",")
		mac, err := base64.StdEncoding.Strict().DecodeString(text)
		if version == "v1" && err == nil && hmac.Equal(mac, want) {
			ok = true
		}
	}
	if !ok {
		return models.Coded(models.Unauthorized, "signature_wrong", "no signature matches")
	}
	return nil
}

func standardMAC(key []byte, id, stamp string, body []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + stamp + "."))
	m.Write(body)
	return m.Sum(nil)
}

// standardKey decodes a secret: 16 to 128 bytes in base64.
func standardKey(secret string) ([]byte, error) {
	text := strings.TrimRight(strings.TrimPrefix(strings.TrimSpace(secret), "whsec_"), "=")
	key, err := base64.RawStdEncoding.DecodeString(text)
	switch {
	case err != nil:
		return nil, models.InvalidField("secret", "must be whsec_ and base64")
	case len(key) < 16 || len(key) > 128:
		return nil, models.InvalidField("secret", "must hold 16 to 128 bytes (24 are usual) in base64 after whsec_")
	}
	return key, nil
}
