// Package routing holds the built-in default rules: what an event of a call
// changes in whose pending set. It is pure: it compares a call before and after
// an event and gives drafts, and the inbox decides under the user's lock what
// is still pending (Draft.Mode).
//
// All rows of one call share one collapse key per user, "call:<id>", so the
// ringing row becomes the answered row becomes the card. Missed calls have a
// key of their own, "missed:<phone>", and so collapse by number.
package routing
