package agent

import (
	"bytes"
	"encoding/json"
	"testing"

	zummer "zummer/clients/go"
)

// TestOutputsRow: a line of standard output is the row as the service gives it:
// null where there is nothing.
func TestOutputsRow(t *testing.T) {
	var out bytes.Buffer
	o := &outputs{stdout: &out, fail: func(what string, err error) { t.Errorf("%s: %v", what, err) }}
	stop := o.start()
	o.tell(t.Context(), "new", &zummer.Notification{ID: "1", Rev: 1, Kind: "note", Action: zummer.Show, Call: &zummer.Call{ID: "7", State: "ended"}})
	stop()
	var row map[string]any
	if err := json.Unmarshal(out.Bytes(), &row); err != nil {
		t.Fatalf("%s: %v", &out, err)
	}
	for _, name := range []string{"follows", "phone", "name", "app", "session", "object", "client"} {
		if v, there := row[name]; !there || v != nil {
			t.Errorf("%s is %v, there %t", name, v, there)
		}
	}
	call, _ := row["call"].(map[string]any)
	for _, name := range []string{"extension", "did", "answered_by", "answered_by_name", "answered_at", "ended_at", "talk_s"} {
		if v, there := call[name]; !there || v != nil {
			t.Errorf("call.%s is %v, there %t", name, v, there)
		}
	}
	if _, there := row["user"]; there || row["id"] != "1" || row["title"] != "" {
		t.Errorf("the row: %s", &out)
	}
}
