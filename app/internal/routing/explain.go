package routing

import "zummer/models"

// Explain runs the rules as Route does and tells how they decided. Neither call
// is changed.
func Explain(before, after *models.Call, c Context) models.Explanation {
	after = after.Clone()
	steps := Owners(after, c.Dir)
	var trace models.Explanation
	r := newRouter(before, after, c)
	r.trace = &trace
	_, more := r.route()
	trace.Steps = append(steps, more...)
	return trace
}

// Asked tells what changes because the CRM has said who calls, or that it does
// not know: c has its answer among the contacts, and CanAsk is not set. Where a
// draft gives an opening action, Opened is set on call's leg.
func Asked(call *models.Call, c Context) ([]models.Draft, []models.Step) {
	c.CanAsk = false
	r := newRouter(call.Clone(), call, c)
	r.known = true
	if call.Direction == models.InternalCall {
		return nil, nil
	}
	for _, u := range call.Users() {
		if l := call.LegOf(u); live(l) {
			r.user(u)
		}
	}
	return r.drafts, r.steps
}
