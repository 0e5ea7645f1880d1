package handlers

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// pageWebhooks is how many requests a page of the journal has.
const pageWebhooks = 50

// shownBody is how much of a body a page shows.
const shownBody = 64 << 10

var outcomes = []string{models.WebhookStored, models.WebhookRepeat, models.WebhookFailed, models.WebhookEmpty}

// webhooks is the journal of what came, and what was turned away.
func (p *pages) webhooks(c echo.Context) error {
	d := web.WebhooksPage{Frame: p.frame(c, "webhooks", "Запросы АТС", "Webhooks"), Filter: web.WebhooksFilter{Source: c.QueryParam("source")}}
	q := models.WebhookQuery{After: c.QueryParam("after"), Limit: pageWebhooks, Look: 20_000}
	var err error
	if q.Source, err = p.sourceNamed(d.Filter.Source); err != nil {
		return err
	}
	if o := c.QueryParam("outcome"); slices.Contains(outcomes, o) {
		d.Filter.Outcome, q.Outcome = o, o
	}
	for _, o := range outcomes {
		d.Outcomes = append(d.Outcomes, web.Option{Value: o, Text: web.OutcomeIn(d.Lang, o), Chosen: o == q.Outcome})
	}
	filters := []string{"source", "outcome"}
	d.Later, d.ListURL = q.After != "", "/admin/webhooks"+filterOf(c, filters, q.After)
	list, next, err := p.a.d.Journal.Webhooks(c.Request().Context(), q)
	if err != nil {
		return err
	}
	if next != "" {
		d.More = "/admin/webhooks" + filterOf(c, filters, next)
	}
	n := names{p.a.d.Setup.Directory()}
	d.Sources = n.sourceOptions(d.Filter.Source)
	masks := map[int64]func(string) string{}
	for i := range list {
		id := list[i].SourceID
		if masks[id] == nil {
			masks[id] = pageMask(n.d.Sources[id])
		}
		row := n.webhookRow(d.Lang, &list[i], masks[id])
		if row.Says, err = p.says(c, n, &list[i]); err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	last, total := p.a.Refused()
	d.Refused, d.Total = refusedRows(last, d.Filter.Source), total
	return p.show(c, "webhooks", d)
}

func (n names) webhookRow(l web.Lang, w *models.Webhook, mask func(string) string) web.WebhookRow {
	row := web.WebhookRow{ID: idText(w.ID), At: w.ReceivedAt, Source: n.slug(w.SourceID), Method: w.Method, Path: models.CutText(mask(w.Path), 160), From: w.RemoteAddr, Outcome: w.Outcome, Error: web.ErrorIn(l, mask(w.Error)), Events: w.Events}
	if w.CallID != 0 {
		row.Call = "/admin/calls/" + idText(w.CallID)
	}
	return row
}

// maxRefusedRows bounds the refused requests of one page.
const maxRefusedRows = 30

// refusedRows are the last requests that were turned away; source "": of all.
func refusedRows(last []Refusal, source string) []web.RefusedRow {
	var out []web.RefusedRow
	for _, r := range last {
		if source != "" && r.Source != source {
			continue
		}
		if out = append(out, web.RefusedRow{At: r.At, Source: r.Source, Method: r.Method, From: r.RemoteAddr, Reason: r.Reason, Detail: r.Detail}); len(out) == maxRefusedRows {
			break
		}
	}
	return out
}

// webhook is one request as it came, and what is understood of it.
func (p *pages) webhook(c echo.Context) error {
	w, err := p.a.webhookOf(c)
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	source := n.d.Sources[w.SourceID]
	mask := pageMask(source)
	d := web.WebhookPage{Frame: p.frame(c, "webhooks", "Запрос АТС", "Webhook"), Row: n.webhookRow(p.lang(c), &w, mask), Size: len(w.Body)}
	d.Row.Path = mask(w.Path)
	headers := shownHeaders(w.Headers, mask)
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		d.Headers = append(d.Headers, web.Pair{Name: name, Value: headers[name]})
	}
	d.Body = models.CutText(mask(validUTF8(w.Body)), shownBody)
	d.Decoded = mask(formText(d.Body, headerOf(w.Headers, "Content-Type")))
	slug := "SOURCE"
	if source != nil {
		slug = source.Slug
	}
	d.Curl = curlOf(p.a.baseURL(c)+"/hooks/"+slug+"/"+masked+mask(w.Path), w.Method, headers, []byte(mask(string(w.Body))))
	res, err := p.a.d.Register.DryRun(c.Request().Context(), models.DryRunQuery{Webhook: w.ID})
	if own := publicError(err); err != nil && own == nil {
		return err
	} else if own != nil {
		d.Why = web.ErrorIn(d.Lang, mask(own.Message))
	}
	for i := range res.Events {
		row := n.eventRow(d.Lang, &res.Events[i], mask)
		if row.Nothing && d.CallSays == "" {
			if d.CallSays, err = p.callSays(c, n, d.Lang, w.CallID); err != nil {
				return err
			}
		}
		d.Events = append(d.Events, row)
	}
	d.Verdict, d.Tone = web.WebhookVerdict(d.Lang, d.Row, len(d.Events))
	return p.show(c, "webhook", d)
}

