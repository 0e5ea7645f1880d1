package hub

import "math/bits"

// Armed counts the waiters in the wheel and the slots marked as not empty.
func (h *Hub) Armed() (waiters, slots int) {
	h.wheel.mu.Lock()
	defer h.wheel.mu.Unlock()
	for _, word := range h.wheel.busy {
		slots += bits.OnesCount64(word)
	}
	return h.wheel.armed, slots
}
