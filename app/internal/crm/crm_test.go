package crm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zummer/app/internal/crm"
	"zummer/models"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	number = "+79031234567"
)

// fakeCRM answers on the bubble's clock.
type fakeCRM struct {
	mu     sync.Mutex
	asked  []string // numbers
	takes  time.Duration
	status int
	body   string
	err    error
}

func (f *fakeCRM) RoundTrip(req *http.Request) (*http.Response, error) {
	var q struct{ Phone string }
	if err := json.NewDecoder(req.Body).Decode(&q); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.asked = append(f.asked, q.Phone)
	takes, status, body, err := f.takes, f.status, f.body, f.err
	f.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

// set changes how the CRM answers.
func (f *fakeCRM) set(status int, body string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status, f.body, f.err = status, body, err
}

func (f *fakeCRM) times() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}

// readContact stands in for setup's.
func readContact(raw []byte) (models.Contact, error) {
	var in models.ContactInput
	if err := json.Unmarshal(raw, &in); err != nil || in.ExternalID == "" {
		return models.Contact{}, models.InvalidField("external_id", "must not be empty")
	}
	return models.Contact{ID: 7, ExternalID: in.ExternalID, Name: in.Name, Responsible: 9, RespLogin: in.Responsible, Client: in.Client, Interests: in.Interests, Phones: in.Phones}, nil
}

const daisy = `{"contacts":[{"external_id":"c-1","name":"Ромашка","responsible":"ivanov"}]}`

// world is a client and its CRM in a bubble.
type world struct {
	*crm.Client
	t    *testing.T
	crm  *fakeCRM
	mu   sync.Mutex
	told []string
}

func inBubble(t *testing.T, fn func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, crm: &fakeCRM{status: 200, body: daisy}}
		var err error
		w.Client, err = crm.New(crm.Options{URL: "https://user:password@crm.example/hs/zummer/lookup", Secret: secret, Contact: readContact, Transport: w.crm,
			Observe: func(outcome string, _ time.Duration) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.told = append(w.told, outcome)
			}})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		fn(w)
		synctest.Wait()
	})
}

// ask looks a number up and writes what came: "found c-1", "nobody", an error.
func (w *world) ask(phone string) string {
	contacts, known, err := w.Lookup(w.t.Context(), phone)
	switch {
	case err != nil && (known || contacts != nil):
		w.t.Errorf("%+v %v beside the error %v", contacts, known, err)
		return ""
	case errors.Is(err, crm.ErrPaused):
		return "paused"
	case err != nil:
		for _, private := range []string{number, number[1:], "password", secret[6:], "/hs/"} {
			if strings.Contains(err.Error(), private) {
				w.t.Errorf("the error shows %q: %v", private, err)
			}
		}
		return err.Error()
	case !known:
		return "not asked"
	case len(contacts) == 0:
		return "nobody"
	}
	return "found " + contacts[0].ExternalID
}

func (w *world) want(got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("got %q, want %q", got, want)
	}
}

func (w *world) wantAsked(n int) {
	w.t.Helper()
	if got := w.crm.times(); got != n {
		w.t.Errorf("the CRM was asked %d times, want %d", got, n)
	}
}

