// Package jobs does what time asks for: expiry of inboxes that nobody polls,
// removal of what is past its retention, day partitions, calls that never
// ended, statistics. A job is a bounded, timed and logged run; it may run
// twice, or be cut short anywhere, without harm. Among replicas one runs it.
//
// What the jobs need of the store and the inbox is declared here, beside the
// job that needs it; app passes the real ones in.
package jobs
