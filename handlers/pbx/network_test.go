package pbx_test

import (
	"testing"

	"zummer/handlers/pbx"
)

func TestAreaCode(t *testing.T) {
	a, _ := pbx.Lookup("generic")
	for name, v := range map[string]any{"a text": "495", "a number": float64(4822), "empty": "", "null": nil} {
		own, err := pbx.CheckCommon(a, map[string]any{"area_code": v, "own": "x"})
		if err != nil || len(own) != 1 {
			t.Errorf("%s: %v, %v", name, own, err)
		}
	}
	for name, v := range map[string]any{"a list": []any{"495"}, "a flag": true, "with a plus": "+7495", "in brackets": "(495)", "too long": "495000", "letters": "Moscow", "a fraction": 49.5} {
		_, err := pbx.CheckCommon(a, map[string]any{"area_code": v})
		if err == nil {
			t.Errorf("%s: %v is taken", name, v)
			continue
		}
		checkField(t, err, "settings.area_code")
	}
}
