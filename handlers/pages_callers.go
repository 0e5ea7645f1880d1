package handlers

import (
	"cmp"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// callers remember for a minute what the CRM calls a number, so that pages
// which renew themselves do not ask for it each time.
type callers struct {
	mu   sync.Mutex
	name map[string]callerName
}

type callerName struct {
	text string
	at   time.Time
}

const (
	callerFor  = time.Minute
	maxCallers = 5000
)

// callerName is what the CRM calls who is on the other side of a call; "" when it
// does not know the number.
func (p *pages) callerName(c echo.Context, k *models.Call) (string, error) {
	if k.Phone == "" || k.Hidden || k.Direction == models.InternalCall {
		return "", nil
	}
	now := time.Now()
	p.known.mu.Lock()
	was, ok := p.known.name[k.Phone]
	p.known.mu.Unlock()
	if ok && now.Sub(was.at) < callerFor {
		return was.text, nil
	}
	found, err := p.a.d.Setup.ContactsByPhone(c.Request().Context(), k.Phone)
	if err != nil && models.KindOf(err) != models.Invalid { // no number: nobody's
		return "", err
	}
	name := callerName{at: now}
	for _, contact := range found {
		if contact.Client != nil {
			name.text = contact.Client.Title
		}
		if name.text = cmp.Or(name.text, contact.Name); name.text != "" {
			break
		}
	}
	p.known.mu.Lock()
	if len(p.known.name) >= maxCallers || p.known.name == nil {
		p.known.name = map[string]callerName{}
	}
	p.known.name[k.Phone] = name
	p.known.mu.Unlock()
	return name.text, nil
}
