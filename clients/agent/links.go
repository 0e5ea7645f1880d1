package agent

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Links says which links may be given to the operating system. The zero value
// lets none through.
type Links struct {
	// Hosts are those that a link may name: crm.example, .example for every host
	// beneath it, crm.example:8443 for that port alone. Of e1c:// it is the
	// infobase, since server, file, filev, ws … name no machine:
	// server/srv1c/trade, or server/srv1c/ for all of this server whose names are
	// letters, digits, dots, dashes and underscores.
	Hosts []string `json:"hosts"`
	// HTTP lets http:// through too.
	HTTP bool `json:"http,omitempty"`
}

// maxLink is the longest that the contract lets a link be, in bytes of UTF-8.
const maxLink = 4096

// Why a link is refused.
var (
	errLinkForm   = errors.New("it is no plain link")
	errLinkScheme = errors.New("its scheme is not allowed")
	errLinkHost   = errors.New("its host is not on the list")
)

// Check says why a link is refused; nil: it may be opened. What passes begins
// with an allowed scheme in lower case and has no space, quote, control or
// invisible character, no backslash and no user name, so that no program that
// gets it as one argument can read anything else in it.
func (l Links) Check(link string) error {
	if link == "" || len(link) > maxLink || !utf8.ValidString(link) {
		return errLinkForm
	}
	for _, r := range link {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("\"'`<>\\^|{}$;!()*", r) || !unicode.IsPrint(r) || unicode.IsSpace(r) {
			return errLinkForm
		}
	}
	scheme, rest, ok := strings.Cut(link, "://")
	switch {
	case !ok:
		return errLinkScheme
	case scheme == "https", scheme == "e1c", scheme == "http" && l.HTTP:
	default:
		return errLinkScheme
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != scheme || u.Opaque != "" || u.Host == "" || strings.HasPrefix(rest, "/") {
		return errLinkForm
	}
	if u.User != nil || strings.ContainsFunc(u.Host, notOfHost) {
		return errLinkForm
	}
	_, place, _ := strings.Cut(link, "#")
	if (scheme == "e1c" || inBase(u.Fragment)) && (!dataPlace(place) || !dataPlace(u.Fragment) || strings.Contains(u.Fragment, "%")) || inBase(u.Path) {
		return errLinkForm // e1cib/command/… would run something
	}
	if scheme == "e1c" && (u.RawQuery != "" || u.ForceQuery || strings.HasSuffix(u.Host, ":")) {
		return errLinkForm
	}
	if !l.host(u) && (scheme != "e1c" || !l.infobase(u)) {
		return errLinkHost
	}
	return nil
}

// notOfHost finds what is no letter, digit or sign of a host: others, such as
// a wide slash or ℀, are made into what ends a host by some programs.
func notOfHost(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_:[]", r)
}

// inBase reports whether a place is one within an infobase, whatever is there.
func inBase(place string) bool { return strings.Contains(strings.ToLower(place), "e1cib/") }

// dataPlace reports whether the place within an infobase is an object, and
// nothing else however it is read.
func dataPlace(place string) bool {
	return strings.HasPrefix(place, "e1cib/data/") && !strings.Contains(place, "#") && !strings.Contains(place, "..") && strings.Count(strings.ToLower(place), "e1cib/") == 1
}

// kinds of infobases stand where a host does.
var kinds = []string{"server", "file", "filev", "ws", "wss", "http", "https"}

// infobase reports whether the list has the link's infobase.
func (l Links) infobase(u *url.URL) bool {
	path := strings.Trim(u.Path, "/")
	if strings.ContainsAny(u.Path, "\\%\"") || slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool { return s == "" || s == "." || s == ".." }) {
		return false
	}
	name := strings.ToLower(u.Host + "/" + path)
	return slices.ContainsFunc(l.Hosts, func(allowed string) bool {
		allowed = strings.ToLower(allowed)
		if rest, beneath := strings.CutPrefix(name, allowed); strings.HasSuffix(allowed, "/") {
			return beneath && strings.Contains(strings.TrimSuffix(allowed, "/"), "/") && rest != "" && !strings.ContainsFunc(rest, notOfBase)
		}
		return strings.Contains(allowed, "/") && name == allowed
	})
}

// notOfBase finds what is no letter, digit or plain sign of an infobase's name:
// whoever opens the link may read an option or another place in it. A name that
// has such is on the list as a whole.
func notOfBase(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_/", r)
}

// host reports whether the list has the link's host.
func (l Links) host(u *url.URL) bool {
	name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if u.Scheme == "e1c" && slices.Contains(kinds, name) {
		return false
	}
	return name != "" && slices.ContainsFunc(l.Hosts, func(allowed string) bool {
		allowed = strings.ToLower(allowed)
		switch {
		case strings.HasPrefix(allowed, "."):
			return u.Port() == "" && strings.HasSuffix(name, allowed) && len(name) > len(allowed)
		case strings.Contains(allowed, ":") && !strings.HasSuffix(allowed, "]"):
			return name+":"+u.Port() == allowed
		}
		return name == strings.Trim(allowed, "[]") && u.Port() == ""
	})
}

// OpenCommand is the command line that opens a link on a system (GOOS); none
// on Windows, where a call of the system does. The link has passed Check; it is
// one argument, and no shell reads it.
func OpenCommand(system, link string) ([]string, error) {
	switch system {
	case "windows":
		return nil, nil
	case "darwin":
		return []string{"open", link}, nil
	case "linux", "freebsd", "openbsd", "netbsd":
		return []string{"xdg-open", link}, nil
	}
	return nil, fmt.Errorf("links cannot be opened on %s", system)
}
