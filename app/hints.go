package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// What a command adds to an error, so that whoever reads it knows what to do.

// unreachable is why an instance could not be asked.
func unreachable(address string, err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("%s does not answer (%w): is the service running, is --url right?", address, err)
}

// whereKeys says where a valid token comes from.
const whereKeys = "no valid token: `zummer admin token`, run with the database of this service, prints one"

// whereHelp names the help of the command that a wrong command line begins.
func whereHelp(err error) string {
	command := "zummer"
	if p, ok := errors.AsType[*kong.ParseError](err); ok && p.Context != nil {
		for _, part := range p.Context.Path {
			if part.Command != nil {
				command += " " + part.Command.Name
			}
		}
	}
	return command + " --help tells more"
}

// missingFile is the path of a SQLite database that is not there yet; "" for
// any other.
func missingFile(db Database) string {
	path, ok := strings.CutPrefix(db.Database, "sqlite:")
	if _, err := os.Stat(path); ok && path != "" && errors.Is(err, fs.ErrNotExist) {
		return path
	}
	return ""
}
