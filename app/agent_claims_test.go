package app_test

import (
	"strconv"
	"testing"
	"time"

	"zummer/app"
	zummer "zummer/clients/go"
)

// TestAgentRelayClaimantDies: a card that a local program has claimed, and then
// asks no more, is everybody's again at the service, under its next revision.
func TestAgentRelayClaimantDies(t *testing.T) {
	t.Parallel()
	in, _, token := manned(t, func(o *app.Options) { o.Lease = 2 * time.Second })
	d := seatAgent(t, in, token, nil)
	n := note(t, in, "ivanov", zummer.Show, "Заметка", "")
	if status, text := d.ask("POST", "/v1/notifications/"+n.ID+"/claim", d.place.Secret, `{"rev":`+strconv.Itoa(n.Rev)+`,"session":"onec"}`); status != 200 {
		t.Fatalf("claim: %d %s", status, text)
	}
	eventually(t, "the card is everybody's", 60*time.Second, func() bool {
		rows := in.Poll(token, "").Rows
		return len(rows) == 1 && rows[0].ID == n.ID && rows[0].Rev > n.Rev && rows[0].Session == ""
	})
	eventually(t, "another program can claim it", 60*time.Second, func() bool {
		status, _ := d.ask("POST", "/v1/notifications/"+n.ID+"/claim", d.place.Secret, `{"rev":`+strconv.Itoa(n.Rev+1)+`,"session":"other"}`)
		return status == 200
	})
}
