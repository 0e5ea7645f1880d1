package agent

import "sync"

// balloons shows toasts as the balloon of an icon that is there as long as they
// are. One is seen at a time: the newest. A click is told; that one was put away
// is not, since the system does not tell it from one that timed out.
type balloons struct {
	told Told
	w    shellWindow
	icon uintptr
	all  sync.WaitGroup

	mu   sync.Mutex
	want *balloon // nil: none

	shown *balloon // on the window's thread only
}

type balloon struct {
	key   string
	toast Toast
}

func newBalloons(told Told) (Notifier, error) {
	b := &balloons{told: told}
	b.w.handle = b.handle
	if err := b.w.open("ZummerAgentToasts", func() { b.icon = drawn(TrayConnected) }); err != nil {
		return nil, err
	}
	return b, nil
}

// Show implements Notifier.
func (b *balloons) Show(key string, t Toast) error {
	b.set(&balloon{key, t})
	return nil
}

// Close implements Notifier.
func (b *balloons) Close(key string) {
	b.mu.Lock()
	now := b.want
	b.mu.Unlock()
	if now != nil && now.key == key {
		b.set(nil)
	}
}

func (b *balloons) set(want *balloon) {
	b.mu.Lock()
	b.want = want
	b.mu.Unlock()
	b.w.post(wmView)
}

// Stop implements Notifier.
func (b *balloons) Stop() {
	b.w.close()
	b.all.Wait()
}

func (b *balloons) handle(window, what, _, lParam uintptr) bool {
	switch {
	case what == wmIcon && lParam&0xffff == balloonClick:
		if shown := b.leave(); shown != nil && b.told.Clicked != nil {
			b.all.Go(func() { b.told.Clicked(shown.key) }) // it may take its time
		}
	case what == wmIcon && lParam&0xffff == balloonTimeout:
		b.leave()
	case what == wmView, what == b.w.created && what != 0:
		b.apply()
	case what == wmClose:
		b.leave()
		_, _, _ = procDestroyIcon.Call(b.icon)
		_, _, _ = procDestroyWindow.Call(window)
	default:
		return false
	}
	return true
}

// apply makes the screen what it shall be.
func (b *balloons) apply() {
	b.mu.Lock()
	want := b.want
	b.mu.Unlock()
	if want == nil {
		b.leave()
		return
	}
	n := notifyIcon{id: 1, flags: nifMessage | nifIcon | nifTip, icon: b.icon}
	fill(n.tip[:], want.toast.Title)
	if b.shown == nil {
		b.w.notify(nimAdd, &n)
	}
	b.shown = want
	n.flags, n.infoFlags = n.flags|nifInfo, niifInfo
	fill(n.infoTitle[:], want.toast.Title)
	if fill(n.info[:], want.toast.Text); n.info[0] == 0 {
		n.info[0] = ' ' // an empty one takes the balloon away
	}
	b.w.notify(nimModify, &n)
}

// leave takes away what is shown, unless something newer is to be.
func (b *balloons) leave() *balloon {
	shown := b.shown
	if shown == nil {
		return nil
	}
	b.shown = nil
	b.mu.Lock()
	if b.want == shown {
		b.want = nil
	}
	b.mu.Unlock()
	b.w.notify(nimDelete, &notifyIcon{id: 1})
	return shown
}
