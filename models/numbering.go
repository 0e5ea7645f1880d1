package models

import (
	"encoding/json"
	"fmt"
	"strings"
)

// SettingAreaCode is the setting of a source that says which town numbers
// without an area code belong to. Absent or empty: see Source.Numbering.
const SettingAreaCode = "area_code"

// AreaCode reads the setting, which may be a text or a number; "" where it is
// absent or neither.
func (s *Source) AreaCode() string {
	switch v := s.Settings[SettingAreaCode].(type) {
	case string:
		return strings.TrimSpace(v)
	case float64, int, int64, json.Number:
		return fmt.Sprint(v)
	}
	return ""
}

// Numbering is how numbers of the source without a country or an area are
// meant: its own region and area code, else the service's. A source of another
// region has no use for the service's area.
func (s *Source) Numbering(region, area string) (ownRegion, ownArea string) {
	if s.Region != "" && s.Region != region {
		region, area = s.Region, ""
	}
	if own := s.AreaCode(); own != "" {
		area = own
	}
	return region, area
}
