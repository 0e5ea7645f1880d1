package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"zummer/models"
)

type contactsCmd struct {
	Import contactsImportCmd `cmd:"" help:"Send a file of contacts (NDJSON, one a line) to a running instance. Exit code 1 when lines were refused; the others are stored."`
}

type contactsImportCmd struct {
	File  string `arg:"" help:"The file; - is the standard input. docs/contacts.md describes a line."`
	URL   string `default:"http://127.0.0.1:8080" help:"Address of the running instance."`
	Token Secret `env:"ZUMMER_ADMIN_TOKEN" help:"Token with the scope sync or admin."`
	Full  bool   `help:"Remove the contacts that the file does not name, when no line was refused."`
}

// importLine is one line of the instance's answer: progress, the report, or a
// problem.
type importLine struct {
	Lines, Stored, Ignored, Removed, Failed int

	Errors []models.ImportError
	Done   bool

	Status int // of a problem
	Code   string
	Detail string
}

// Run sends the file, tells on stderr how far it is, and prints the report.
func (c *contactsImportCmd) Run(e *env) error {
	if c.Token == "" {
		return errors.New("give --token (or ZUMMER_ADMIN_TOKEN), one with the scope sync or admin")
	}
	in := io.NopCloser(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		in = f
	}
	defer in.Close()
	rep, err := c.send(e.ctx, in, func(l importLine) {
		fmt.Fprintf(e.stderr, "%d lines: %d stored, %d ignored, %d refused\n", l.Lines, l.Stored, l.Ignored, l.Failed)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%d lines: %d stored, %d ignored, %d removed, %d refused\n", rep.Lines, rep.Stored, rep.Ignored, rep.Removed, rep.Failed)
	for _, l := range rep.Errors {
		fmt.Fprintf(e.stdout, "line %d: %s\n", l.Line, l.Message)
	}
	if more := rep.Failed - len(rep.Errors); more > 0 {
		fmt.Fprintf(e.stdout, "and %d more\n", more)
	}
	switch {
	case rep.Failed > 0 && c.Full:
		return fmt.Errorf("%d lines were refused, so nothing was removed: mend them and send the file again", rep.Failed)
	case rep.Failed > 0:
		return fmt.Errorf("%d lines were refused; the others are stored", rep.Failed)
	}
	return nil
}

// send returns the report; progress is told each line before it.
func (c *contactsImportCmd) send(ctx context.Context, body io.Reader, progress func(importLine)) (rep importLine, err error) {
	address := strings.TrimSuffix(c.URL, "/") + "/v1/sync/contacts"
	if c.Full {
		address += "?mode=full"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, io.NopCloser(body))
	if err != nil {
		return rep, err
	}
	for name, value := range map[string]string{"Authorization": "Bearer " + string(c.Token), "Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson",
		"Expect": "100-continue"} { // a refusal comes before the file goes
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return rep, unreachable(c.URL, err)
	}
	defer res.Body.Close()
	answer := bufio.NewReaderSize(res.Body, 256<<10)
	for {
		text, err := answer.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return rep, fmt.Errorf("read the answer: %w", err)
		}
		var l importLine
		if len(bytes.TrimSpace(text)) > 0 {
			if jerr := json.Unmarshal(text, &l); jerr != nil {
				return rep, fmt.Errorf("the instance answered %s with what is no JSON: is %s the address of a Zummer?", res.Status, c.URL)
			}
		}
		switch {
		case l.Status == http.StatusUnauthorized:
			return rep, errors.New("the instance answered 401 unauthorized: " + whereKeys)
		case l.Status != 0:
			return rep, fmt.Errorf("the instance answered %d %s: %s", l.Status, l.Code, l.Detail)
		case res.StatusCode != http.StatusOK:
			return rep, fmt.Errorf("the instance answered %s", res.Status)
		case l.Done:
			return l, nil
		case err != nil:
			return rep, errors.New("the answer broke off; what was stored stays, send the file again")
		}
		progress(l)
	}
}
