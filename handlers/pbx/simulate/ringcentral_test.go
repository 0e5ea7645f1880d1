package simulate_test

import (
	"strings"
	"testing"

	"zummer/handlers/pbx/simulate"
)

// TestRingcentralQueue: calls come to the queue that the source's settings name.
func TestRingcentralQueue(t *testing.T) {
	missed, _ := simulate.Lookup("missed")
	for want, settings := range map[string]map[string]any{
		"900": nil, "901": {"queues": "901, 902"}, "903": {"queues": []any{"903"}}, "904": {"queues": "904"},
	} {
		story, err := simulate.Speak("ringcentral", simulate.Target{Hook: "https://zummer.example/hooks/rc/token", Settings: settings}, missed, simulate.Params{Start: start()})
		if err != nil || len(story) == 0 {
			t.Fatalf("Speak: %d requests, %v", len(story), err)
		}
		req, err := story[0].Request(start())
		if err != nil {
			t.Fatalf("Request: %v", err)
		}
		if in := read(t, req); !strings.Contains(string(in.Body), `"extensionId":"`+want+`"`) {
			t.Errorf("%v: %s, want queue %s", settings, in.Body, want)
		}
	}
}
