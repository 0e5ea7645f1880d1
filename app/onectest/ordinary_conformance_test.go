package onectest_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"zummer/clients/conformance"
)

// TestOrdinaryConformance: the kit finds nothing to say against ordinary forms
// without COM either, nor against those that ask through the agent; the steps
// are those that differ from what TestConformance plays with WinHttp.
func TestOrdinaryConformance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		kind  kind
		agent bool
		steps []string
	}{
		{"without COM", ordinaryKinds[2], false, []string{"hello", "lost-ack", "restart", "pages"}},
		{"through the agent", ordinaryKinds[0], true, []string{"hello", "lost-answer", "lost-ack", "restart", "stale", "pages", "closing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			kit, err := conformance.New(conformance.Options{Steps: c.steps, Wait: 2 * time.Second, Slow: 3 * time.Second, Patience: time.Minute, Start: 3 * time.Minute, Progress: func(s conformance.Step) {
				if s.Result != conformance.Running {
					var b bytes.Buffer
					s.Write(&b, "en")
					t.Logf("%s", bytes.TrimSpace(b.Bytes()))
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer kit.Close()
			address, token := kit.URL(), kit.Token()
			if c.agent {
				d := newDesk(t, address, token)
				d.start()
				address, token = d.address(), d.config.Relay.Secret
			}
			ctx, stop := context.WithCancel(t.Context())
			ready, done := make(chan struct{}), make(chan struct{})
			var over atomic.Bool
			go func() {
				defer close(done)
				b := ordinaryBase(t, c.kind)
				if err := b.Start(); err != nil {
					t.Error(err)
				}
				if _, err := b.Call("змрЗапомнитьНастройки", address, token); err != nil {
					t.Error(err)
				}
				b.RunFast(patience, 1, func() bool { return len(b.Screen.Messages) > 0 }) // the agent knows who opens
				close(ready)
				for !over.Load() && ctx.Err() == nil {
					b.RunFast(200*time.Millisecond, 1, nil)
					b.pick()
				}
			}()
			if c.agent {
				<-ready
			}
			report := kit.Run(t.Context())
			over.Store(true)
			stop()
			<-done
			for _, v := range report.Violations {
				t.Errorf("%s: %s [%s] %s", v.Step, v.Rule, v.Detail, v.Text.EN)
			}
			if !report.OK() {
				t.Errorf("%d polls, not all went well", report.Polls)
			}
		})
	}
}
