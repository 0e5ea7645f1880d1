package inbox

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zummer/models"
)

// slowSets answers each statement after a second; a user may be broken.
type slowSets struct {
	mu     sync.Mutex
	asked  [][]int64
	broken map[int64]error
	hang   bool
}

func (s *slowSets) ReadSets(ctx context.Context, users []int64) (map[int64]models.Set, error) {
	s.mu.Lock()
	s.asked = append(s.asked, slices.Sorted(slices.Values(users)))
	hang := s.hang
	s.hang = false
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	<-time.After(time.Second)
	out := map[int64]models.Set{}
	for _, u := range users {
		if err := s.broken[u]; err != nil {
			if err.Error() == "panic" {
				panic("a bug")
			}
			return nil, err
		}
		out[u] = models.Set{Inbox: models.Inbox{UserID: u}, Rows: []models.Notification{{ID: 1}, {ID: 2}}}
	}
	return out, nil
}

// readAll asks for users at once and says what went wrong for whom.
func readAll(t *testing.T, r *reader, users ...int64) map[int64]error {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	errs := map[int64]error{}
	for _, u := range users {
		wg.Go(func() {
			began := time.Now()
			set, at, err := r.read(t.Context(), u)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs[u] = err
			} else if set.Inbox.UserID != u || at.Before(began) {
				t.Errorf("read(%d) = the set of %d, read at %v, asked at %v", u, set.Inbox.UserID, at, began)
			}
		})
	}
	wg.Wait()
	return errs
}

func TestReaderTakesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowSets{}
		r := &reader{store: s}
		began := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { readAll(t, r, 1) })
		synctest.Wait()
		wg.Go(func() { readAll(t, r, 2) })
		synctest.Wait()
		wg.Go(func() { readAll(t, r, 3, 4, 5, 1, 3) }) // two are under way
		wg.Wait()
		if want := [][]int64{{1}, {2}, {1, 3, 4, 5}}; !slices.EqualFunc(s.asked, want, slices.Equal) {
			t.Errorf("asked %v, want %v", s.asked, want)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
		readAll(t, r, 6)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("alone, a read waited %v", took-3*time.Second)
		}
		var many []int64
		for u := range int64(2*readsMost + 1) {
			many = append(many, u+1)
		}
		s.asked = nil
		readAll(t, r, many...)
		n := 0
		for _, users := range s.asked {
			n += len(users)
			if len(users) > readsMost {
				t.Errorf("%d users in one statement", len(users))
			}
		}
		if n != len(many) {
			t.Errorf("%d users read, want %d", n, len(many))
		}
	})
}

func TestReaderGivesEachItsOwnRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{store: &slowSets{}}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				set, _, err := r.read(t.Context(), 1)
				if err != nil || len(set.Rows) != 2 {
					t.Errorf("read = %+v, %v", set, err)
				}
				slices.Reverse(set.Rows) // as sorting does: the race detector looks
			})
		}
		wg.Wait()
	})
}

func TestReaderFailsOnlyWhomItMust(t *testing.T) {
	away, bad := models.Away(errors.New("test: away")), errors.New("decode row 7")
	for _, tt := range []struct {
		name   string
		broken error
		want   []int64 // who fails of 1, 2, 3 when 2 is broken
		asked  int
	}{
		{"rows that cannot be read", bad, []int64{2}, 4},
		{"a panic", errors.New("panic"), []int64{2}, 4},
		{"the database is away", away, []int64{1, 2, 3}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &slowSets{broken: map[int64]error{2: tt.broken}}
				r := &reader{store: s}
				var wg sync.WaitGroup
				for u := range int64(readsAtOnce) { // while these are under way
					wg.Go(func() { readAll(t, r, u+8) })
					synctest.Wait()
				}
				errs := readAll(t, r, 1, 2, 3)
				wg.Wait()
				s.asked = s.asked[readsAtOnce:]
				for u := int64(1); u <= 3; u++ {
					if failed := errs[u] != nil; failed != slices.Contains(tt.want, u) {
						t.Errorf("user %d: %v", u, errs[u])
					}
				}
				if len(s.asked) != tt.asked {
					t.Errorf("asked %v", s.asked)
				}
			})
		})
	}
}

// One statement that hangs keeps nobody else waiting, and whoever leaves takes
// nobody along.
func TestReaderThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowSets{hang: true}
		r := &reader{store: s}
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, _, err := r.read(ctx, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		})
		synctest.Wait()
		began := time.Now()
		if errs := readAll(t, r, 2, 3); len(errs) > 0 || time.Since(began) > 2*time.Second {
			t.Errorf("the others: %v after %v", errs, time.Since(began))
		}
		leave()
		wg.Wait()
		<-time.After(readTimeout) // nothing is under way now
		for u := range int64(readsAtOnce) {
			wg.Go(func() { readAll(t, r, u+8) })
			synctest.Wait()
		}
		s.mu.Lock()
		s.hang = true // of the next statement
		s.mu.Unlock()
		wg.Go(func() {
			if errs := readAll(t, r, 4, 5); !errors.Is(errs[4], context.DeadlineExceeded) || !errors.Is(errs[5], context.DeadlineExceeded) {
				t.Errorf("after %v: %v", readTimeout, errs)
			}
		})
		wg.Wait()
	})
}

// While the database hangs, those who ask give up; what nobody waits for any
// more is not read when it is back, or the living would wait behind the dead.
func TestReaderForgetsWhoGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowSets{}
		r := &reader{store: s}
		var wg sync.WaitGroup
		for u := range int64(readsAtOnce) { // under way for a second
			wg.Go(func() { readAll(t, r, u+1) })
			synctest.Wait()
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		for u := range int64(20 * readsMost) {
			wg.Go(func() {
				if _, _, err := r.read(short, u+100); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("who gave up got %v", err)
				}
			})
		}
		<-short.Done()
		synctest.Wait()
		began := time.Now()
		if errs := readAll(t, r, 50, 51); len(errs) > 0 {
			t.Errorf("who waits got %v", errs)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("who waits waited %v behind those who gave up", took)
		}
		wg.Wait()
	})
}