func after(d time.Duration) { <-time.After(d) }

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"a list", 200, daisy, "found c-1"},
		{"a list with a BOM, as 1C writes it", 200, "\xef\xbb\xbf" + daisy + "\r\n", "found c-1"},
		{"one contact", 200, `{"external_id":"c-2","name":"Лютик"}`, "found c-2"},
		{"an empty list", 200, `{"contacts":[]}`, "nobody"},
		{"null", 200, `{"contacts":null}`, "nobody"},
		{"an empty object", 200, `{}`, "nobody"},
		{"an empty answer", 200, "", "nobody"},
		{"no content", 204, "", "nobody"},
		{"not found", 404, "<html>Not Found</html>", "nobody"},
		{"no JSON", 200, "<html>", `ask the CRM at crm.example: the answer is no JSON object: want {"contacts":[…]}`},
		{"a bare list", 200, `[]`, `ask the CRM at crm.example: the answer is no JSON object: want {"contacts":[…]}`},
		{"contacts are no list", 200, `{"contacts":"c-1"}`, "ask the CRM at crm.example: contacts: must be a list"},
		{"a bad contact spoils the good one", 200, `{"contacts":[{"external_id":"c-1"},{"name":"x"}]}`, "ask the CRM at crm.example: contacts[1]: external_id: must not be empty"},
		{"wrong secret", 401, "", "ask the CRM at crm.example: it answered 401"},
		{"it fails", 500, daisy, "ask the CRM at crm.example: it answered 500"},
		{"created, whatever that means", 201, daisy, "ask the CRM at crm.example: it answered 201"},
		{"a redirect", 302, "", "ask the CRM at crm.example: it answered 302, a redirect, which is not followed: set the address it leads to"},
		{"64 KiB", 200, daisy + strings.Repeat(" ", 64<<10-len(daisy)), "found c-1"},
		{"more than 64 KiB", 200, daisy + strings.Repeat(" ", 64<<10-len(daisy)+1), "ask the CRM at crm.example: the answer is longer than 65536 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.crm.set(tc.status, tc.body, nil)
				w.want(w.ask(number), tc.want)
			})
		})
	}
}

func TestContactsAreReadyForTheRules(t *testing.T) {
	inBubble(t, func(w *world) {
		contacts, _, err := w.Lookup(w.t.Context(), number)
		if err != nil || len(contacts) != 1 {
			t.Fatalf("%+v, %v", contacts, err)
		}
		if c := contacts[0]; c.ID != 0 || c.Responsible != 0 || c.RespLogin != "ivanov" || !slices.Equal(c.Phones, []string{number}) || !c.UpdatedAt.Equal(time.Now()) {
			t.Errorf("%+v: ids are of the database, the phone is the one that was asked about", c)
		}
		contacts[0].Name = "changed"
		if again, known := w.Kept(number); !known || again[0].Name != "Ромашка" {
			t.Errorf("a caller changed what is kept: %+v", again)
		}
	})
}

// TestNothingToAsk: a hidden caller, an extension, text.
func TestNothingToAsk(t *testing.T) {
	inBubble(t, func(w *world) {
		for _, phone := range []string{"", "101", "+", "anonymous", "89031234567"} {
			w.want(w.ask(phone), "not asked")
		}
		w.wantAsked(0)
	})
}

func TestAnswersAreKept(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       string
		keeps      time.Duration
	}{
		{"found", daisy, "found c-1", time.Minute},
		{"nobody", "", "nobody", 30 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.crm.set(200, tc.body, nil)
				w.want(w.ask(number), tc.want)
				after(tc.keeps - 1)
				w.want(w.ask(number), tc.want)
				w.wantAsked(1)
				w.want(w.ask("+79030000000"), tc.want) // another number
				w.wantAsked(2)
				after(1)
				if _, known := w.Kept(number); known {
					t.Error("kept too long")
				}
				w.want(w.ask(number), tc.want)
				w.wantAsked(3)
			})
		})
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	inBubble(t, func(w *world) {
		w.crm.set(500, "", nil)
		w.want(w.ask(number), "ask the CRM at crm.example: it answered 500")
		w.crm.set(200, daisy, nil)
		w.want(w.ask(number), "found c-1")
		if want := []string{crm.Failed, crm.Found}; !slices.Equal(w.told, want) {
			t.Errorf("told %q, want %q", w.told, want)
		}
	})
}

