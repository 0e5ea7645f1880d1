package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// errDialUnknown is the error of an order that was sent and has no answer. It
// is no 5xx on purpose: much that stands between repeats those by itself.
func errDialUnknown() *models.Error {
	return models.Coded(models.Conflict, "dial_unknown", "the PBX did not answer in time; the phone may ring all the same, so look before you order the call again")
}

// dialOutcome is what is kept under an Idempotency-Key.
type dialOutcome struct {
	Answer *dialAnswer `json:"answer"` // nil: unknown
}

// keyBudget bounds what is written about a key after an order.
const keyBudget = 5 * time.Second

// once carries out place at most once for a token's key in 24 h. A repeat is
// answered as the first one was, also when nobody knows its outcome; what was
// refused before the PBX did anything gives the key back.
func (a *API) once(ctx context.Context, who models.Caller, key string, request []string, place func() (dialAnswer, error)) (dialAnswer, error) {
	sum := sha256.Sum256([]byte(strings.Join(request, "\n"))) // none of them has a line break
	token, key := who.Token.ID, "dial\t"+key                  // a publisher's key never has a TAB
	kept, err := a.d.Setup.TakeKey(ctx, token, key, hex.EncodeToString(sum[:]))
	if err != nil {
		return dialAnswer{}, err
	}
	if kept != nil {
		var o dialOutcome
		if err := json.Unmarshal(kept, &o); err != nil {
			return dialAnswer{}, fmt.Errorf("read the outcome of an order: %w", err)
		}
		if o.Answer == nil {
			return dialAnswer{}, errDialUnknown()
		}
		return *o.Answer, nil
	}
	answer, err := place()
	ctx, cancel := context.WithTimeout(ctx, keyBudget)
	defer cancel()
	var own *models.Error
	var kerr error
	switch {
	case err == nil:
		kerr = a.keepOutcome(ctx, token, key, dialOutcome{&answer})
	case errors.As(err, &own) && own.Code == errDialUnknown().Code:
		kerr = a.keepOutcome(ctx, token, key, dialOutcome{})
	default:
		kerr = a.d.Setup.FreeKey(ctx, token, key)
	}
	if kerr != nil { // the key stays taken: a repeat hears running, and does not ring
		a.log.ErrorContext(ctx, "the outcome of an order could not be kept", "err", kerr)
	}
	return answer, err
}

func (a *API) keepOutcome(ctx context.Context, token int64, key string, o dialOutcome) error {
	text, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode the outcome of an order: %w", err)
	}
	return a.d.Setup.KeepAnswer(ctx, token, key, text)
}

// sentOrder is a Doer that knows whether its last request was sent and its
// answer lost.
type sentOrder struct {
	do    pbx.Doer
	wrote atomic.Bool
	lost  atomic.Bool
}

// Do implements pbx.Doer.
func (s *sentOrder) Do(req *http.Request) (*http.Response, error) {
	s.wrote.Store(false)
	s.lost.Store(false)
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{WroteHeaders: func() { s.wrote.Store(true) }}))
	res, err := s.do.Do(req)
	if err != nil {
		s.lost.Store(s.wrote.Load())
		return res, err
	}
	if res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusGatewayTimeout {
		s.lost.Store(true)
	}
	res.Body = &watchedBody{res.Body, &s.lost}
	return res, nil
}

// watchedBody notes that an answer broke off.
type watchedBody struct {
	io.ReadCloser
	broken *atomic.Bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.broken.Store(true)
	}
	return n, err
}
