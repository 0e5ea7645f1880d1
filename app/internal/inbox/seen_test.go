package inbox

import (
	"fmt"
	"testing"
	"time"

	"zummer/models"
)

const within = 30 * time.Second

// TestPresence: who counts as present where, for how long.
func TestPresence(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(r *rig, other *Inbox)
		want string // user 1 here, there; user 2 here, there
	}{
		{"nobody ever polled, and the table says so", func(r *rig, _ *Inbox) {
			<-time.After(2 * time.Minute)
		}, "false false false false"},
		{"one waits", func(r *rig, _ *Inbox) {
			r.later(1, models.PollQuery{Version: noInbox, Session: "desk", Wait: time.Hour})
			<-time.After(20 * time.Minute)
		}, "true true false false"},
		{"one polled a moment ago", func(r *rig, _ *Inbox) {
			<-time.After(2 * time.Minute)
			r.poll(1, models.PollQuery{Version: noInbox, Session: "desk"})
			<-time.After(time.Millisecond)
		}, "true true false false"},
		{"one without a name polled some seconds ago", func(r *rig, _ *Inbox) {
			<-time.After(2 * time.Minute)
			r.poll(1, models.PollQuery{Version: noInbox})
			<-time.After(15 * time.Second)
		}, "true true false false"},
		{"one has just stopped to wait", func(r *rig, _ *Inbox) {
			<-r.later(1, models.PollQuery{Version: noInbox, Session: "desk", Wait: 50 * time.Second})
			<-time.After(20 * time.Second)
		}, "true true false false"},
		{"one went to the other a moment ago", func(r *rig, other *Inbox) {
			<-r.later(1, models.PollQuery{Version: noInbox, Session: "desk", Wait: 10 * time.Minute})
			<-time.After(10 * time.Minute)
			r.laterOn(other, 1, models.PollQuery{Version: noInbox, Session: "desk", Wait: time.Minute})
		}, "true true false false"},
		{"one polls every 5 s", func(r *rig, _ *Inbox) {
			for range 100 {
				r.poll(1, models.PollQuery{Version: noInbox, Session: "desk"})
				<-time.After(5 * time.Second)
			}
		}, "true true false false"},
		{"one went: here at once, there when the minute of the table is over too", func(r *rig, other *Inbox) {
			<-time.After(2 * time.Minute)
			r.poll(1, models.PollQuery{Version: noInbox, Session: "desk"})
			<-time.After(within + time.Second)
			if r.in.elsewhere.polled(1, within, time.Now(), true) || !other.Present(1, within) {
				t.Errorf("31 s after: here %v, there %v", r.in.Present(1, within), other.Present(1, within))
			}
			<-time.After(seenSlack)
		}, "false false false false"},
		{"one went from here to there", func(r *rig, other *Inbox) {
			r.poll(1, models.PollQuery{Version: noInbox, Session: "desk"})
			<-time.After(5 * time.Minute)
			r.laterOn(other, 1, models.PollQuery{Version: noInbox, Session: "desk", Wait: time.Hour})
			<-time.After(20 * time.Second)
		}, "true true false false"},
		{"the table cannot be read: everybody", func(r *rig, _ *Inbox) {
			<-time.After(2 * time.Minute)
			r.mem.mu.Lock()
			r.mem.seenAway = true
			r.mem.mu.Unlock()
			<-time.After(30 * time.Second)
		}, "true true true true"},
		{"and is read again", func(r *rig, _ *Inbox) {
			r.mem.mu.Lock()
			r.mem.seenAway = true
			r.mem.mu.Unlock()
			<-time.After(2 * time.Minute)
			r.mem.mu.Lock()
			r.mem.seenAway = false
			r.mem.mu.Unlock()
			<-time.After(2 * time.Minute)
		}, "false false false false"},
		{"a write that failed comes again with the next pass", func(r *rig, _ *Inbox) {
			<-time.After(2 * time.Minute)
			r.mem.mu.Lock()
			r.mem.readOnly = true
			r.mem.mu.Unlock()
			r.later(1, models.PollQuery{Version: noInbox, Session: "desk", Wait: time.Hour})
			<-time.After(20 * time.Second)
			r.mem.mu.Lock()
			r.mem.readOnly = false
			r.mem.mu.Unlock()
			<-time.After(15 * time.Second)
		}, "true true false false"},
	} {
		bubble(t, func(r *rig) {
			other := r.joined()
			tt.do(r, other)
			got := fmt.Sprint(r.in.Present(1, within), " ", other.Present(1, within), " ", r.in.Present(2, within), " ", other.Present(2, within))
			if got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
		})
	}
}

// TestWaitingIsNeverAbsent looks at every moment of an hour.
func TestWaitingIsNeverAbsent(t *testing.T) {
	bubble(t, func(r *rig) {
		other := r.joined()
		r.later(1, models.PollQuery{Version: noInbox, Session: "desk", Wait: time.Hour})
		<-time.After(15 * time.Second)
		for range 3000 {
			<-time.After(time.Second)
			if !other.Present(1, 0) || !r.in.Present(1, 0) {
				t.Fatalf("absent: here %v, there %v", r.in.Present(1, 0), other.Present(1, 0))
			}
		}
	})
}

