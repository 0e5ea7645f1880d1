package agent

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"time"

	zummer "zummer/clients/go"
)

// Datagram is the text message of one revision: TAB between columns, no line
// end, UTF-8. Columns are only ever added at the end.
//
//	ZUMMER1 EVENT ID.REV KIND ACTION CALL STATE PHONE TITLE TEXT LINK URL
//
// EVENT is new, or gone for a revision that is pending no more.
func Datagram(event string, n *zummer.Notification) []byte {
	o, call := cmp.Or(n.Object, &zummer.Object{}), cmp.Or(n.Call, &zummer.Call{})
	columns := []string{"ZUMMER1", event, n.Key().String(), n.Kind, string(n.Action), call.ID, call.State, n.Phone, n.Title, n.Text, o.Link, o.URL}
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

// outputs are what other programs of the desktop listen to.
type outputs struct {
	udp     net.Conn // nil: none
	command []string
	stdout  io.Writer // nil: none
	slots   chan struct{}
	fail    func(what string, err error)
}

// commandTime is how long the user's command may take.
const commandTime = 30 * time.Second

// tell tells of a revision that is new, or gone.
func (o *outputs) tell(ctx context.Context, event string, n *zummer.Notification) {
	if o.udp != nil {
		if _, err := o.udp.Write(Datagram(event, n)); err != nil && ctx.Err() == nil {
			o.fail("udp", err) // nobody listens
		}
	}
	if event != "new" {
		return
	}
	row, err := json.Marshal(n)
	if err != nil {
		o.fail("row", err)
		return
	}
	row = append(row, '\n')
	if o.stdout != nil {
		if _, err := o.stdout.Write(row); err != nil {
			o.fail("stdout", err)
		}
	}
	if len(o.command) == 0 {
		return
	}
	select {
	case o.slots <- struct{}{}:
	default:
		o.fail("command", errBusyCommand)
		return
	}
	go func() {
		defer func() { <-o.slots }()
		ctx, cancel := context.WithTimeout(ctx, commandTime)
		defer cancel()
		cmd := exec.CommandContext(ctx, o.command[0], o.command[1:]...) //nolint:gosec // the user's own command line; what comes from the network is its input
		cmd.Stdin, cmd.WaitDelay = bytes.NewReader(row), time.Second
		if err := cmd.Run(); err != nil {
			o.fail("command", err)
		}
	}()
}

var numbers = regexp.MustCompile(`\+?\d[\d\-() ]{5,}\d`)

// Mask leaves the ends of what may be a phone number, for logs.
func Mask(s string) string {
	return numbers.ReplaceAllStringFunc(s, func(m string) string {
		if len(m) < 8 {
			return "***"
		}
		return m[:3] + "***" + m[len(m)-2:]
	})
}
