package models

import "time"

// MaxLineRank bounds Source.LineRank.
const MaxLineRank = 1000

// LineSearch asks for calls of other sources of a line group that may tell of
// the same conversation: a leg of User in them began between From and To.
type LineSearch struct {
	User     int64
	Sources  []int64
	From, To time.Time
}
