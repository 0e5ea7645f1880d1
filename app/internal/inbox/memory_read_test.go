package inbox

import (
	"context"
	"slices"

	"zummer/models"
)

func (m *memory) Webhook(_ context.Context, id int64) (models.Webhook, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.hooks {
		if w.ID == id {
			return w, nil
		}
	}
	return models.Webhook{}, models.Errorf(models.NotFound, "no webhook %d", id)
}

func (m *memory) CallByKey(_ context.Context, key models.CallKey) (models.Call, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.calls[key]
	for c != nil && c.MergedInto != 0 {
		id := c.MergedInto
		c = nil
		for _, o := range m.calls {
			if o.ID == id {
				c = o
			}
		}
	}
	if c == nil {
		return models.Call{}, models.Errorf(models.NotFound, "no such call")
	}
	return *c.Clone(), nil
}

func (m *memory) ContactsByPhone(_ context.Context, phone string) ([]models.Contact, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.contacts[phone]), nil
}

func (m *memory) HasContacts(context.Context) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.contacts) > 0, nil
}

func (m *memory) Rules(_ context.Context, version int64) (*models.RuleSet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, set := range m.rules {
		if set.Version == version {
			return &set, nil
		}
	}
	return nil, models.Errorf(models.NotFound, "no version %d of the rules", version)
}
