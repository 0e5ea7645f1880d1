package handlers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// The fakes' lists of contacts and their overview.

func exampleContacts() []models.Contact {
	return []models.Contact{
		{ID: 1, ExternalID: "k-1", Phones: []string{"+79031234567"}, Name: "ООО Ромашка", RespLogin: "ivanov", Responsible: 1, Client: &models.Object{Type: "Справочник", Name: "Контрагенты", UID: "u-1", Title: "ООО Ромашка"},
			Interests: []models.Object{{Type: "Документ", Name: "Интерес", UID: "i-1", Title: "Двери; \"окна\""}}, Seq: 5, UpdatedAt: at()},
		{ID: 2, ExternalID: "=cmd|'x'!A1", Phones: []string{"+79030000002", "+79030000003"}, Name: "'@СУММ(1+1)", UpdatedAt: at()},
		{ID: 3, ExternalID: "k-3", Name: "Без номера", UpdatedAt: at()},
	}
}

func (f *setupFakes) Contacts(_ context.Context, q models.ContactQuery) ([]models.Contact, string, error) {
	f.queries = append(f.queries, q)
	all := slices.DeleteFunc(exampleContacts(), func(k models.Contact) bool {
		return q.ID != 0 && k.ID != q.ID || q.ExternalID != "" && k.ExternalID != q.ExternalID || q.Name != "" && !strings.HasPrefix(models.FoldName(k.Name), models.FoldName(q.Name))
	})
	if q.ID == 0 && q.ExternalID == "" && q.Name == "" && q.After == "" {
		return all[:2], "k2", f.err
	}
	if q.After == "k2" {
		return all[2:], "", f.err
	}
	return all, "", f.err
}

func (f *setupFakes) CountContacts(context.Context) (int, error) { return 3, f.err }

// ImportLines refuses lines without an id, and lines that are no object.
func (f *setupFakes) ImportLines(_ context.Context, by Actor, r io.Reader, full bool, progress func(models.ImportReport), refused func(models.ImportError)) (rep models.ImportReport, err error) {
	s := bufio.NewScanner(r)
	for line := 1; s.Scan(); line++ {
		if strings.TrimSpace(s.Text()) == "" {
			continue
		}
		rep.Lines++
		var in struct {
			models.ContactInput
			Seq any `json:"seq"`
		}
		e := models.ImportError{Line: line}
		if err := json.Unmarshal(s.Bytes(), &in); err != nil {
			e.Message = "is no JSON object"
		} else if in.ExternalID == "" {
			e.Message = "external_id: must not be empty"
		}
		if e.Message != "" {
			rep.Failed++
			refused(e)
			continue
		}
		rep.Stored++
		if text := fmt.Sprint(in.Seq); in.Seq != nil && text != "" {
			fmt.Sscan(text, &in.ContactInput.Seq)
		}
		f.contacts = append(f.contacts, in.ContactInput)
		progress(rep)
	}
	if err := s.Err(); err != nil {
		return rep, err
	}
	return rep, f.note(by, "import full=%t", full)
}

func (f *setupFakes) Overview(_ context.Context, since time.Time) (models.Overview, error) {
	hour := time.Now().UTC().Truncate(time.Hour)
	return models.Overview{
		Latency: []models.LatencyHour{{Hour: hour.Add(-time.Hour), Count: 4, P50: 20 * time.Millisecond, P95: 90 * time.Millisecond, P99: 1200 * time.Millisecond}}, Late: 3, Sampled: 2,
		Calls:    []models.CallsHour{{Hour: hour, Calls: 12, Missed: 2}},
		Sources:  []models.SourceHealth{{SourceID: 5, Last: at(), Webhooks: 100, Failed: 7, LastFailed: at(), LastError: "no number +79031234567"}, {SourceID: 6}, {SourceID: 7}},
		Database: models.DatabaseHealth{Kind: "PostgreSQL", Version: "16.4", Ping: 2 * time.Millisecond, Size: 3 << 30, Open: 4, InUse: 1, Of: 16, Processes: 2},
	}, f.err
}