// pageMask hides a source's secrets, and what is named like one.
func pageMask(s *models.Source) func(string) string {
	own := maskOf(s)
	return func(text string) string { return maskNamed(own(text)) }
}

// headerOf is a stored header, whatever case it came in.
func headerOf(headers map[string]string, name string) string {
	for n, v := range headers {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}

// shownHeaders are all headers, with whatever lets somebody in masked.
func shownHeaders(in map[string]string, mask func(string) string) map[string]string {
	out, open := maps.Clone(in), openHeaders(in, mask)
	for name := range out {
		if v, ok := open[name]; ok && !secretHeader(name) {
			out[name] = v
			continue
		}
		out[name] = masked
	}
	return out
}

func (n names) eventRow(l web.Lang, e *models.DryRunEvent, mask func(string) string) web.EventRow {
	row := web.EventRow{Type: string(e.Event.Type), Same: !e.Changed, Nothing: len(e.Occasions) == 0 && len(e.Beside) == 0}
	if text, err := json.MarshalIndent(e.Event, "", "  "); err == nil {
		row.JSON = mask(string(text))
	}
	for _, note := range e.Notes {
		row.Notes = append(row.Notes, web.WhyIn(l, note))
	}
	for i := range e.Occasions {
		o := &e.Occasions[i]
		out := web.EventResult{User: n.person(o.User), Rule: o.Rule, Reason: web.WhyIn(l, o.Reason)}
		for _, dr := range o.Drafts {
			if dr.Kind != "" {
				out.Makes = append(out.Makes, web.KindIn(l, dr.Kind)+" ("+web.ActionIn(l, dr.Action)+")")
			}
		}
		row.Result = append(row.Result, out)
	}
	return row
}

// replay runs a stored request again.
func (p *pages) replay(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	res, err := p.a.replayAs(c, id)
	ru, en := "Запрос выполнен заново: "+web.OutcomeIn(web.Russian, res.Outcome)+".", "The request was run again: "+web.OutcomeIn(web.English, res.Outcome)+"."
	if res.Error != "" {
		ru, en = ru+" "+web.ErrorIn(web.Russian, res.Error), en+" "+res.Error
	}
	return p.done(c, "/admin/webhooks/"+idText(id), ru, en, err)
}

// notSent are headers that curl makes itself, or that proxies added.
var notSent = []string{"content-length", "host", "connection", "accept-encoding", "transfer-encoding", "user-agent", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "te", "expect"}

// curlOf is a line for sh that sends a request again. Whatever it holds is
// quoted so that neither the shell nor the terminal that it is pasted into
// takes it for anything but text.
func curlOf(address, method string, headers map[string]string, body []byte) string {
	var b strings.Builder
	plain := plainText(body)
	if len(body) > 0 && !plain {
		b.WriteString("printf '%b' " + escaped(body) + " | ")
	}
	b.WriteString("curl -X " + quoted(method) + " " + quoted(address))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if !slices.Contains(notSent, strings.ToLower(name)) {
			b.WriteString(" \\\n  -H " + quoted(name+": "+headers[name]))
		}
	}
	switch {
	case len(body) > 0 && plain:
		b.WriteString(" \\\n  --data-raw " + quoted(string(body)))
	case len(body) > 0:
		b.WriteString(" \\\n  --data-binary @-")
	}
	return b.String()
}

// quoted is a text as one word of sh. Control characters, which no address and
// no header has, are left out; line ends of a body stay.
func quoted(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// plainText reports that a body can stand in a line as it is.
func plainText(body []byte) bool {
	text := string(body)
	return strings.ToValidUTF8(text, "") == text && !strings.HasPrefix(text, "@") && !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	})
}

// escaped is any bytes as an argument of printf '%b'.
func escaped(body []byte) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, c := range body {
		switch {
		case c == '\\':
			b.WriteString(`\\`)
		case c == '\'' || c < ' ' || c >= 0x7f:
			b.WriteString(`\0` + octal(c))
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

func octal(c byte) string {
	text := strconv.FormatUint(uint64(c), 8)
	return strings.Repeat("0", 3-len(text)) + text
}
