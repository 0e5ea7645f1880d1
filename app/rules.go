package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

type rulesCmd struct {
	Get    rulesGetCmd    `cmd:"" help:"Print the rules, as put takes them: zummer rules get > rules.json"`
	Put    rulesPutCmd    `cmd:"" help:"Put the rules of a file into force."`
	Check  rulesCheckCmd  `cmd:"" help:"Say what put would refuse of a file; nothing changes."`
	DryRun rulesDryRunCmd `cmd:"" help:"Tell what rules would make of a webhook of the journal or of events, and why; nothing changes."`
}

// reach is how a command gets to a running instance as its administrator.
type reach struct {
	URL     string        `default:"http://127.0.0.1:8080" help:"Address of the running instance."`
	Token   Secret        `env:"ZUMMER_ADMIN_TOKEN" help:"Admin token."`
	Timeout time.Duration `default:"30s" help:"For one request."`
}

// ask sends a request and decodes the answer. An error of the instance is told
// in its own words, field by field.
func (r reach) ask(ctx context.Context, method, path string, body, into any) error {
	if r.Token == "" {
		return errors.New("give --token or ZUMMER_ADMIN_TOKEN (`zummer admin token` prints one)")
	}
	var send io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		send = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(r.URL, "/")+path, send)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+string(r.Token))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return unreachable(r.URL, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode == http.StatusUnauthorized {
		return errors.New(whereKeys)
	}
	if res.StatusCode/100 != 2 {
		return refusal(res.Status, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// refusal is what an instance says is wrong.
func refusal(status string, answer []byte) error {
	var p struct {
		Detail string
		Errors []struct{ Field, Message string }
	}
	if err := json.Unmarshal(answer, &p); err != nil || p.Detail == "" {
		return fmt.Errorf("the instance answered %s", status)
	}
	lines := []string{p.Detail}
	for i, e := range p.Errors {
		if i > 0 { // the first one is the detail
			lines = append(lines, e.Field+": "+e.Message)
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

// rulesFile is a version of the rules as files keep it.
type rulesFile struct {
	Version *int64          `json:"version,omitempty"`
	Rules   json.RawMessage `json:"rules"`
}

// readJSONFile reads a file, or the standard input for -. A byte order mark,
// which Windows editors write, is skipped.
func readJSONFile(path string) (json.RawMessage, error) {
	var text []byte
	var err error
	if path == "-" {
		text, err = io.ReadAll(os.Stdin)
	} else {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	var syntax *json.SyntaxError
	if err := json.Unmarshal(text, new(any)); errors.As(err, &syntax) {
		at := text[:min(int(syntax.Offset), len(text))]
		return nil, fmt.Errorf("%s is no JSON: line %d: %w", path, 1+bytes.Count(at, []byte("\n")), err)
	}
	return text, nil
}

// readRulesFile reads what get printed, or a bare list of rules.
func readRulesFile(path string) (map[string]json.RawMessage, error) {
	text, err := readJSONFile(path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(text, []byte("[")) {
		return map[string]json.RawMessage{"rules": text}, nil
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, fmt.Errorf("%s must be an object with version and rules, or a list of rules", path)
	}
	return out, nil
}

type rulesGetCmd struct {
	reach
	Version *int64 `help:"An older version; 0: the built-in rules." placeholder:"N"`
}

// Run prints the rules.
func (c *rulesGetCmd) Run(e *env) error {
	path := "/v1/admin/rules"
	if c.Version != nil {
		path += "?version=" + strconv.FormatInt(*c.Version, 10)
	}
	var f rulesFile
	if err := c.ask(e.ctx, http.MethodGet, path, nil, &f); err != nil {
		return err
	}
	return f.print(e.stdout)
}

// print writes the rules so that a person finds and changes them: each part of
// a rule on a line.
func (f *rulesFile) print(w io.Writer) error {
	var rules []map[string]json.RawMessage
	if err := json.Unmarshal(f.Rules, &rules); err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	all := make([]string, len(rules))
	for i, r := range rules {
		var parts []string
		for _, name := range []string{"name", "note", "off", "when", "then"} {
			if v, ok := r[name]; ok {
				parts = append(parts, `"`+name+`": `+string(v))
			}
			delete(r, name)
		}
		for _, name := range slices.Sorted(maps.Keys(r)) { // of a newer instance
			parts = append(parts, strconv.Quote(name)+": "+string(r[name]))
		}
		all[i] = "    {" + strings.Join(parts, ",\n     ") + "}"
	}
	_, err := fmt.Fprintf(w, "{\n  \"version\": %d,\n  \"rules\": [\n%s\n  ]\n}\n", *f.Version, strings.Join(all, ",\n"))
	return err
}

type rulesPutCmd struct {
	reach
	File  string `arg:"" help:"What get printed, changed; - is the standard input."`
	Based *int64 `help:"The version that the rules are a change of, instead of the one in the file." placeholder:"N"`
}

// Run puts the rules.
func (c *rulesPutCmd) Run(e *env) error {
	body, err := readRulesFile(c.File)
	if err != nil {
		return err
	}
	if c.Based != nil {
		body["version"] = json.RawMessage(strconv.FormatInt(*c.Based, 10))
	}
	if body["version"] == nil {
		return fmt.Errorf("%s names no version: say with --based which one the rules are a change of", c.File)
	}
	var f rulesFile
	if err := c.ask(e.ctx, http.MethodPut, "/v1/admin/rules", body, &f); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "version %d is in force; before the next change get it anew, or write \"version\": %d into the file\n", *f.Version, *f.Version)
	return nil
}

type rulesCheckCmd struct {
	reach
	File string `arg:"" help:"What get printed, changed; - is the standard input."`
}

// Run checks the rules.
func (c *rulesCheckCmd) Run(e *env) error {
	body, err := readRulesFile(c.File)
	if err != nil {
		return err
	}
	var answer struct{ Version, Rules int64 }
	if err := c.ask(e.ctx, http.MethodPost, "/v1/admin/rules/check", body, &answer); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%d rules, nothing is wrong with them; in force is version %d\n", answer.Rules, answer.Version)
	var based int64
	if body["version"] != nil && json.Unmarshal(body["version"], &based) == nil && based != answer.Version {
		fmt.Fprintf(e.stdout, "but the file is a change of version %d: put would refuse it\n", based)
	}
	return nil
}
