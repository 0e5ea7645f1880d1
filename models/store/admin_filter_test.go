package store_test

import (
	"slices"
	"testing"

	"zummer/models"
)

// Text is found as people type it, whatever letters JSON writes in another way;
// the signs of LIKE stand for themselves.
func TestPendingByText(t *testing.T) {
	onJournal(t, func(j *journal) {
		for i, title := range []string{`ООО "Рога & Копыта"`, `C:\temp`, `скидка 100%`, `скидка 1000`, `Петров <p@example.org>`} {
			j.pend(1, int64(100+i), 1, title, 1)
		}
		for text, want := range map[string][]int64{
			`ООО "Рога`: {100}, `Рога & Копыта"`: {100}, `& К`: {100}, `:\t`: {101}, `100%`: {102}, `скидка 100`: {103, 102}, `<p@`: {104}, `1_0`: nil,
		} {
			rows, _, err := j.Notifications(j.ctx, models.AdminQuery{Text: text, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for i := range rows {
				got = append(got, rows[i].ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", text, got, want)
			}
		}
	})
}
