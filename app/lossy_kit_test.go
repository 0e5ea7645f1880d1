package app_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/clients/conformance"
	zummer "zummer/clients/go"
)

// lossySteps are those in which a client has something to lose.
var lossySteps = []string{"hello", "lost-answer", "lost-ack", "broken-answer", "restart", "stale", "pages", "claimed", "closing"}

// TestKitOnALossyLine: the Go and the JavaScript client go through the script of
// the conformance kit over a line that is cut, half-open, slow, and breaks
// answers and requests off, all the while. Nothing is lost, nothing opens twice.
func TestKitOnALossyLine(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes two minutes")
	}
	t.Parallel()
	for name, start := range map[string]func(t *testing.T, kit *conformance.Kit, url string){"Go": goThrough, "JavaScript": jsThrough} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kit, err := conformance.New(conformance.Options{Wait: 2 * time.Second, Slow: 3 * time.Second, Patience: 5 * time.Minute, Steps: lossySteps, Lossy: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(kit.Close)
			l := newLine(t, kit.URL())
			ctx, stop := context.WithCancel(t.Context())
			var weather sync.WaitGroup
			t.Cleanup(func() { stop(); weather.Wait() })
			weather.Go(func() {
				for ctx.Err() == nil {
					for _, toxic := range []string{breaksDown, deafDown, resets, slowDown, breaksUp, deafUp, sliced} {
						l.bad(ctx, 1500*time.Millisecond, toxic)
						l.bad(ctx, 3*time.Second) // a good moment: clients wait up to half a minute between tries
					}
					l.bad(ctx, 6*time.Second, deafDown)
					l.cut(ctx, time.Second)
				}
			})
			start(t, kit, l.url())
			report := kit.Run(ctx)
			if report.OK() && len(report.Steps) == len(lossySteps) && report.Observed {
				return
			}
			kitSays(t, report)
		})
	}
}

func goThrough(t *testing.T, kit *conformance.Kit, url string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var client sync.WaitGroup
	t.Cleanup(func() { stop(); client.Wait() })
	client.Go(func() {
		c := &zummer.Client{URL: url, Token: kit.Token()}
		_ = c.Run(ctx, zummer.Handler{Open: func(_ context.Context, n zummer.Notification) zummer.Outcome {
			kit.Opened(n.Key().String())
			<-time.After(300 * time.Millisecond) // a form takes its time, and polls go on
			return zummer.Opened
		}})
	})
}

// jsThrough: the client reports past the bad line what it opens.
func jsThrough(t *testing.T, kit *conformance.Kit, url string) {
	t.Helper()
	startNode(t, url, kit.Token(), "KIT="+kit.URL(), "WAIT=2", "GRACE=1")
}

// kitSays fails the test with what the kit has found.
func kitSays(t *testing.T, report conformance.Report) {
	t.Helper()
	var told strings.Builder
	for _, s := range report.Steps {
		s.Write(&told, "en")
	}
	report.Write(&told, "en")
	t.Errorf("the kit says:\n%s", &told)
}
