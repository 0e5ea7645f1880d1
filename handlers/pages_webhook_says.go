package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
	"zummer/web"
)

// sayings remember what the webhooks of a list say: a stored one never changes,
// and lists renew themselves.
type sayings struct {
	mu   sync.Mutex
	said map[int64]web.WebhookSays
}

const (
	maxSayings = 5000
	// longestRead is the longest body that is read for a line of a list.
	longestRead = 64 << 10
)

// says is the first event of a webhook, read by its adapter; the zero one when
// it holds none or cannot be read.
func (p *pages) says(c echo.Context, n names, w *models.Webhook) (web.WebhookSays, error) {
	source := n.d.Sources[w.SourceID]
	if w.Events == 0 || source == nil {
		return web.WebhookSays{}, nil
	}
	p.told.mu.Lock()
	out, ok := p.told.said[w.ID]
	p.told.mu.Unlock()
	if ok {
		return out, nil
	}
	whole, err := p.a.d.Journal.Webhook(c.Request().Context(), w.ID)
	if err != nil && !models.IsNotFound(err) {
		return out, err
	} else if err == nil {
		out = p.a.sayOf(source, &whole)
	}
	p.told.mu.Lock()
	defer p.told.mu.Unlock()
	if len(p.told.said) >= maxSayings || p.told.said == nil {
		p.told.said = map[int64]web.WebhookSays{}
	}
	p.told.said[w.ID] = out
	return out, nil
}

func (a *API) sayOf(s *models.Source, w *models.Webhook) web.WebhookSays {
	adapter, known := pbx.Lookup(s.Kind)
	path, query, _ := strings.Cut(w.Path, "?")
	values, err := url.ParseQuery(query)
	if !known || err != nil || len(w.Body) > longestRead {
		return web.WebhookSays{}
	}
	header := http.Header{}
	for k, v := range w.Headers {
		header.Set(k, v)
	}
	res, err := adapter.Parse(pbx.Request{Method: w.Method, Path: path, Query: values, Header: header, Body: w.Body}, SourceConfig(s, a.d.Timezone, a.d.Region, w.ReceivedAt))
	if err != nil || len(res.Events) == 0 {
		return web.WebhookSays{}
	}
	e := &res.Events[0]
	return web.WebhookSays{Event: string(e.Type), Extension: models.CutText(cmp.Or(e.Extension, e.ToExtension, firstOf(e.Addresses)), 80), Phone: models.CutText(e.Phone, 80)}
}

// callSays is the sentence of the call that a webhook told of; "": none is known.
func (p *pages) callSays(c echo.Context, n names, l web.Lang, id int64) (string, error) {
	ctx := c.Request().Context()
	k, err := p.a.d.Journal.Call(ctx, 0, id)
	if models.IsNotFound(err) || id == 0 {
		return "", nil
	} else if err != nil {
		return "", err
	}
	steps, err := p.a.d.Journal.CallTimeline(ctx, k.ID)
	if err != nil {
		return "", err
	}
	kase := n.callCase(&k, steps)
	if kase.Notices, err = p.notices(c, n, steps); err != nil {
		return "", err
	}
	text, _ := web.CallVerdict(l, kase)
	return text, nil
}
