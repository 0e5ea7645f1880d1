package zummer_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	zummer "zummer/clients/go"
)

type answer = func(*http.Request, map[string]any) *http.Response

func TestRepeats(t *testing.T) {
	lost := func(*http.Request, map[string]any) *http.Response { return nil }
	refuse := func(status int, code string, header ...string) answer {
		return func(*http.Request, map[string]any) *http.Response {
			return reply(status, map[string]any{"code": code, "retryable": status == 409 || status >= 500}, header...)
		}
	}
	made := func(*http.Request, map[string]any) *http.Response {
		return reply(201, map[string]any{"items": []any{map[string]any{"id": "7", "rev": 1, "user": "ivanov", "session": nil}}, "next": nil})
	}
	for _, tc := range []struct {
		name   string
		script []answer
		made   int
		asked  int
		status int // of the error
	}{
		{"answered at once", some[answer](made), 1, 1, 0},
		{"a lost answer, the first one still running, then the rows", some[answer](lost, refuse(409, "running", "Retry-After", "1"), made), 1, 3, 0},
		{"away, busy", some[answer](refuse(503, "unavailable", "Retry-After", "1"), refuse(502, ""), made), 1, 3, 0},
		{"five times and no more", some[answer](lost, lost, lost, lost, lost, made), 0, 5, 0},
		{"what is wrong is not tried again", some[answer](refuse(422, "invalid"), made), 0, 1, 422},
		{"no such scope", some[answer](refuse(403, "forbidden"), made), 0, 1, 403},
	} {
		bubble(t, tc.name, func(t *testing.T, s *service, _ *watcher) {
			keys := map[string]bool{}
			for _, fn := range tc.script {
				s.next(func(r *http.Request, body map[string]any) *http.Response {
					keys[r.Header.Get("Idempotency-Key")] = true
					return fn(r, body)
				})
			}
			got, err := s.client().Publish(t.Context(), zummer.Publication{User: "ivanov", Kind: "mail.received", ExpiresIn: time.Hour})
			want(t, "made", len(got), tc.made)
			want(t, "asked", len(s.requests()), tc.asked)
			want(t, "failed", err != nil, tc.made == 0)
			want(t, "status", zummer.StatusOf(err), tc.status)
			want(t, "keys", len(keys), 1)
			want(t, "expires_in_s", s.requests()[0].body["expires_in_s"], any(3600.0))
		})
	}
}

func TestRenew(t *testing.T) {
	bubble(t, "a token is asked for when there is none, and when the service refuses it", func(t *testing.T, s *service, _ *watcher) {
		c, given := s.client(), 0
		c.Token = ""
		c.Renew = func(context.Context) (string, error) {
			given++
			return "t" + string(rune('0'+given)), nil
		}
		var used []string
		check := func(r *http.Request, _ map[string]any) *http.Response {
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			used = append(used, token)
			if token == "t1" && len(used) > 1 {
				return reply(401, map[string]any{"code": "unauthorized"})
			}
			return reply(200, map[string]any{"login": "ivanov"})
		}
		s.next(check, check, check, check)
		for range 3 {
			if _, err := c.Me(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "tokens used", used, []string{"t1", "t1", "t2", "t2"})
	})
	bubble(t, "a token that stays refused is an error", func(t *testing.T, s *service, _ *watcher) {
		c := s.client()
		c.Renew = func(context.Context) (string, error) { return "", errors.New("signed out") }
		refuse := func(*http.Request, map[string]any) *http.Response { return reply(401, nil) }
		s.next(refuse, refuse, refuse, refuse, refuse)
		_, err := c.Me(t.Context())
		want(t, "error", err, errors.New("renew the token: signed out"))
	})
}

func TestRedirects(t *testing.T) {
	bubble(t, "nobody is sent elsewhere with a token", func(t *testing.T, s *service, _ *watcher) {
		var hosts []string
		elsewhere := func(r *http.Request, _ map[string]any) *http.Response {
			hosts = append(hosts, r.URL.Host)
			return reply(307, nil, "Location", "http://else.test/v1/me")
		}
		s.next(elsewhere, elsewhere)
		if _, err := s.client().Me(t.Context()); zummer.StatusOf(err) != 307 {
			t.Errorf("got %v", err)
		}
		want(t, "asked", hosts, []string{"zummer.test"})
	})
}

func TestAckNow(t *testing.T) {
	ack := zummer.Ack{ID: "1", Rev: 1}
	refuse := func(status int, header ...string) answer {
		return func(*http.Request, map[string]any) *http.Response {
			return reply(status, map[string]any{"code": "x"}, header...)
		}
	}
	bubble(t, "the row leaves with the answer, and the ack names the session", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		s.put("1", 1, "show", "")
		after(time.Second)
		r, err := c.AckNow(t.Context(), ack)
		if err != nil || r.Result != zummer.Processed {
			t.Errorf("%+v, %v", r, err)
		}
		want(t, "rows", len(c.Picture().Rows), 0)
		all := s.requests()
		i := slices.IndexFunc(all, func(a asked) bool { return a.path == "/v1/notifications/1/processed" })
		want(t, "session", all[i].body["session"], any(c.Name()))
		after(time.Minute)
		want(t, "acks of polls", len(s.acks()), 0)
	})
	for _, tc := range []struct {
		name   string
		answer answer
		status int
		pause  time.Duration // in which nobody is asked, and not much longer
	}{
		{"a service that says when to come back is not asked before, by anybody", refuse(503, "Retry-After", "20"), 503, 20 * time.Second},
		{"a refusal by its own", refuse(422), 422, 0},
		{"no answer counts as a refusal for a second", func(*http.Request, map[string]any) *http.Response { return nil }, 0, time.Second},
	} {
		bubble(t, tc.name, func(t *testing.T, s *service, w *watcher) {
			c := s.client().NewSession("desk")
			s.next(tc.answer)
			_, err := c.AckNow(t.Context(), ack)
			want(t, "status", zummer.StatusOf(err), tc.status)
			want(t, "asked once", len(s.requests()), 1)
			if tc.pause > 0 {
				after(tc.pause / 2)
				_, err = c.AckNow(t.Context(), ack)
				var e *zummer.Error
				if !errors.As(err, &e) || e.Status != 503 || e.RetryAfter != tc.pause/2 {
					t.Errorf("before it is over: %v", err)
				}
				want(t, "asked", len(s.requests()), 1)
			}
			ctx, stop := context.WithTimeout(t.Context(), tc.pause/2+10*time.Second)
			defer stop()
			_ = c.Run(ctx, w.handler())
			got := s.requests()[1].at.Sub(s.requests()[0].at)
			if got < tc.pause || got > tc.pause+time.Second {
				t.Errorf("the poll came after %v", got)
			}
		})
	}
}

