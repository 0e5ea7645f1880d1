// Package store is the database: the register's tables, the set-up and the
// journal, on PostgreSQL or SQLite. It is the only package with GORM code.
//
// Write owns a transaction from begin to commit, with its retries; the methods
// of Tx work inside one and never open another. Statements that matter for
// speed are raw SQL with many rows at once. Where the two databases differ,
// dialect.go knows how. The schema changes only by the numbered files of
// migrations/, one per database, which are never edited after a release.
package store
