// Package crm asks the CRM who has a number, for companies whose contacts
// change faster than they are synchronised, or are not synchronised at all.
//
// One question is one signed POST with 300 ms to answer. Answers are kept for a
// minute, questions about one number that come together are asked once, and a
// CRM that fails five times in a row is left alone for ten seconds: a call must
// never wait for a CRM that is down. What could not be asked is an error and is
// never taken for "nobody".
//
// A number is a customer's: it stands in the question alone, never in an error,
// a log or a metric.
package crm
