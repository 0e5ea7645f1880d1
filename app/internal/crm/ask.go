package crm

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// maxAnswer bounds an answer: some hundred contacts.
const maxAnswer = 64 << 10

// ReadSecret decodes a secret of Standard Webhooks: whsec_ and 16 to 128 bytes
// in base64.
func ReadSecret(text string) ([]byte, error) {
	text, marked := strings.CutPrefix(strings.TrimSpace(text), "whsec_")
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || !marked || len(key) < 16 || len(key) > 128 {
		return nil, errors.New("must be whsec_ and 16 to 128 random bytes in base64; make one with: echo whsec_$(openssl rand -base64 24)")
	}
	return key, nil
}

// sign is the signature of Standard Webhooks 1.0.
func sign(key []byte, id string, at time.Time, body []byte) string {
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%d.", id, at.Unix())
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// request asks once. It runs on a goroutine of its own, where a panic over some
// answer would end the program.
func (c *Client) request(ctx context.Context, phone string) (_ []models.Contact, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	body, err := json.Marshal(map[string]string{"phone": phone})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.opt.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address cannot be asked")
	}
	id, now := "lookup_"+rand.Text(), time.Now()
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "zummer",
		"webhook-id": id, "webhook-timestamp": strconv.FormatInt(now.Unix(), 10), "webhook-signature": sign(c.key, id, now, body)} {
		req.Header.Set(name, value)
	}
	res, err := c.http.Do(req)
	if err != nil {
		if long, ok := errors.AsType[*url.Error](err); ok {
			err = long.Err // without the address
		}
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusNoContent:
		return nil, nil
	case res.StatusCode/100 == 3:
		return nil, fmt.Errorf("it answered %d, a redirect, which is not followed: set the address it leads to", res.StatusCode)
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answered %d", res.StatusCode)
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	return c.contacts(text, phone)
}

// contacts reads {"contacts":[…]}, or one contact; nothing at all is nobody.
// One bad contact spoils the answer: without it a choice would look like a
// certainty.
func (c *Client) contacts(text []byte, phone string) ([]models.Contact, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) // 1C likes to begin so
	if len(text) == 0 {
		return nil, nil
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, errors.New(`the answer is no JSON object: want {"contacts":[…]}`)
	}
	var all []json.RawMessage
	switch list, named := whole["contacts"]; {
	case named:
		if err := json.Unmarshal(list, &all); err != nil {
			return nil, errors.New("contacts: must be a list")
		}
	case len(whole) > 0:
		all = []json.RawMessage{text}
	}
	out := make([]models.Contact, 0, len(all))
	for i, raw := range all {
		contact, err := c.opt.Contact(raw)
		if err != nil {
			return nil, fmt.Errorf("contacts[%d]: %w", i, err)
		}
		contact.ID, contact.Responsible, contact.Phones, contact.UpdatedAt = 0, 0, []string{phone}, time.Now()
		out = append(out, contact)
	}
	return out, nil
}
