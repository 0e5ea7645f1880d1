package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// instances starts what one database allows: two processes on PostgreSQL, one
// on SQLite.
func instances(t *testing.T, dsn string, first *apptest.Instance) []*apptest.Instance {
	t.Helper()
	all := []*apptest.Instance{first}
	if !strings.HasPrefix(dsn, "sqlite:") {
		all = append(all, apptest.Start(t, dsn))
	}
	return all
}

// TestOppositeOrdersEndWithoutDeadlock makes several flushers of two processes
// lock the same users and calls in opposite orders: ring groups, merges both
// ways, publications to a group and acknowledgements, all at once. Every
// request is answered 2xx, and nothing that was answered is missing.
func TestOppositeOrdersEndWithoutDeadlock(t *testing.T) {
	t.Parallel()
	const users, workers, rounds = 6, 12, 8
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		hook := in.Source("office", "generic", nil)
		var tokens, logins []string
		for i := range users {
			logins = append(logins, fmt.Sprintf("user%d", i))
			tokens = append(tokens, in.User(logins[i], "office", fmt.Sprint(101+i)))
		}
		in.Admin("PUT", "/v1/admin/groups/sales", map[string]any{"members": logins})
		publisher := in.Admin("POST", "/v1/admin/users/user0/tokens", map[string]any{"name": "crm", "scopes": []string{"publish"}})["token"].(string)
		all := instances(t, dsn, in)

		ok := func(a apptest.Answer, err error) {
			t.Helper()
			if err != nil || a.Status/100 != 2 {
				t.Errorf("answered %d %s, %v", a.Status, a.Body, err)
			}
		}
		seen := make([]map[string]bool, users) // by user: phones and titles that a set showed
		done := make(chan struct{})
		var working, clients sync.WaitGroup
		for u := range users {
			seen[u] = map[string]bool{}
			clients.Go(func() { ackEverySecond(all[u%len(all)], tokens[u], seen[u], done) })
		}
		for w := range workers {
			to := all[w%len(all)]
			working.Go(func() {
				for r := range rounds {
					ok(to.Try(t.Context(), "POST", hook, "", ringGroup(w, r, users)))
					ok(to.Try(t.Context(), "POST", hook, "", merge(w, r, users)))
					ok(to.Try(t.Context(), "POST", "/v1/notifications", publisher,
						map[string]any{"group": "sales", "kind": "mail.received", "title": fmt.Sprintf("mail %d/%d", w, r)}))
				}
			})
		}
		working.Wait()
		close(done)
		clients.Wait()
		for u := range users {
			for _, row := range wholeSet(in, tokens[u]).Rows {
				seen[u][row.Phone], seen[u][row.Title] = true, true
			}
			for w := range workers {
				for r := range rounds {
					if !seen[u][groupNumber(w, r)] {
						t.Errorf("user %d never saw the call of worker %d, round %d", u, w, r)
					}
					if !seen[u][fmt.Sprintf("mail %d/%d", w, r)] {
						t.Errorf("user %d never saw mail %d/%d", u, w, r)
					}
				}
			}
		}
		if failed := in.Admin("GET", "/v1/admin/webhooks?outcome=failed", nil)["items"].([]any); len(failed) != 0 {
			t.Errorf("webhooks that could not be applied: %v", failed)
		}
		db := database(t, dsn)
		defer db.Close()
		var keys, kept int
		if err := db.QueryRow("SELECT COUNT(*), COALESCE(SUM(CASE WHEN merged_into = 0 THEN 1 ELSE 0 END), 0) FROM calls WHERE key LIKE 'm-%'").Scan(&keys, &kept); err != nil {
			t.Fatal(err)
		}
		if pairs := workers / 2 * rounds; keys != 2*pairs || kept != pairs {
			t.Errorf("%d keys of merged calls, %d calls left of them; want %d and %d", keys, kept, 2*pairs, pairs)
		}
	})
}

// ringGroup rings all users about one call, odd workers from the last to the first.
func ringGroup(w, r, users int) []map[string]any {
	var list []map[string]any
	for u := range users {
		list = append(list, map[string]any{"event": "answered", "call": fmt.Sprintf("g-%d-%d", w, r), "extension": fmt.Sprint(101 + u), "phone": groupNumber(w, r)})
	}
	if w%2 == 1 {
		slices.Reverse(list)
	}
	return list
}

