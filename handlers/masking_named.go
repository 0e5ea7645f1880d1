package handlers

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Some systems send what their account is opened with in each request, and a
// source need not know it. Pages therefore hide the values of fields that are
// named like secrets, whoever looks.
var (
	formField = regexp.MustCompile(`(^|[?&\s])([A-Za-z0-9_.%\[\]-]{1,64})=([^&\s]*)`)
	jsonField = regexp.MustCompile(`("((?:[^"\\]|\\.){1,64})"\s*:\s*)("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)`)
)

// secretWords are the parts of names of fields that hold what lets somebody in.
var secretWords = []string{"key", "apikey", "sign", "signature", "hmac", "token", "secret", "password", "passwd", "pwd"}

// secretField reports that a field is named like a secret: one of the words that
// its name is made of (api_key, crmToken, X-Sign) is one of secretWords.
func secretField(name string) bool {
	var words []string
	word, small := "", false
	for _, r := range name {
		if !unicode.IsLetter(r) || unicode.IsUpper(r) && small {
			words, word = append(words, word), ""
		}
		if small = unicode.IsLower(r); unicode.IsLetter(r) {
			word += string(unicode.ToLower(r))
		}
	}
	return slices.ContainsFunc(append(words, word), func(w string) bool { return slices.Contains(secretWords, w) })
}

// maskNamed hides the values of fields that are named like secrets in a body or
// an address: a form, JSON, or JSON within a form.
func maskNamed(text string) string {
	if start := strings.TrimLeft(text, " \t\r\n"); !strings.HasPrefix(start, "{") && !strings.HasPrefix(start, "[") && !strings.HasPrefix(start, "<") {
		text = formField.ReplaceAllStringFunc(text, func(field string) string {
			m := formField.FindStringSubmatch(field)
			name, err := url.QueryUnescape(m[2])
			if err != nil {
				name = m[2]
			}
			if secretField(name) && m[3] != "" {
				return m[1] + m[2] + "=" + masked
			}
			if value, err := url.QueryUnescape(m[3]); err == nil {
				if hidden := maskJSON(value); hidden != value {
					return m[1] + m[2] + "=" + url.QueryEscape(hidden)
				}
			}
			return field
		})
	}
	return maskJSON(text)
}

func maskJSON(text string) string {
	return jsonField.ReplaceAllStringFunc(text, func(field string) string {
		m := jsonField.FindStringSubmatch(field)
		if !secretField(m[2]) || m[3] == `""` {
			return field
		}
		return m[1] + `"` + masked + `"`
	})
}

// formText is a form as people read it, one field a line; "": the body is none.
func formText(body, contentType string) string {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	if strings.TrimSpace(kind) != "application/x-www-form-urlencoded" || !strings.Contains(body, "=") {
		return ""
	}
	var out []string
	for _, field := range strings.Split(body, "&") {
		name, value, _ := strings.Cut(field, "=")
		n, errName := url.QueryUnescape(name)
		v, err := url.QueryUnescape(value)
		if errName != nil || err != nil {
			return ""
		}
		out = append(out, strings.ToValidUTF8(n+" = "+v, "\uFFFD"))
	}
	return strings.Join(out, "\n")
}
