package agent

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	zummer "zummer/clients/go"
)

// Datagram is the text message of one revision: TAB between columns, no line
// end, UTF-8. Columns are only ever added at the end.
//
//	ZUMMER1 EVENT ID.REV KIND ACTION CALL STATE PHONE TITLE TEXT LINK URL
//
// EVENT is new, or gone for a revision that is pending no more. Of a message for
// a listener that nobody knows (bare) the columns from PHONE on are empty: who
// may read the row asks the relay for it.
func Datagram(event string, n *zummer.Notification, bare bool) []byte {
	o, call := cmp.Or(n.Object, &zummer.Object{}), cmp.Or(n.Call, &zummer.Call{})
	columns := []string{"ZUMMER1", event, n.Key().String(), n.Kind, string(n.Action), call.ID, call.State, n.Phone, n.Title, n.Text, o.Link, o.URL}
	if bare {
		clear(columns[7:])
	}
	for i, c := range columns {
		columns[i] = oneLine(c)
	}
	return []byte(strings.Join(columns, "\t"))
}

// oneLine makes spaces of what would break a line of columns.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// outputs are what other programs of the desktop listen to. None holds up
// another one, or what is shown.
type outputs struct {
	udp       net.Conn // nil: none
	listener  func() owner
	unchecked bool // whoever listens gets all
	command   []string
	stdout    io.Writer // nil: none
	fail      func(what string, err error)

	heard *owner        // of the last message; nil: there was none
	slots chan struct{} // of commands that run
	lines chan []byte   // for stdout
	all   sync.WaitGroup
}

// commandTime is how long the user's command may take; mostCommands run at once.
const (
	commandTime  = 30 * time.Second
	mostCommands = 4
)

// mostLines bounds what waits for a reader of standard output that hangs;
// lastLines is how long it is waited for at the end.
const (
	mostLines = 1000
	lastLines = time.Second
)

var (
	errBusyCommand = errors.New("four commands are still running; the row is left out")
	errFullOutput  = errors.New("its reader takes nothing; the row is left out")
	errOtherUser   = errors.New("the port is another user's: nothing is sent there; choose another one, or 0")
	errNotTold     = errors.New("this system does not tell whose the port is: the messages name the row only; udp.unchecked sends all")
)

// start begins, and gives what ends it: it waits for commands, which ctx ends,
// and a moment for a reader of standard output.
func (o *outputs) start() (stop func()) {
	o.slots, o.lines = make(chan struct{}, mostCommands), make(chan []byte, mostLines)
	written := make(chan struct{})
	go func() { // a write that hangs ends with the program
		defer close(written)
		for line := range o.lines {
			if _, err := o.stdout.Write(line); err != nil {
				o.fail("stdout", err)
			}
		}
	}()
	return func() {
		o.all.Wait()
		close(o.lines)
		select {
		case <-written:
		case <-time.After(lastLines):
		}
	}
}

// tell tells of a revision that is new, or gone.
func (o *outputs) tell(ctx context.Context, event string, n *zummer.Notification) {
	if o.udp != nil {
		if err := o.send(event, n); err != nil && ctx.Err() == nil {
			o.fail("udp", err)
		}
	}
	if event != "new" {
		return
	}
	row, err := json.Marshal(jsonRow(n))
	if err != nil {
		o.fail("row", err)
		return
	}
	row = append(row, '\n')
	if o.stdout != nil {
		select {
		case o.lines <- row:
		default:
			o.fail("stdout", errFullOutput)
		}
	}
	if len(o.command) > 0 {
		o.run(ctx, row)
	}
}

// send gives the port's listener a message: all of it to this user's, the row's
// name alone to one that the system does not know, nothing to another user's.
// What is wrong with the listener is said once.
func (o *outputs) send(event string, n *zummer.Notification) error {
	who := ownerUs
	if !o.unchecked {
		who = o.listener()
	}
	news := o.heard == nil || *o.heard != who
	o.heard = &who
	switch {
	case who == ownerNone, who == ownerOther && !news:
		return nil
	case who == ownerOther:
		return errOtherUser
	}
	message := Datagram(event, n, who == ownerUnknown)
	_, err := o.udp.Write(message)
	if err != nil { // it may be what became of the message before
		_, err = o.udp.Write(message)
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED): // nobody listens
		return nil
	case err == nil && who == ownerUnknown && news:
		return errNotTold
	}
	return err
}

func (o *outputs) run(ctx context.Context, row []byte) {
	select {
	case o.slots <- struct{}{}:
	default:
		o.fail("command", errBusyCommand)
		return
	}
	o.all.Go(func() {
		defer func() { <-o.slots }()
		ctx, cancel := context.WithTimeout(ctx, commandTime)
		defer cancel()
		cmd := exec.CommandContext(ctx, o.command[0], o.command[1:]...) //nolint:gosec // the user's own command line; what comes from the network is its input
		cmd.Stdin, cmd.WaitDelay = bytes.NewReader(row), time.Second
		hideWindow(cmd)
		if err := cmd.Run(); err != nil {
			o.fail("command", err)
		}
	})
}