func groupNumber(w, r int) string { return fmt.Sprintf("+7904%03d%04d", w, 1000+r) }

// merge tells that two calls are one: the even worker of a pair from the one
// side, the odd one from the other.
func merge(w, r, users int) []map[string]any {
	a, b := fmt.Sprintf("m-%d-%d-a", w/2, r), fmt.Sprintf("m-%d-%d-b", w/2, r)
	x, y := 101+r%users, 101+(r+3)%users
	if w%2 == 1 {
		a, b, x, y = b, a, y, x
	}
	phone := fmt.Sprintf("+7905%03d%04d", w/2, 1000+r)
	return []map[string]any{
		{"event": "ringing", "call": a, "extension": fmt.Sprint(x), "phone": phone},
		{"event": "ringing", "call": b, "extension": fmt.Sprint(y), "phone": phone},
		{"event": "answered", "call": a, "extension": fmt.Sprint(x), "phone": phone, "same_as": b},
	}
}

// ackEverySecond plays a client that notes all it sees and acknowledges every
// second row, until done closes.
func ackEverySecond(in *apptest.Instance, token string, seen map[string]bool, done <-chan struct{}) {
	for {
		set := wholeSet(in, token)
		var acks []string
		for i, row := range set.Rows {
			seen[row.Phone], seen[row.Title] = true, true
			if i%2 == 0 && len(acks) < 20 {
				acks = append(acks, fmt.Sprintf("%s.%d.o", row.ID, row.Rev))
			}
		}
		if len(acks) > 0 {
			if a := in.Do("GET", "/v1/notifications?ack="+strings.Join(acks, ","), token, nil); a.Status != http.StatusOK {
				in.T.Errorf("ack: %d %s", a.Status, a.Body)
			}
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// TestTwoKeysOfOneCallInOneBatch merges calls and then names each by both of
// its keys in one webhook: what is known of its legs holds under either key,
// so a form that was opened and acknowledged is not opened again.
func TestTwoKeysOfOneCallInOneBatch(t *testing.T) {
	t.Parallel()
	const calls = 12
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		hook := in.Source("office", "generic", nil)
		token := in.User("ivanov", "office", "101")
		in.User("petrova", "office", "102")
		post := func(list []map[string]any) {
			t.Helper()
			if a := in.Do("POST", hook, "", list); a.Status != 200 || decodeHook(t, a).Parsed != nil {
				t.Fatalf("answered %d %s", a.Status, a.Body)
			}
		}
		var first, both []map[string]any
		for i := range calls {
			a, b := fmt.Sprintf("%d-a", i), fmt.Sprintf("%d-b", i)
			first = append(first,
				map[string]any{"event": "answered", "call": a, "extension": "101", "phone": customer(i)},
				map[string]any{"event": "started", "call": b, "phone": customer(i), "same_as": a})
			both = append(both,
				map[string]any{"event": "ringing", "call": a, "extension": "102", "leg": "second"},
				map[string]any{"event": "ringing", "call": b, "extension": "102", "leg": "third"})
		}
		post(first)
		set := in.Poll(token, "limit=100")
		var acks []string
		for _, r := range set.Rows {
			acks = append(acks, fmt.Sprintf("%s.%d.o", r.ID, r.Rev))
		}
		if len(acks) != calls {
			t.Fatalf("%d rows, want %d", len(acks), calls)
		}
		in.Poll(token, "ack="+strings.Join(acks, ","))
		post(both)
		if again := in.Poll(token, "limit=100").Rows; len(again) != 0 {
			t.Errorf("%d rows came back after their acknowledgement, the first: %+v", len(again), again[0])
		}
		db := database(t, dsn)
		defer db.Close()
		var legs int
		if err := db.QueryRow("SELECT COUNT(*) FROM call_legs").Scan(&legs); err != nil {
			t.Fatal(err)
		}
		if legs != 3*calls {
			t.Errorf("%d legs, want %d", legs, 3*calls)
		}
	})
}
