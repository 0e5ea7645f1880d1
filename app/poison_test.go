package app_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/app/internal/inbox"
	"zummer/models/store/storetest"
)

// gate holds every batch back from shut to open, so that a test can fill one.
type gate struct {
	inbox.Store
	shut    atomic.Bool
	entered chan struct{} // one for every batch that came to the gate
	open    chan struct{}
	mu      sync.Mutex
	failed  int // transactions that ended with an error
}

// Write implements inbox.Store.
func (g *gate) Write(ctx context.Context, fn func(inbox.Tx) error) error {
	if g.shut.Load() {
		g.entered <- struct{}{}
		<-g.open
	}
	err := g.Store.Write(ctx, fn)
	if err != nil {
		g.mu.Lock()
		g.failed++
		g.mu.Unlock()
	}
	return err
}

// TestOnePoisonedWebhookAmong64 lets the database refuse one call key for ever.
// The other 63 of its batch are stored as if it had not been there; it is kept
// alone, listed as failed, and can be replayed once the database takes it.
func TestOnePoisonedWebhookAmong64(t *testing.T) {
	t.Parallel()
	const poisoned = 33
	storetest.Each(t, func(t *testing.T, dsn string) {
		g := &gate{entered: make(chan struct{}, 256), open: make(chan struct{})}
		in := apptest.Start(t, dsn, func(o *app.Options) {
			o.WrapStore = func(st inbox.Store) inbox.Store { g.Store = st; return g }
		})
		hook := in.Source("office", "generic", nil)
		var tokens []string
		for i := range 4 {
			tokens = append(tokens, in.User(fmt.Sprintf("user%d", i), "office", fmt.Sprint(101+i)))
		}
		drop := poison(t, dsn, fmt.Sprintf("c-%d", poisoned))

		// Every flusher is kept busy, so that the 64 meet in one queue.
		g.shut.Store(true)
		answers := make(chan apptest.Answer, 128)
		post := func(ctx context.Context, i int) {
			a, err := in.Try(ctx, "POST", hook, "", callEvent("answered", i, 101+i%4))
			if err != nil {
				t.Errorf("webhook %d: %v", i, err)
			}
			answers <- a
		}
		extra := 2 // flushers
		if strings.HasPrefix(dsn, "sqlite:") {
			extra = 1
		}
		for i := range extra {
			go post(t.Context(), 64+i)
			select {
			case <-g.entered:
			case <-time.After(time.Minute):
				t.Fatal("no batch came")
			}
		}
		var sent sync.WaitGroup
		for i := range 64 {
			sent.Add(1)
			go post(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { sent.Done() }}), i)
		}
		sent.Wait()
		g.shut.Store(false)
		close(g.open)
		refused := 0
		for range 64 + extra {
			a := <-answers
			if a.Status != 200 {
				t.Fatalf("a webhook was answered %d %s", a.Status, a.Body)
			}
			if h := decodeHook(t, a); h.Parsed != nil && !*h.Parsed {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("%d webhooks were answered as not applied, want 1", refused)
		}
		g.mu.Lock()
		if g.failed < 2 {
			t.Errorf("%d transactions failed: the poisoned webhook had no neighbours, so this test shows nothing", g.failed)
		}
		g.mu.Unlock()

		failed := in.Admin("GET", "/v1/admin/webhooks?outcome=failed", nil)["items"].([]any)
		if len(failed) != 1 {
			t.Fatalf("listed as failed: %v, want one", failed)
		}
		rows := phones(in, tokens)
		for i := range 64 + extra {
			want := 1
			if i == poisoned {
				want = 0
			}
			if got := rows[customer(i)]; got != want {
				t.Errorf("call %d has %d rows, want %d", i, got, want)
			}
		}

		drop()
		id := failed[0].(map[string]any)["id"].(string)
		if a := in.Do("POST", "/v1/admin/webhooks/"+id+"/replay", apptest.AdminToken, nil); a.Status/100 != 2 {
			t.Fatalf("replay: %d %s", a.Status, a.Body)
		}
		if got := phones(in, tokens)[customer(poisoned)]; got != 1 {
			t.Errorf("after the replay the call has %d rows, want 1", got)
		}
		if left := in.Admin("GET", "/v1/admin/webhooks?outcome=failed", nil)["items"].([]any); len(left) != 0 {
			t.Errorf("after the replay still listed as failed: %v", left)
		}
	})
}

// customer is the customer's number of call i, and the phone of its rows.
func customer(i int) string { return fmt.Sprintf("+7903%07d", 1000000+i) }

// callEvent is a canonical event of call i, for kind generic.
func callEvent(what string, i, extension int) map[string]any {
	return map[string]any{"event": what, "id": fmt.Sprintf("%s-%d", what, i), "call": fmt.Sprintf("c-%d", i), "extension": fmt.Sprint(extension), "phone": customer(i), "direction": "in"}
}

// phones counts the pending rows of all users by phone.
func phones(in *apptest.Instance, tokens []string) map[string]int {
	in.T.Helper()
	out := map[string]int{}
	for _, tok := range tokens {
		for _, r := range wholeSet(in, tok).Rows {
			out[r.Phone]++
		}
	}
	return out
}

// poison makes the database refuse calls of one key until drop is called.
func poison(t *testing.T, dsn, key string) (drop func()) {
	t.Helper()
	if strings.HasPrefix(dsn, "sqlite:") {
		execute(t, dsn, "CREATE TRIGGER poison BEFORE INSERT ON calls WHEN NEW.key = '"+key+"' BEGIN SELECT RAISE(ABORT, 'poisoned'); END")
		return func() { execute(t, dsn, "DROP TRIGGER poison") }
	}
	execute(t, dsn, "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poisoned'; END $$")
	execute(t, dsn, "CREATE TRIGGER poison BEFORE INSERT ON calls FOR EACH ROW WHEN (NEW.key = '"+key+"') EXECUTE FUNCTION poison()")
	return func() { execute(t, dsn, "DROP TRIGGER poison ON calls") }
}

// database opens a connection of the test's own beside the program.
func database(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	driver, source := "pgx", dsn
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatalf("open the database beside the program: %v", err)
	}
	return db
}

func execute(t testing.TB, dsn, statement string) {
	t.Helper()
	db := database(t, dsn)
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
