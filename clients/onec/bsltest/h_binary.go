package bsltest

import (
	"os"
	"strings"
)

// blob is ДвоичныеДанные.
type blob struct{ data []byte }

func (*blob) TypeName() string   { return "ДвоичныеДанные" }
func (b *blob) cross(*World) any { return b }

// onlyUTF8 refuses an encoding that is not played.
func onlyUTF8(c *Call) {
	if c.Given(1) && encodingName(c.Arg(1)) != "utf-8" && !strings.EqualFold(str(c.Arg(1)), "utf-8") {
		throw("Кодировка не поддерживается (%s)", c.Str(1))
	}
}

func binaryHost() Host {
	return Host{
		Types: []*Type{{Names: "ДвоичныеДанные BinaryData", Min: 1, New: func(c *Call) any {
			data, err := os.ReadFile(c.Str(0))
			if err != nil {
				throw("Файл не обнаружен (%s)", c.Str(0))
			}
			return &blob{data}
		}, Methods: []Function{
			{Names: "Размер Size", Do: func(c *Call) any { return count(len(this[*blob](c).data)) }},
			{Names: "Записать Write", Min: 1, Procedure: true, Do: func(c *Call) any {
				if err := os.WriteFile(c.Str(0), this[*blob](c).data, 0o600); err != nil {
					throw("Ошибка записи файла (%s)", c.Str(0))
				}
				return nil
			}},
		}}},
		Functions: []Function{
			{Names: "ПолучитьДвоичныеДанныеИзСтроки GetBinaryDataFromString", Since: "8.3.10", Min: 1, Max: 3, Do: func(c *Call) any {
				onlyUTF8(c)
				if c.Bool(2) {
					return &blob{append([]byte("\xef\xbb\xbf"), c.Str(0)...)}
				}
				return &blob{[]byte(c.Str(0))}
			}},
			{Names: "ПолучитьСтрокуИзДвоичныхДанных GetStringFromBinaryData", Since: "8.3.10", Min: 1, Max: 2, Do: func(c *Call) any { onlyUTF8(c); return string(arg[*blob](c, 0).data) }},
			{Names: "ПолучитьИмяВременногоФайла GetTempFileName", Since: "-web", Max: 1, Do: func(c *Call) any {
				f, err := os.CreateTemp(c.W.Temp, "bsl*."+c.Str(0))
				if err != nil {
					throw("Временный файл не создан")
				}
				name := f.Name()
				_ = f.Close()
				_ = os.Remove(name)
				return name
			}},
			{Names: "УдалитьФайлы DeleteFiles", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
				_ = os.Remove(c.Str(0))
				return nil
			}},
		},
	}
}
