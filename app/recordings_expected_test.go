package app_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// story is what one recording says happened, and the picture that each person
// should have of it by now. It knows nothing of events, legs and rules.
type story struct {
	t        *testing.T
	scenario string
	lines    []string          // not told yet
	call     map[string]string // kind of each person's row of the call
	missed   map[string]bool
	talked   []string // extensions, in the order in which they answered
	phone    string   // E.164; "": hidden
	name     string
	dials    string // the extension that calls out
	aboutUs  bool   // an internal call
}

// readStory finds a scenario in what the recordings are said to contain.
func readStory(t *testing.T, scenario string) *story {
	t.Helper()
	text, err := os.ReadFile("testdata/asterisk-pjsip/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "== scenario-"+scenario+".ami-connector.txt\n")
	if !ok {
		t.Fatalf("expected.txt has no scenario %s", scenario)
	}
	rest, _, _ = strings.Cut(rest, "\n== ")
	s := &story{t: t, scenario: scenario, call: map[string]string{}, missed: map[string]bool{}}
	for line := range strings.SplitSeq(strings.TrimSpace(rest), "\n") {
		if strings.HasPrefix(line, "  ") {
			s.lines = append(s.lines, strings.TrimSpace(line))
		}
	}
	if len(s.lines) == 0 {
		t.Fatalf("expected.txt says nothing of scenario %s", scenario)
	}
	return s
}

// take removes the first line that matches and returns its groups.
func (s *story) take(pattern string) []string {
	s.t.Helper()
	re := regexp.MustCompile("^" + pattern + "$")
	for i, line := range s.lines {
		if m := re.FindStringSubmatch(line); m != nil {
			s.lines = slices.Delete(s.lines, i, i+1)
			return m
		}
	}
	s.t.Fatalf("scenario %s: expected.txt has no more %q, only %q", s.scenario, pattern, s.lines)
	return nil
}

// number writes a British number the way it is dialled from anywhere; "" for a
// caller who withheld it.
func number(s string) string {
	switch {
	case s == "anonymous":
		return ""
	case strings.HasPrefix(s, "0"):
		return "+44" + s[1:]
	}
	return s
}

// isExtension tells a colleague from a customer.
func isExtension(s string) bool { return slices.Contains(people[:], s) }

// tell goes on to what the request with these fields reports.
func (s *story) tell(f map[string]string) {
	s.t.Helper()
	switch what := f["event"]; {
	case what == "incoming":
		m := s.take(`INCOMING from (\S+) "(.*)" to DID \+?(\S+)`)
		s.phone, s.name = number(m[1]), m[2]
		if m[1] == "anonymous" {
			s.name = "" // says nothing
		}
		if m[3] != f["did"] {
			s.t.Errorf("scenario %s: the request names DID %s, expected.txt %s", s.scenario, f["did"], m[3])
		}
	case what == "outgoing":
		s.dials, s.phone = s.take(`PHONE (\d+) dials \S+`)[1], ""
		if m := s.take(`DIALLING OUT (\S+) for (\d+)`); m[2] == s.dials {
			s.phone = number(m[1])
		}
	case what == "ringing":
		m := s.take(`RINGING (` + f["ext"] + `), other party (\S+)`)
		if s.aboutUs = isExtension(m[2]); s.aboutUs {
			return
		}
		if number(m[2]) != s.phone {
			s.t.Errorf("scenario %s: %s rings for %s, the caller is %s", s.scenario, m[1], m[2], s.phone)
		}
		s.call[m[1]] = "call.ringing"
	case what == "answered" && s.dials != "":
		s.take(`FAR END ANSWER`)
		s.call[s.dials] = "call.outgoing"
	case what == "answered":
		s.answered(s.take(`ANSWERED by (\d+), other party (\S+)`))
	case what == "hangup":
		s.ended(s.take(`ENDED (\S+) call from (\S+): answered by (nobody|\[.*\])(?: MISSED by (.*) \(.*\))?`))
	case strings.HasPrefix(what, "dialstatus-"):
		if !slices.ContainsFunc(s.lines, func(l string) bool { return strings.HasPrefix(l, "STOPPED ringing at "+f["ext"]+":") }) {
			return // it never rang
		}
		s.stop(s.take(`STOPPED ringing at (` + f["ext"] + `): not answered .*`)[1])
	default:
		s.t.Fatalf("scenario %s: a request tells of %q", s.scenario, what)
	}
}

func (s *story) answered(m []string) {
	who := m[1]
	s.talked = append(s.talked, who)
	if s.aboutUs {
		return
	}
	for p, kind := range s.call {
		switch kind {
		case "call.answered":
			s.call[p] = "call.transferred"
		case "call.ringing":
			if p != who {
				s.take(`STOPPED ringing at ` + p + `: answered elsewhere .*`)
				s.call[p] = "call.answered_elsewhere"
			}
		}
	}
	s.call[who] = "call.answered"
}

func (s *story) stop(who string) {
	if s.call[who] == "call.ringing" {
		s.call[who] = "call.ring_ended"
	}
}

func (s *story) ended(m []string) {
	if said := "['" + strings.Join(s.talked, "', '") + "']"; len(s.talked) > 0 && m[3] != said {
		s.t.Errorf("scenario %s: %s talked, expected.txt says %s", s.scenario, said, m[3])
	}
	for p, kind := range s.call {
		s.stop(p)
		if kind == "call.answered" || kind == "call.outgoing" {
			s.call[p] = "call.ended"
		}
	}
	switch m[4] {
	case "":
	case "nobody":
		for _, p := range team {
			s.missed[p] = true // the source's group
		}
	default:
		for p := range strings.SplitSeq(m[4], ", ") {
			s.missed[p] = true
		}
	}
}

// over checks that nothing worth telling was left untold.
func (s *story) over() {
	s.t.Helper()
	for _, line := range s.lines {
		for _, telling := range []string{"RINGING", "ANSWERED", "INCOMING", "FAR END"} {
			if strings.HasPrefix(line, telling) {
				s.t.Errorf("scenario %s: no request told of %q", s.scenario, line)
			}
		}
	}
}

// picture is what each person should see now, as office.look writes it.
func (s *story) picture() map[string][]string {
	action := map[string]string{"call.ringing": "indicate", "call.answered": opensOn(s.phone), "call.outgoing": opensOn(s.phone), "call.ended": "show",
		"call.answered_elsewhere": "none", "call.transferred": "none", "call.ring_ended": "none"}
	out := map[string][]string{}
	for _, p := range people {
		rows := []string{}
		if kind := s.call[p]; kind != "" {
			rows = append(rows, kind+" "+action[kind]+" "+s.phone+" «"+s.name+"»")
		}
		if s.missed[p] {
			rows = append(rows, "call.missed call_back "+s.phone+" «"+s.name+"»")
		}
		slices.Sort(rows)
		out[p] = rows
	}
	return out
}
