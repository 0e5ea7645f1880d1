package zummer

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks 1.0.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// Why a webhook is refused.
var (
	ErrSecret    = errors.New("the secret must be whsec_ and base64 of 16 to 128 bytes")
	ErrUnsigned  = errors.New("webhook-id, webhook-timestamp and webhook-signature are required")
	ErrTime      = errors.New("webhook-timestamp is more than 5 minutes from now")
	ErrSignature = errors.New("no signature matches")
)

// tolerance is how far a signed time may be from ours, either way.
const tolerance = 5 * time.Minute

// Verify checks the Standard Webhooks headers of a request against its body as
// it came, byte by byte. A request that was verified may still be a repeat:
// Webhook-Id tells. Errors: ErrSecret, ErrUnsigned, ErrTime, ErrSignature.
func Verify(secret string, h http.Header, body []byte) error {
	return verifyAt(secret, h, body, time.Now())
}

func verifyAt(secret string, h http.Header, body []byte, now time.Time) error {
	key, err := keyOf(secret)
	if err != nil {
		return err
	}
	id, stamp, given := h.Get(HeaderID), h.Get(HeaderTimestamp), h.Get(HeaderSignature)
	if id == "" || stamp == "" || given == "" {
		return ErrUnsigned
	}
	unix, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strings.Contains(id, ".") {
		return ErrSignature
	}
	// Plain seconds: a time.Duration of a hostile number would overflow.
	if limit := int64(tolerance / time.Second); unix < now.Unix()-limit || unix > now.Unix()+limit {
		return ErrTime
	}
	want, ok := macOf(key, id, stamp, body), false
	for _, s := range strings.Fields(given) { // several while a secret is changed
		version, text, _ := strings.Cut(s, ",")
		mac, err := base64.StdEncoding.DecodeString(text)
		ok = ok || version == "v1" && err == nil && hmac.Equal(mac, want)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

// Sign makes the signature of a body, the value of Webhook-Signature. id must
// have no dot. Errors: ErrSecret.
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := keyOf(secret)
	if err != nil {
		return "", err
	}
	return "v1," + base64.StdEncoding.EncodeToString(macOf(key, id, strconv.FormatInt(at.Unix(), 10), body)), nil
}

func macOf(key []byte, id, stamp string, body []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + stamp + "."))
	m.Write(body)
	return m.Sum(nil)
}

func keyOf(secret string) ([]byte, error) {
	text := strings.TrimRight(strings.TrimPrefix(strings.TrimSpace(secret), "whsec_"), "=")
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(key) < 16 || len(key) > 128 {
		return nil, ErrSecret
	}
	return key, nil
}

// Event is a telephone event in canonical form, as a source of kind generic
// takes it. Only Type and Call are required, and Extension for what concerns
// one phone.
type Event struct {
	Type        string         `json:"event"` // ringing, ring_ended, answered, transferred, ended, missed, recording
	ID          string         `json:"id,omitempty"`
	Call        string         `json:"call"`
	Leg         string         `json:"leg,omitempty"`
	Seq         int64          `json:"seq,omitempty"`
	Direction   string         `json:"direction,omitempty"` // in, out, internal
	Phone       string         `json:"phone,omitempty"`
	Name        string         `json:"name,omitempty"`
	DID         string         `json:"did,omitempty"`
	Extension   string         `json:"extension,omitempty"`
	ToExtension string         `json:"to_extension,omitempty"`
	Addresses   []string       `json:"addresses,omitempty"` // other names of the extension, e.g. login:ivanov
	SameAs      string         `json:"same_as,omitempty"`   // another key of the same call
	At          time.Time      `json:"at,omitzero"`
	Reason      string         `json:"reason,omitempty"`
	TalkS       *int           `json:"talk_s,omitempty"`
	Recording   string         `json:"recording,omitempty"`
	Data        map[string]any `json:"data,omitempty"`
}

// Hook is the address of a source of kind generic, for a telephone system that
// speaks Go.
type Hook struct {
	URL    string       // hook_url of the source
	Secret string       // whsec_…, if the source has one
	HTTP   *http.Client // nil: one without a time-out, since every call has one
}

// Send tells the service of events, in order, until it has them: it tries five
// times, under ids that make a repeat harmless. nil means that they are
// committed.
func (h *Hook) Send(ctx context.Context, events ...Event) error {
	events = append([]Event(nil), events...)
	for i := range events {
		if events[i].ID == "" {
			events[i].ID = rand.Text()
		}
	}
	body, err := json.Marshal(events)
	if err != nil {
		return fmt.Errorf("encode the events: %w", err)
	}
	c := &Client{URL: h.URL, HTTP: h.HTTP}
	header := []string{}
	if h.Secret != "" {
		id, now := rand.Text(), time.Now()
		signature, err := Sign(h.Secret, id, now, body)
		if err != nil {
			return err
		}
		header = []string{HeaderID, id, HeaderTimestamp, strconv.FormatInt(now.Unix(), 10), HeaderSignature, signature}
	}
	return c.again(ctx, http.MethodPost, "", body, nil, header...)
}