// TestPresenceAfterARestart: the table tells a new process who was here, also
// when all was down for long; nobody is absent for having had nobody to poll.
func TestPresenceAfterARestart(t *testing.T) {
	bubble(t, func(r *rig) {
		stopped := time.Now().Add(-2 * time.Hour)
		r.mem.mu.Lock()
		r.mem.seen = map[seenKey]models.Seen{
			{1, "desk"}: {UserID: 1, Session: "desk", Client: "1C/8.3", App: "trade", PolledAt: stopped},
			{2, "home"}: {UserID: 2, Session: "home", PolledAt: stopped.Add(-time.Hour)},
		}
		r.mem.mu.Unlock()
		young := r.replica(&fakeReplica{})
		<-time.After(time.Second)
		if !young.Present(1, within) || young.Present(2, within) || young.Present(3, within) {
			t.Errorf("a second after the start: %v %v %v, want the one who was here", young.Present(1, within), young.Present(2, within), young.Present(3, within))
		}
		if got := young.Sessions(1); len(got) != 1 || got[0].Name != "desk" || got[0].Client != "1C/8.3" || got[0].Waiting || time.Since(got[0].LastPoll).Round(time.Minute) != 2*time.Hour {
			t.Errorf("sessions: %+v", got)
		}
		<-time.After(2 * time.Minute)
		if young.Present(1, within) {
			t.Error("who has not come back is present two minutes after the start")
		}
	})
}

// TestPresenceCostsOneStatement: however many clients wait, and once a minute
// each.
func TestPresenceCostsOneStatement(t *testing.T) {
	bubble(t, func(r *rig) {
		for user := range int64(3) {
			for i := range 8 {
				r.later(user+1, models.PollQuery{Version: noInbox, Session: fmt.Sprint("s", i), Wait: time.Hour})
			}
		}
		<-time.After(10 * time.Second)
		r.mem.mu.Lock()
		reads, saves := r.mem.seenReads, r.mem.seenSaves
		r.mem.mu.Unlock()
		<-time.After(10 * time.Minute)
		r.mem.mu.Lock()
		defer r.mem.mu.Unlock()
		if n := r.mem.seenReads - reads; n > 125 || n < 95 {
			t.Errorf("%d reads in 10 minutes, want one in 5–6 s", n)
		}
		if n := r.mem.seenSaves - saves; n > 21 || n < 9 {
			t.Errorf("%d writes in 10 minutes, want one a minute (all came together)", n)
		}
		if len(r.mem.seen) != 24 {
			t.Errorf("%d sessions in the table, want 24", len(r.mem.seen))
		}
		// Who does not come any more is not written any more.
		for k, s := range r.mem.seen {
			if time.Since(s.PolledAt) > seenSlack {
				t.Errorf("%v waits and was last written %s ago", k, time.Since(s.PolledAt))
			}
		}
	})
	bubble(t, func(r *rig) {
		r.poll(1, models.PollQuery{Session: "gone"})
		<-time.After(10 * time.Minute)
		r.mem.mu.Lock()
		defer r.mem.mu.Unlock()
		if r.mem.seenSaves != 1 {
			t.Errorf("%d writes of a session that polled once, want 1", r.mem.seenSaves)
		}
	})
}

// TestSessionsOfOtherReplicas: each session once, as it was seen last.
func TestSessionsOfOtherReplicas(t *testing.T) {
	bubble(t, func(r *rig) {
		other := r.joined()
		if _, err := other.Poll(r.t.Context(), r.who(1), models.PollQuery{Session: "there"}); err != nil {
			t.Fatal(err)
		}
		r.poll(1, models.PollQuery{Session: "moves"})
		<-time.After(time.Minute)
		r.later(1, models.PollQuery{Version: noInbox, Session: "here", Wait: time.Hour})
		if _, err := other.Poll(r.t.Context(), r.who(1), models.PollQuery{Session: "moves"}); err != nil {
			t.Fatal(err)
		}
		<-time.After(20 * time.Second)
		for name, in := range map[string]*Inbox{"here": r.in, "there": other} {
			got := map[string]bool{}
			for _, s := range in.Sessions(1) {
				if _, twice := got[s.Name]; twice {
					t.Errorf("%s: session %s stands twice", name, s.Name)
				}
				got[s.Name] = s.Waiting
				if s.Name == "moves" && time.Since(s.LastPoll) > 30*time.Second {
					t.Errorf("%s: the session that moved was seen last %s ago", name, time.Since(s.LastPoll))
				}
			}
			if len(got) != 3 || got["here"] != (in == r.in) {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
}

// A process that holds very many clients tells of all of them in time,
// and of who has just come: those who stay do not crowd them out.
func TestPresenceOfVeryMany(t *testing.T) {
	bubble(t, func(r *rig) {
		const n = 70_000
		for u := range int64(n) {
			r.in.presence.arrive(u+10, "", &models.PollQuery{Session: "desk"}, time.Now())
		}
		<-time.After(5 * time.Minute)
		r.in.presence.arrive(1, "", &models.PollQuery{Session: "desk"}, time.Now())
		<-time.After(15 * time.Second)
		r.mem.mu.Lock()
		defer r.mem.mu.Unlock()
		if _, ok := r.mem.seen[seenKey{1, "desk"}]; !ok {
			r.t.Error("who came 15 s ago is not in the table")
		}
		old := 0
		for _, s := range r.mem.seen {
			if time.Since(s.PolledAt) > seenSlack {
				old++
			}
		}
		if len(r.mem.seen) != n+1 || old > 0 {
			r.t.Errorf("%d of %d sessions are in the table, %d as they were more than %v ago", len(r.mem.seen), n+1, old, seenSlack)
		}
	})
}
