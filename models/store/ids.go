package store

import (
	"context"
	"sync"
)

// blockSize is how many ids a process takes at once. What it does not use is
// lost when it ends; ids are 63 bits wide.
const blockSize = 10000

// blocks hands out ids of this process's block.
type blocks struct {
	mu        sync.Mutex
	next, end int64
}

// Reserve hands out n consecutive ids that no other process gets. Now and then
// it takes a new block in a transaction of its own, so it must not be called
// inside of Write.
func (s *Store) Reserve(ctx context.Context, n int) (int64, error) {
	b := &s.ids
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end-b.next < int64(n) {
		size := int64(max(blockSize, n))
		var next int64
		err := s.Write(ctx, func(tx *Tx) error {
			return tx.each(ctx, func(r scanner) error { return r.Scan(&next) }, "UPDATE id_blocks SET next = next + ? WHERE name = 'id' RETURNING next", size)
		})
		if err != nil {
			return 0, err
		}
		b.next, b.end = next-size, next
	}
	b.next += int64(n)
	return b.next - int64(n), nil
}
