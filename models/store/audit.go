package store

import (
	"context"
	"fmt"
	"time"

	"zummer/models"
)

// BumpConfig raises config_version and returns it with the database's clock.
// The row stays locked until the transaction ends, so changes of the set-up
// come one after the other.
func (tx *Tx) BumpConfig(ctx context.Context) (now time.Time, version int64, err error) {
	var at dbTime
	err = tx.each(ctx, func(r scanner) error { return r.Scan(&at, &version) },
		"UPDATE config_version SET version = version + 1 RETURNING "+tx.d.clock()+", version")
	if err == nil && version == 0 {
		err = fmt.Errorf("config_version has no row")
	}
	return at.Time, version, err
}

// SaveAudit inserts an entry at now and sets its ID; of an entry that has an ID
// it replaces the Detail.
func (tx *Tx) SaveAudit(ctx context.Context, now time.Time, e *models.AuditEntry) error {
	if e.ID != 0 {
		return tx.exec(ctx, "UPDATE audit SET detail = ? WHERE id = ?", e.Detail, e.ID)
	}
	e.At = now
	return tx.insert(ctx, &e.ID, "INSERT INTO audit (at, who, from_addr, what, object, detail) VALUES (?,?,?,?,?,?) RETURNING id",
		tx.d.ts(now), e.Who, e.From, e.What, e.Object, e.Detail)
}

// insert runs an INSERT … RETURNING id.
func (tx *Tx) insert(ctx context.Context, id *int64, sql string, args ...any) error {
	return tx.each(ctx, func(r scanner) error { return r.Scan(id) }, sql, args...)
}
