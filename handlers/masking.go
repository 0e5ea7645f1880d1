package handlers

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"zummer/models"
)

// shortestSecret is the length from which a value is masked: a shorter one would
// stand everywhere by chance.
const shortestSecret = 4

// maskOf makes a function that masks the secret values of a source in what the
// source has sent: some systems send their key in each request. nil, the source
// is gone: nothing is masked.
func maskOf(s *models.Source) func(string) string {
	var secrets []string
	if s != nil {
		secrets = secretsOf(s)
	}
	if len(secrets) == 0 {
		return func(text string) string { return text }
	}
	// The longest first: one may be a part of another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	spellings := make([]string, len(secrets))
	for i, secret := range secrets {
		spellings[i] = spelling(secret)
	}
	sent := regexp.MustCompile(strings.Join(spellings, "|"))
	return func(text string) string { return sent.ReplaceAllLiteralString(text, masked) }
}

// secretsOf lists what openSettings keeps in, and the secret.
func secretsOf(s *models.Source) []string {
	open := openSettings(s)
	all := []string{s.Secret}
	for name, v := range s.Settings {
		if _, shown := open[name]; !shown {
			if text, ok := v.(string); ok {
				all = append(all, text)
			}
		}
	}
	var out []string
	for _, v := range all {
		if v = strings.TrimSpace(v); len(v) >= shortestSecret {
			out = append(out, v)
		}
	}
	return out
}

// spelling is an expression for a text as it may stand in a request: as it is,
// percent-encoded, or in JSON. Long ones (keys in PEM) are never sent and are
// looked for as they are.
func spelling(secret string) string {
	if len(secret) > 1024 {
		return regexp.QuoteMeta(secret)
	}
	var b strings.Builder
	for _, r := range secret {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			b.WriteRune(r)
			continue
		}
		one := regexp.QuoteMeta(string(r))
		percent := ""
		for _, c := range []byte(string(r)) {
			percent += fmt.Sprintf("%%%02X", c)
		}
		units := ""
		for _, u := range utf16.Encode([]rune{r}) {
			units += fmt.Sprintf(`\\u%04X`, u)
		}
		b.WriteString(`(?:\\?` + one + `|(?i:` + percent + `|` + units + `)|` + regexp.QuoteMeta(url.QueryEscape(string(r))) + `)`)
	}
	return b.String()
}
