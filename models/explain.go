package models

// Explanation tells how the rules decided about one event of a call.
type Explanation struct {
	Occasions []Occasion
	Steps     []Step // what was noted beside the rules: nobody owns the extension, the source's outgoing calls are off
}

// Occasion is what the rules were asked about one user.
type Occasion struct {
	User     int64  // 0: nobody is concerned
	Event    string // RuleEvents
	Verdicts []Verdict
	Rule     string  // that decided
	Nothing  bool    // it decided that there is no notification
	Reason   string  // in words
	Drafts   []Draft // what it wants changed
}

// Verdict is what became of one rule: the last one of an occasion fits.
type Verdict struct {
	Rule string
	Fits bool
	Why  string // it does not fit, in words
}
