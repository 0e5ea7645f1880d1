package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// handler asks the desktop whether any program opens the links of the infobase.
// Other systems than Linux are not asked.
func (c *Check) handler(ctx context.Context, cfg Config) {
	if c.System != "linux" || !cfg.OpenForms || !strings.HasPrefix(cfg.Infobase, "e1c:") {
		return
	}
	ask, err := exec.LookPath("xdg-mime")
	if err != nil {
		return // that nothing opens links was said
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, ask, "query", "default", "x-scheme-handler/e1c") //nolint:gosec // the desktop's own program
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	program := strings.TrimSpace(string(out))
	switch {
	case err != nil && ctx.Err() != nil:
		c.line("·", "xdg-mime не говорит, какая программа открывает ссылки e1c: (%s)", "xdg-mime does not say which program opens links e1c: (%s)", ctx.Err())
	case program == "":
		c.line("✗", "ссылки 1С (e1c:) открыть нечем: поставьте клиент 1С:Предприятия для этого пользователя и назначьте его: xdg-mime default ФАЙЛ.desktop x-scheme-handler/e1c", "no program opens links of 1C (e1c:): install the client of 1C:Enterprise for this user and make it the one: xdg-mime default FILE.desktop x-scheme-handler/e1c")
	default:
		c.line("✓", "ссылки 1С (e1c:) открывает %s", "links of 1C (e1c:) are opened by %s", program)
	}
}

// outputs: the command, and the file of the log.
func (c *Check) outputs(cfg Config) {
	if len(cfg.Command) > 0 {
		if _, err := exec.LookPath(cfg.Command[0]); err != nil {
			c.line("✗", "command: программа %s не запустится (%s): впишите полный путь", "command: the program %s cannot be run (%s): give its full path", cfg.Command[0], inWords(err))
		} else {
			c.line("✓", "command: программа %s есть", "command: the program %s is there", cfg.Command[0])
		}
	}
	if cfg.LogFile == "" {
		return
	}
	if err := tryLog(cfg.LogFile); err != nil {
		c.line("✗", "log_file: в %s писать нельзя (%s), агент не запустится: впишите другой файл", "log_file: %s cannot be written (%s), the agent will not start: name another file", cfg.LogFile, inWords(err))
		return
	}
	c.line("✓", "log_file: журнал пишется в %s", "log_file: the log goes to %s", cfg.LogFile)
}

// inWords is an error of a file without its path, which was said.
func inWords(err error) string {
	var path *fs.PathError
	var program *exec.Error
	switch {
	case errors.As(err, &path):
		return path.Err.Error()
	case errors.As(err, &program):
		return program.Err.Error()
	}
	return err.Error()
}

// tryLog says why a log could not be opened, and leaves nothing behind.
func tryLog(path string) error {
	made := []string{path} // what is not there yet, the innermost first
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		made = append(made, dir)
	}
	if _, err := os.Lstat(path); err == nil { // a link to where nothing is yet stays, too
		made = made[:0]
	}
	f, err := OpenLog(path)
	_ = f.Close() // nothing was written
	for _, name := range made {
		_ = os.Remove(name) // a folder in which somebody has put something since stays
	}
	return err
}
