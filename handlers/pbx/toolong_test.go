package pbx_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

// TestLongLinkLosesNoCall: signed links of a storage can be longer than what is
// kept. The end of a call must not be lost with one.
func TestLongLinkLosesNoCall(t *testing.T) {
	link := "https://storage.example/r.mp3?X-Amz-Security-Token=" + strings.Repeat("x", models.MaxRecording)
	for kind, form := range map[string]url.Values{
		"megafon":    {"cmd": {"history"}, "callid": {"1"}, "type": {"in"}, "status": {"Missed"}, "phone": {"79031234567"}, "link": {link}},
		"sipuni":     {"event": {"2"}, "call_id": {"1"}, "src_type": {"1"}, "src_num": {"79031234567"}, "dst_type": {"1"}, "status": {"NOANSWER"}, "timestamp": {"1763900520"}, "call_record_link": {link}},
		"onlinepbx":  {"event": {"call_end"}, "uuid": {"1"}, "caller": {"79031234567"}, "callee": {"101"}, "direction": {"inbound"}, "download_url": {link}},
		"mikopbx":    {"ev": {"end"}, "id": {"1"}, "src": {"79031234567"}, "dst": {"101"}, "gmissed": {"1"}, "file": {link}},
		"3cx":        {"calltype": {"Missed"}, "number": {"79031234567"}, "starttimeutc": {"2026-11-23T10:42:00Z"}, "endtimeutc": {"2026-11-23T10:43:00Z"}, "recordingurl": {link}},
		"telphin":    {"eventtype": {"hangup"}, "callid": {"1"}, "callflow": {"in"}, "calledextension": {"101"}, "calleridnum": {"79031234567"}, "callstatus": {"CANCEL"}, "recid": {link}},
		"zadarma":    {"event": {"NOTIFY_END"}, "pbx_call_id": {"1"}, "caller_id": {"79031234567"}, "disposition": {"cancel"}, "is_recorded": {"1"}, "call_id_with_rec": {link}},
		"rostelecom": {"session_id": {"1"}, "state": {"end"}, "type": {"incoming"}, "from_number": {"79031234567"}, "is_record": {"true"}},
		"twilio":     {"callsid": {"1"}, "callstatus": {"no-answer"}, "direction": {"inbound"}, "from": {"+79031234567"}, "to": {"+74951234567"}, "timestamp": {"Mon, 23 Nov 2026 10:42:00 +0000"}, "recordingurl": {link}},
	} {
		t.Run(kind, func(t *testing.T) {
			a, _ := pbx.Lookup(kind)
			res, err := a.Parse(pbx.Request{Method: "POST", Header: http.Header{}, Body: []byte(form.Encode())}, pbx.Config{Region: "RU"})
			over := func(e models.Event) bool { return e.Type == models.EventEnded || e.Type == models.EventMissed }
			if err != nil || !slices.ContainsFunc(res.Events, over) {
				t.Errorf("Parse = %v, %v, want the end of the call", res.Events, err)
			}
		})
	}
}
