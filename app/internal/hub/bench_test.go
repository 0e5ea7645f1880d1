package hub_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"zummer/app/internal/hub"
)

// BenchmarkWake wakes one user of 10,000. It must not allocate.
func BenchmarkWake(b *testing.B) {
	h := hub.New(hub.Options{})
	for u := range 10_000 {
		if _, err := h.Enter(int64(u), "desk", 1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Wake(int64(i % 10_000))
	}
}

// BenchmarkEnterClose is the whole cost of a poll that need not wait.
func BenchmarkEnterClose(b *testing.B) {
	h := hub.New(hub.Options{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for u := int64(0); pb.Next(); u++ {
			w, err := h.Enter(u%10_000, "", 1)
			if err != nil {
				b.Error(err)
				return
			}
			w.Close()
		}
	})
}

// BenchmarkWaitWake is a wake and the Wait it ends, with the wheel in use.
func BenchmarkWaitWake(b *testing.B) {
	h := hub.New(hub.Options{})
	w, err := h.Enter(1, "", 1)
	if err != nil {
		b.Fatal(err)
	}
	until := time.Now().Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		h.Wake(1)
		if s := w.Wait(context.Background(), until); s != hub.Woken {
			b.Fatal(s)
		}
	}
}

// BenchmarkTenThousandIdle reports the heap that one registered waiter takes,
// its share of the registry included and the caller's goroutine not.
func BenchmarkTenThousandIdle(b *testing.B) {
	const n = 10_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		h := hub.New(hub.Options{})
		for u := range n {
			if _, err := h.Enter(int64(u), "desk", 1); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "bytes/waiter")
		runtime.KeepAlive(h)
	}
}
