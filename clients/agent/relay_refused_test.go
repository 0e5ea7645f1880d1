package agent

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	zummer "zummer/clients/go"
)

// TestRelayTokenRefused: a program whose secret is right is not told that the
// network is down, nor that its secret is wrong, when the service refuses the
// agent's own token. A service that is away is called so.
func TestRelayTokenRefused(t *testing.T) {
	status := http.StatusUnauthorized
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }, nil)
	a := &Agent{Log: s.relay.log, relay: s.relay}
	ask := func(method, path, token, body string) (int, string, string) {
		res, text := s.say(fmt.Sprintf("%s %s HTTP/1.0\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", method, path, token, len(body), body), false)
		return res.StatusCode, res.Header.Get("Retry-After"), text
	}
	secret := s.config.Relay.Secret
	a.state(t.Context(), zummer.Status{Err: &zummer.Error{Status: status, Code: "unauthorized", Detail: "no"}})
	for _, c := range []struct{ name, method, path, token, body, want string }{
		{"a poll", "GET", "/v1/notifications?session=onec", secret, "", `"detail":"the service refuses the agent's token: take a new one and repeat zummer agent login"`},
		{"a poll in text", "GET", "/v1/notifications?format=text", secret, "", "E1\tagent_token_refused\t10\n"},
		{"a poll in xml", "GET", "/v1/notifications?format=xml", secret, "", `<e code="agent_token_refused" retry_s="10"/>`},
		{"a poll with an ack", "GET", "/v1/notifications?ack=100.1", secret, "", `"agent_token_refused"`},
		{"an ack", "PUT", "/v1/notifications/100/processed", secret, `{"rev":1}`, `"agent_token_refused"`},
		{"a claim", "POST", "/v1/notifications/100/claim", secret, `{"rev":1,"session":"onec"}`, `"agent_token_refused"`},
		{"what is passed on", "GET", "/v1/me", secret, "", `"agent_token_refused"`},
	} {
		if code, retry, text := ask(c.method, c.path, c.token, c.body); code != http.StatusServiceUnavailable || retry != "10" || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d, Retry-After %s, %s", c.name, code, retry, text)
		}
	}
	if code, _, _ := ask("GET", "/v1/me", "a-token-of-its-own", ""); code != http.StatusUnauthorized {
		t.Errorf("a program whose own token is refused: %d", code)
	}
	a.state(t.Context(), zummer.Status{Err: &zummer.Error{Status: http.StatusForbidden}})
	if code, _, text := ask("GET", "/v1/notifications", secret, ""); code != http.StatusServiceUnavailable || !strings.Contains(text, "no scope poll") {
		t.Errorf("a token of another scope: %d %s", code, text)
	}
	a.state(t.Context(), zummer.Status{Err: errors.New("connection refused")})
	if code, retry, text := ask("GET", "/v1/notifications", secret, ""); code != http.StatusServiceUnavailable || retry != "5" || !strings.Contains(text, `"upstream_away"`) {
		t.Errorf("a service that is away: %d, Retry-After %s, %s", code, retry, text)
	}
	a.state(t.Context(), zummer.Status{Connected: true})
	if code, _, text := ask("GET", "/v1/notifications", secret, ""); code != http.StatusOK {
		t.Errorf("it takes the token again: %d %s", code, text)
	}
}
