package app

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"

	"zummer/models/store/storetest"
)

// TestAdminCommands: the first administrator, the list, the way back in, and
// what is refused.
func TestAdminCommands(t *testing.T) {
	t.Parallel()
	dsn := storetest.SQLite(t)
	run := func(stdin string, args ...string) (code int, out, complaint string) {
		t.Helper()
		var o, e bytes.Buffer
		code = MainWith(context.Background(), append(args, "--database", dsn), strings.NewReader(stdin), &o, &e)
		return code, o.String(), e.String()
	}
	for _, tt := range []struct {
		name, stdin string
		args        []string
		code        int
		want        string // a pattern of what is printed
	}{
		{"nobody yet", "", []string{"admin", "list"}, 0, `there is no administrator yet; zummer admin create`},
		{"the first one", "a good password\n", []string{"admin", "create", "root", "--password-stdin", "--name", "Рут"}, 0, `^root may sign in at http://127\.0\.0\.1:8080/admin/ \(role admin\)\n$`},
		{"the same again", "a good password\n", []string{"admin", "create", "ROOT", "--password-stdin"}, 1, `there is an administrator root already; a new password: zummer admin password root`},
		{"with a password made up", "", []string{"admin", "create", "anna", "--role", "viewer", "--masked"}, 0, `anna may sign in .*role viewer\)\npassword: [a-z2-7]{4}(-[a-z2-7]{4}){3}\n$`},
		{"a short password", "short\n", []string{"admin", "create", "boris", "--password-stdin"}, 1, `password: must have at least 10 characters`},
		{"no such role", "", []string{"admin", "create", "boris", "--role", "god"}, 2, `--role must be one of`},
		{"a new password", "another password", []string{"admin", "password", "Root", "--password-stdin"}, 0, `^root has a new password\n$`},
		{"of nobody", "another password", []string{"admin", "password", "boris", "--password-stdin"}, 1, `there is no administrator "boris"`},
		{"the list", "", []string{"admin", "list"}, 0, `(?s)anna +viewer +active, masked +never.*root +admin +active +never +Рут`},
	} {
		code, out, complaint := run(tt.stdin, tt.args...)
		if code != tt.code || !regexp.MustCompile(tt.want).MatchString(out+complaint) {
			t.Errorf("%s: code %d, printed %q and %q; want %d and %s", tt.name, code, out, complaint, tt.code, tt.want)
		}
		if strings.Contains(out+complaint, "good password") {
			t.Errorf("%s: the password is printed: %q", tt.name, out+complaint)
		}
	}
	p, err := open(t.Context(), Database{Database: dsn, DBPool: 4}, validConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if a, err := p.admins.SignIn(t.Context(), "root", "another password", ""); err != nil || a.Name != "Рут" || a.Masked {
		t.Errorf("sign in with the new password: %+v, %v", a, err)
	}
	if _, err := p.admins.SignIn(t.Context(), "root", "a good password", ""); err == nil {
		t.Error("the old password still opens")
	}
}