func TestErrorsHideTheAddress(t *testing.T) {
	s := newService()
	s.next(func(*http.Request, map[string]any) *http.Response { return nil })
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err := s.client().Admin().Contacts(ctx, "+79031234567")
	if err == nil || strings.Contains(err.Error(), "9031234567") {
		t.Errorf("the error tells the number: %v", err)
	}
}

// TestAddress: what is no address of a service is refused in words.
func TestAddress(t *testing.T) {
	for _, address := range []string{"127.0.0.1:8080", "localhost:8080", "zummer.example", "ftp://zummer.example"} {
		synctest.Test(t, func(t *testing.T) {
			c := &zummer.Client{URL: address, Token: "t"}
			if _, err := c.Me(t.Context()); err == nil || !strings.Contains(err.Error(), "https://") {
				t.Errorf("%s: %v", address, err)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	// The example of the standard's own libraries.
	const secret, id, stamp = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
	body, at := `{"test": 2432232314}`, time.Unix(1614265330, 0)
	const signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	if got, err := zummer.Sign(secret, id, at, []byte(body)); err != nil || got != signature {
		t.Errorf("Sign = %s, %v", got, err)
	}
	for _, tc := range []struct {
		name                           string
		secret, id, stamp, given, body string
		now                            time.Time
		want                           error
	}{
		{"as it was signed", secret, id, stamp, signature, body, at, nil},
		{"the secret without its prefix", strings.TrimPrefix(secret, "whsec_"), id, stamp, signature, body, at, nil},
		{"one of several signatures", secret, id, stamp, "v1,AAAA v1a,x " + signature, body, at, nil},
		{"five minutes late", secret, id, stamp, signature, body, at.Add(5 * time.Minute), nil},
		{"later", secret, id, stamp, signature, body, at.Add(5*time.Minute + time.Second), zummer.ErrTime},
		{"from the future", secret, id, stamp, signature, body, at.Add(-6 * time.Minute), zummer.ErrTime},
		{"a year of another age", secret, id, "9223372036854775807", signature, body, at, zummer.ErrTime},
		{"another body", secret, id, stamp, signature, body + " ", at, zummer.ErrSignature},
		{"another id", secret, "msg_2", stamp, signature, body, at, zummer.ErrSignature},
		{"an id with a dot could stand for another time", secret, id + ".1", stamp, signature, body, at, zummer.ErrSignature},
		{"another version", secret, id, stamp, "v2" + signature[2:], body, at, zummer.ErrSignature},
		{"no signature", secret, id, stamp, "", body, at, zummer.ErrUnsigned},
		{"no secret", "", id, stamp, signature, body, at, zummer.ErrSecret},
		{"a secret that is too short", "whsec_AAAA", id, stamp, signature, body, at, zummer.ErrSecret},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := http.Header{}
			h.Set(zummer.HeaderID, tc.id)
			h.Set(zummer.HeaderTimestamp, tc.stamp)
			h.Set(zummer.HeaderSignature, tc.given)
			if err := zummer.VerifyAt(tc.secret, h, []byte(tc.body), tc.now); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestHook(t *testing.T) {
	bubble(t, "events are signed, and a repeat has the same ids", func(t *testing.T, s *service, _ *watcher) {
		const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		var bodies []string
		check := func(status int) answer {
			return func(r *http.Request, _ map[string]any) *http.Response {
				if err := zummer.Verify(secret, r.Header, []byte(r.Header.Get("X-Body"))); err != nil {
					t.Error(err)
				}
				bodies = append(bodies, r.Header.Get("X-Body"))
				return reply(status, nil)
			}
		}
		s.next(check(503), check(204))
		hook := zummer.Hook{URL: "http://zummer.test/hooks/office/secret", Secret: secret, HTTP: &http.Client{Transport: bodyIn{s}}}
		if err := hook.Send(t.Context(), zummer.Event{Type: "ringing", Call: "c1", Extension: "101", Phone: "+79031234567"}); err != nil {
			t.Fatal(err)
		}
		want(t, "the repeat", bodies[1], bodies[0])
		var events []map[string]any
		_ = json.Unmarshal([]byte(bodies[0]), &events)
		want(t, "event", events[0]["event"], any("ringing"))
		want(t, "its id", events[0]["id"] != nil, true)
	})
}
