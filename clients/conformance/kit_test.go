package conformance_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"zummer/clients/conformance"
	zummer "zummer/clients/go"
)

// quick are the options of tests: the script takes a minute instead of three. The
// patience is for a machine that is busy: who is right needs little of it.
func quick() conformance.Options {
	return conformance.Options{Wait: 2 * time.Second, Slow: 3 * time.Second, Patience: time.Minute, Start: time.Minute}
}

// run plays the script against a client, which ends with its ctx.
func run(t *testing.T, opt conformance.Options, client func(ctx context.Context, kit *conformance.Kit)) conformance.Report {
	t.Helper()
	opt.Progress = func(s conformance.Step) {
		if s.Result != conformance.Running {
			var b bytes.Buffer
			s.Write(&b, "en")
			t.Logf("%s %s", time.Now().Format("05.0"), bytes.TrimSpace(b.Bytes()))
		}
	}
	kit, err := conformance.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	defer kit.Close()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		client(ctx, kit)
		close(done)
	}()
	report := kit.Run(t.Context())
	stop()
	<-done
	return report
}

// TestSDK: our own client keeps the contract, and is watched closely.
func TestSDK(t *testing.T) {
	t.Parallel()
	report := run(t, quick(), func(ctx context.Context, kit *conformance.Kit) {
		c := &zummer.Client{URL: kit.URL(), Token: kit.Token(), Name: "zummer-go/test"}
		_ = c.NewSession("sdk").Run(ctx, zummer.Handler{
			Open: func(_ context.Context, n zummer.Notification) zummer.Outcome {
				kit.Opened(n.Key().String())
				return zummer.Opened
			},
			Show: func(p zummer.Picture) {
				var keys []string
				for i := range p.Rows {
					keys = append(keys, p.Rows[i].Key().String())
				}
				kit.Shown(keys...)
			},
		})
	})
	passes(t, report)
	if !report.Observed || report.Client != "zummer-go/test" || len(report.Notes) > 0 {
		t.Errorf("report %+v", report)
	}
}

// passes fails the test for every rule that was broken, and for a step that was
// left out.
func passes(t *testing.T, report conformance.Report) {
	t.Helper()
	for _, v := range report.Violations {
		t.Errorf("%s: %s [%s] %s", v.Step, v.Rule, v.Detail, v.Text.EN)
	}
	for _, s := range report.Steps {
		if s.Result != conformance.Passed {
			t.Errorf("step %s: %s", s.Name, s.Result)
		}
	}
	if !report.OK() {
		t.Errorf("%d polls", report.Polls)
	}
}
