package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWords: a customer is «клиент», a user's program is «программа», and a
// person of ours is «пользователь», on every page. People whom a PBX lists, who
// may be no users, are «сотрудники АТС».
func TestWords(t *testing.T) {
	program := regexp.MustCompile(`(?i)клиент(ов|а|ом|у)?( не)? (на связи|был на связи|получил|ничего не получал|с ним|узнал|открыл|не смог)|до клиента,|"(Клиент|Клиенты)" "(Client|Sessions)"|сообщено клиенту|первому клиенту пользователя|получил ли его клиент|клиент был занят|ни один клиент`)
	person := regexp.MustCompile(`(?i)сотрудник`)
	allowed := regexp.MustCompile(`(?i)сотрудниками АТС|перечислять сотрудников|"Сотрудники", "Не подтверждено"|Сотрудники АТС`)
	files, _ := filepath.Glob("*.go")
	pages, _ := filepath.Glob("templates/*.html")
	for _, name := range append(files, pages...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, found := range append(program.FindAllString(line, -1), person.FindAllString(allowed.ReplaceAllString(line, ""), -1)...) {
				t.Errorf("%s:%d: %q", name, i+1, found)
			}
		}
	}
}