func TestKeptAreBounded(t *testing.T) {
	inBubble(t, func(w *world) {
		for i := range 10_001 {
			w.want(w.ask(fmt.Sprintf("+7903%07d", i)), "found c-1")
		}
		if _, known := w.Kept("+79030000000"); known {
			t.Error("the oldest of 10,001 is still kept")
		}
		if _, known := w.Kept("+79030000001"); !known {
			t.Error("one of the last 10,000 is not kept")
		}
	})
}

// TestSlowCRM: nobody waits longer than the budget, and lateness counts as a
// failure.
func TestSlowCRM(t *testing.T) {
	inBubble(t, func(w *world) {
		w.crm.takes = 299 * time.Millisecond
		w.want(w.ask("+79030000000"), "found c-1")
		w.crm.takes = time.Hour
		for range 5 {
			began := time.Now()
			got := w.ask(number)
			if took := time.Since(began); took != crm.Budget {
				t.Errorf("took %s", took)
			}
			w.want(got, "ask the CRM at crm.example: no answer within 300ms")
			synctest.Wait() // the question itself has ended too
		}
		w.want(w.ask(number), "paused")
		if want := []string{crm.Found, crm.Late, crm.Late, crm.Late, crm.Late, crm.Late, crm.Skipped}; !slices.Equal(w.told, want) {
			t.Errorf("told %q, want %q", w.told, want)
		}
	})
}

// TestOneQuestionForMany: calls about one number that come together share a
// request, and one caller who leaves does not take it from the others.
func TestOneQuestionForMany(t *testing.T) {
	inBubble(t, func(w *world) {
		w.crm.takes = 200 * time.Millisecond
		ctx, leave := context.WithTimeout(w.t.Context(), 50*time.Millisecond)
		defer leave()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, known, err := w.Lookup(ctx, number); known || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the one who left: %v, %v", known, err)
			}
		})
		for range 20 {
			wg.Go(func() {
				<-time.After(100 * time.Millisecond)
				w.want(w.ask(number), "found c-1")
			})
		}
		wg.Wait()
		w.wantAsked(1)
	})
}

// TestBreaker: five failures in a row, ten seconds of peace, one question that
// tries.
func TestBreaker(t *testing.T) {
	inBubble(t, func(w *world) {
		n := 0
		other := func() string { n++; return w.ask(fmt.Sprintf("+7903%07d", n)) }
		broken := "ask the CRM at crm.example: connection refused"
		w.crm.set(0, "", errors.New("connection refused"))
		for range 4 {
			w.want(other(), broken)
		}
		w.crm.set(200, daisy, nil) // a success in between begins the count anew
		w.want(w.ask(number), "found c-1")
		w.crm.set(0, "", errors.New("connection refused"))
		for range 5 {
			w.want(other(), broken)
		}
		w.wantAsked(10)
		w.want(other(), "paused")
		w.want(w.ask(number), "found c-1") // what is kept is still told
		after(10 * time.Second)
		w.want(other(), "paused")
		w.wantAsked(10)

		after(time.Millisecond) // half open
		w.crm.takes = 100 * time.Millisecond
		probe := make(chan string, 1)
		go func() { probe <- other() }()
		synctest.Wait()
		w.want(w.ask("+79039999999"), "paused") // one tries, the others do not
		w.want(<-probe, broken)
		w.want(other(), "paused")
		w.wantAsked(11)

		after(10*time.Second + time.Millisecond)
		w.crm.set(404, "", nil) // nobody is an answer too
		w.want(other(), "nobody")
		w.want(other(), "nobody")
		w.wantAsked(13)
	})
}

func TestCloseEndsQuestions(t *testing.T) {
	inBubble(t, func(w *world) {
		w.crm.takes = 200 * time.Millisecond
		done := make(chan string, 1)
		go func() { done <- w.ask(number) }()
		synctest.Wait()
		began := time.Now()
		w.Close()
		if got := <-done; !strings.Contains(got, "canceled") || time.Since(began) != 0 {
			t.Errorf("got %q after %s", got, time.Since(began))
		}
	})
}
