package inbox

import (
	"context"
	"errors"
	"time"

	"zummer/models"
)

// beside is the memory store's part that is not the register.
type beside struct {
	seen      map[seenKey]models.Seen
	told      []models.Delivery
	seenReads int
	seenSaves int
	seenAway  bool // presence can be neither read nor written
	readOnly  bool // presence can be read only
	setReads  int  // ReadAll calls
}

func (m *memory) SavePresence(_ context.Context, rows []models.Seen) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seenSaves++
	if m.away || m.seenAway || m.readOnly {
		return models.Away(errors.New("test: away"))
	}
	if m.seen == nil {
		m.seen = map[seenKey]models.Seen{}
	}
	for _, r := range rows {
		k := seenKey{r.UserID, r.Session}
		if old, ok := m.seen[k]; !ok || r.PolledAt.After(old.PolledAt) {
			m.seen[k] = r
		}
	}
	return nil
}

func (m *memory) Presence(_ context.Context, since time.Time) ([]models.Seen, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seenReads++
	if m.away || m.seenAway {
		return nil, time.Time{}, models.Away(errors.New("test: away"))
	}
	var out []models.Seen
	for _, r := range m.seen {
		if !r.PolledAt.Before(since) {
			out = append(out, r)
		}
	}
	return out, time.Now(), nil
}

func (m *memory) SaveDeliveries(_ context.Context, rows []models.Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, rows...)
	return nil
}

func (m *memory) ReadAll(context.Context) ([]models.Inbox, []models.Notification, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.setReads++
	if m.away {
		return nil, nil, time.Time{}, models.Away(errors.New("test: away"))
	}
	var inboxes []models.Inbox
	for _, ib := range m.inboxes {
		inboxes = append(inboxes, ib)
	}
	var rows []models.Notification
	for _, n := range m.rows {
		rows = append(rows, n)
	}
	return inboxes, rows, time.Now(), nil
}

func (m *memory) Owners(_ context.Context, ids []int64) (map[int64]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, models.Away(errors.New("test: away"))
	}
	out := map[int64]int64{}
	for _, id := range ids {
		for _, s := range m.steps {
			if s.NotificationID == id && s.UserID != 0 {
				out[id] = s.UserID
			}
		}
	}
	return out, nil
}
