package app

import (
	"errors"
	"time"

	"zummer/handlers"
	"zummer/handlers/pbx/simulate"
	"zummer/models"
)

// simulator places the test calls of the administrator's pages.
type simulator struct{}

// Stories lists what a kind can tell, one call each.
func (simulator) Stories(kind string) []handlers.Story {
	var out []handlers.Story
	for _, s := range simulate.Scenarios() {
		if s.Name == simulate.Mixed {
			continue
		}
		if _, err := simulate.Speak(kind, simulate.Target{Hook: "http://127.0.0.1/"}, s, simulate.Params{}); err != nil {
			continue // the kind has no words for it
		}
		out = append(out, handlers.Story{Name: s.Name, Text: s.Description, Loses: simulate.Loses(kind, s.Name)})
	}
	return out
}

// Play makes the requests of a story.
func (simulator) Play(kind, story string, to handlers.TestTarget) ([]handlers.TestRequest, error) {
	s, ok := simulate.Lookup(story)
	if !ok || s.Name == simulate.Mixed {
		return nil, models.InvalidField("story", "is none of the test calls")
	}
	messages, err := simulate.Speak(kind, simulate.Target{Hook: to.Hook, Secret: to.Secret, Settings: to.Settings, Zone: to.Zone}, s,
		simulate.Params{Extensions: to.Extensions, Phone: to.Phone, CallID: to.CallID, Start: time.Now()})
	if silent := (*simulate.Unspeakable)(nil); errors.As(err, &silent) {
		return nil, models.InvalidField("story", "this kind cannot tell it: %s", silent.Why)
	}
	if err != nil {
		return nil, models.InvalidField("story", "no test call can be made with the settings of this source: %s", err)
	}
	out := make([]handlers.TestRequest, len(messages))
	for i, m := range messages {
		out[i] = handlers.TestRequest{After: m.After, Event: string(m.Event.Type), Extension: m.Event.Extension, Make: m.Request}
	}
	return out, nil
}
