package models_test

import (
	"testing"

	"zummer/models"
)

func TestNumbering(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		source       models.Source
		region, area string
	}{
		{"the service's", models.Source{}, "RU", "495"},
		{"the service's region, told again", models.Source{Region: "RU"}, "RU", "495"},
		{"another town", models.Source{Settings: map[string]any{"area_code": " 812 "}}, "RU", "812"},
		{"a number from JSON", models.Source{Settings: map[string]any{"area_code": float64(4822)}}, "RU", "4822"},
		{"another country", models.Source{Region: "GB"}, "GB", ""},
		{"a town of another country", models.Source{Region: "GB", Settings: map[string]any{"area_code": "1223"}}, "GB", "1223"},
		{"empty", models.Source{Settings: map[string]any{"area_code": ""}}, "RU", "495"},
		{"null", models.Source{Settings: map[string]any{"area_code": nil}}, "RU", "495"},
	} {
		if region, area := tc.source.Numbering("RU", "495"); region != tc.region || area != tc.area {
			t.Errorf("%s: %q %q, want %q %q", tc.name, region, area, tc.region, tc.area)
		}
	}
}
