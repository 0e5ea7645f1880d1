package agent

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	zummer "zummer/clients/go"
)

// indicator keeps the icon in step with the session, and does what its menu
// says.
type indicator struct {
	tray    Tray
	client  *zummer.Client
	russian bool
	page    string
	open    func(ctx context.Context, link string) error
	quit    func()
	log     *slog.Logger
	wake    chan struct{}
	chosen  chan int

	mu      sync.Mutex
	up      bool
	pending int
	quiet   bool // as the service last said
}

// The lines of the menu.
const (
	linePending = iota + 1
	lineQuiet
	linePage
	lineQuit
)

// quietEvery is how often the service is asked whether quiet was switched
// elsewhere.
const quietEvery = 2 * time.Minute

func newIndicator() *indicator {
	return &indicator{wake: make(chan struct{}, 1), chosen: make(chan int, 8)}
}

// choose takes a click; one that comes while eight wait is dropped.
func (i *indicator) choose(id int) {
	select {
	case i.chosen <- id:
	default:
	}
}

func (i *indicator) set(change func()) {
	i.mu.Lock()
	change()
	i.mu.Unlock()
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

func (i *indicator) connected(up bool) { i.set(func() { i.up = up }) }
func (i *indicator) rows(n int)        { i.set(func() { i.pending = n }) }

// view is the icon as it shall be now.
func (i *indicator) view() TrayView {
	i.mu.Lock()
	defer i.mu.Unlock()
	pick := func(ru, en string) string {
		if i.russian {
			return ru
		}
		return en
	}
	v := TrayView{State: TrayConnected, Tip: fmt.Sprintf(pick("Zummer: ждут %d", "Zummer: %d pending"), i.pending)}
	switch {
	case !i.up:
		v.State, v.Tip = TrayLost, pick("Zummer: нет связи со службой", "Zummer: the service does not answer")
	case i.quiet:
		v.State, v.Tip = TrayQuiet, v.Tip+pick(", тихий режим", ", quiet")
	}
	v.Items = []TrayItem{{ID: linePending, Label: fmt.Sprintf(pick("Ждут: %d", "Pending: %d"), i.pending), Plain: true}, {},
		{ID: lineQuiet, Label: pick("Тихий режим", "Quiet"), Check: true, Checked: i.quiet, Plain: !i.up}}
	if i.page != "" {
		v.Items = append(v.Items, TrayItem{ID: linePage, Label: pick("Открыть CRM", "Open the CRM")})
	}
	v.Items = append(v.Items, TrayItem{}, TrayItem{ID: lineQuit, Label: pick("Выйти", "Quit")})
	return v
}

// run works until ctx ends and takes the icon away.
func (i *indicator) run(ctx context.Context) {
	defer i.tray.Stop()
	i.tray.Set(i.view())
	every := time.NewTicker(quietEvery)
	defer every.Stop()
	for was := false; ; {
		select {
		case <-ctx.Done():
			return
		case id := <-i.chosen:
			i.do(ctx, id)
		case <-every.C:
			i.ask(ctx)
		case <-i.wake:
			i.mu.Lock()
			up := i.up
			i.mu.Unlock()
			if up && !was {
				i.ask(ctx)
			}
			was = up
		}
		i.tray.Set(i.view())
	}
}

// ask learns whether quiet is on; an answer that does not come changes nothing.
func (i *indicator) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	me, err := i.client.Me(ctx)
	i.keep(ctx, me, err)
}

func (i *indicator) keep(ctx context.Context, me zummer.Me, err error) {
	if err != nil {
		i.log.WarnContext(ctx, "whether quiet is on is not known", "error", Mask(withoutAddress(err).Error()))
		return
	}
	i.mu.Lock()
	i.quiet = me.Quiet
	i.mu.Unlock()
}

func (i *indicator) do(ctx context.Context, id int) {
	switch id {
	case lineQuit:
		i.quit()
	case linePage:
		if err := i.open(ctx, i.page); err != nil {
			i.log.WarnContext(ctx, "the page could not be opened", "error", Mask(err.Error()))
		}
	case lineQuiet:
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		i.mu.Lock()
		quiet := !i.quiet
		i.mu.Unlock()
		me, err := i.client.SetMe(ctx, nil, &quiet)
		i.keep(ctx, me, err)
	}
}
