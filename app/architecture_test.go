package app_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allowed is the import table of docs/architecture.md: which of our packages,
// and which of the guarded libraries, a package may import outside of tests.
// A package that is not listed fails the test.
var allowed = map[string][]string{
	".":                      {"app"},
	"models":                 {},
	"models/phone":           {"models", "github.com/nyaruka/phonenumbers"},
	"models/store":           {"models", "gorm.io/", "github.com/glebarez/sqlite", "github.com/jackc/pgx", "github.com/pressly/goose", "golang.org/x/sys"},
	"models/store/storetest": {"models/store", "github.com/jackc/pgx"},
	"handlers":               {"models", "handlers/pbx", "web", "github.com/labstack/echo", "github.com/alexedwards/scs", "golang.org/x/text"},
	"handlers/pbx":           {"models", "models/phone"},
	"handlers/pbx/simulate":  {"models", "models/phone", "handlers/pbx"},
	"web":                    {"models", "clients/js"},
	"docs":                   {},
	"jobs":                   {"models", "github.com/robfig/cron"},
	"app/internal/auth":      {"models", "models/phone", "golang.org/x/crypto"},
	"app/internal/crm":       {"models", "models/phone", "github.com/hashicorp/golang-lru", "github.com/sony/gobreaker", "golang.org/x/sync"},
	"app/internal/hub":       {"models", "models/phone"},
	"app/internal/routing":   {"models", "models/phone"},
	"app/internal/setup":     {"models", "models/phone"},
	"app/internal/inbox":     {"models", "models/phone", "app/internal/routing", "app/internal/hub", "golang.org/x/sync"},
	"app":                    {"*"},
	"app/apptest":            {"*"},
	"clients/agent":          {"clients/go", "github.com/godbus/dbus", "golang.org/x/sys"},
	"clients/bench":          {"*"},
	"clients/conformance":    {"models", "handlers"},
	"clients/go":             {},
	"clients/js":             {},
	"clients/onec/bsltest":   {"golang.org/x/text"},
}

// TestArrows keeps the import arrows of the architecture: nothing points back
// up, GORM stays in the store, Echo in the handlers.
func TestArrows(t *testing.T) {
	t.Parallel()
	root := ".."
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(rel)
		rules, known := allowed[dir]
		if !known {
			t.Errorf("package %s is not in the import table", dir)
			return nil
		}
		seen[dir] = true
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			if name := strings.Trim(spec.Path.Value, `"`); !mayImport(rules, name) {
				t.Errorf("%s imports %s, which the table of docs/architecture.md does not allow", file, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range allowed {
		if !seen[dir] {
			t.Errorf("the import table names %s, which is not there", dir)
		}
	}
}

func mayImport(rules []string, name string) bool {
	first, _, _ := strings.Cut(name, "/")
	if slices.Contains(rules, "*") || !strings.Contains(first, ".") && first != "zummer" { // the standard library
		return true
	}
	ours, isOurs := strings.CutPrefix(name, "zummer/")
	for _, r := range rules {
		if isOurs && path.Clean(r) == ours || !isOurs && strings.HasPrefix(name, r) {
			return true
		}
	}
	return false
}
