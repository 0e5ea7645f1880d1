package pbx

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"zummer/models"
)

const vonageAPI = "https://api.nexmo.com"

// vonageKey reads the application's private key; a line break may be written
// as \n, as it is in configuration files.
func vonageKey(cfg Config) (*rsa.PrivateKey, error) {
	wrong := models.InvalidField("settings.private_key", "must be the application's private key (PEM, RSA)")
	block, _ := pem.Decode([]byte(strings.ReplaceAll(cfg.setting("private_key"), `\n`, "\n")))
	if block == nil {
		return nil, wrong
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any8, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if key, ok := any8.(*rsa.PrivateKey); err == nil && ok {
		return key, nil
	}
	return nil, wrong
}

// vonageToken is the JWT of our own requests: RS256 with the application's key,
// good for 5 minutes.
func vonageToken(cfg Config) (string, error) {
	if err := cpaasNeed(cfg, "application_id", "private_key"); err != nil {
		return "", err
	}
	key, err := vonageKey(cfg)
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{"application_id": cfg.setting("application_id"), "iat": cfg.Now.Unix(), "exp": cfg.Now.Add(5 * time.Minute).Unix(), "jti": rand.Text()})
	if err != nil {
		return "", unavailable("no token can be made")
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", models.InvalidField("settings.private_key", "cannot sign")
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}

// Recording makes the request of a recording, with a token for Vonage's own
// hosts (api.nexmo.com and those of its regions) alone.
func (vonage) Recording(ctx context.Context, _ Doer, cfg Config, ref, _ string) (*http.Request, error) {
	req, err := cpaasGet(ctx, ref)
	if err != nil {
		return nil, err
	}
	regional := req.URL.Scheme == "https" && regexp.MustCompile(`^api(-[a-z0-9]+)*\.(nexmo|vonage)\.com$`).MatchString(strings.ToLower(req.URL.Host))
	if !regional && !cpaasOwn(ref, cpaasAPI(cfg, vonageAPI)) {
		return req, nil
	}
	token, err := vonageToken(cfg)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return req, nil
}

// Dial rings the person and then connects the number: POST /v1/calls with an
// NCCO (developer.vonage.com/api/voice). Unconfirmed: written from the
// documentation, never tried on an account.
func (vonage) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	if err := cpaasNeed(cfg, "caller_id", "hook_url"); err != nil {
		return "", err
	}
	token, err := vonageToken(cfg)
	if err != nil {
		return "", err
	}
	hook := strings.TrimRight(cfg.setting("hook_url"), "/")
	caller := strings.TrimPrefix(cfg.setting("caller_id"), "+")
	hints := url.Values{"ext": {o.From}, "dir": {"out"}}
	far := hook + "/event?" + hints.Encode()
	hints.Set("phone", o.Phone)
	req, err := cpaasPost(ctx, cpaasAPI(cfg, vonageAPI)+"/v1/calls", map[string]any{
		"to":        []any{vonageEndpoint(cpaasDialable(cfg, o.From, func(name string) string { return name }))},
		"from":      map[string]any{"type": "phone", "number": caller},
		"event_url": []string{hook + "/event?" + hints.Encode()}, "event_method": "POST",
		"ncco": []any{map[string]any{"action": "connect", "from": caller, "eventUrl": []string{far}, "endpoint": []any{vonageEndpoint(o.Phone)}}},
	})
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	answer, err := cpaasAsk(do, req)
	if err != nil {
		return "", err
	}
	if call := answer.text("conversation_uuid"); call != "" && len(call) <= models.MaxKeyLen {
		return call, nil
	}
	return "", unavailable("the platform names no call")
}

// vonageEndpoint is an address as the Voice API dials it.
func vonageEndpoint(address string) map[string]any {
	switch {
	case strings.HasPrefix(address, "sip:"):
		return map[string]any{"type": "sip", "uri": address}
	case strings.HasPrefix(address, "+"):
		return map[string]any{"type": "phone", "number": address[1:]}
	}
	return map[string]any{"type": "app", "user": address}
}
