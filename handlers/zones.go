package handlers

import (
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// zoneOf is the zone of the times in xml and text: tz, else the user's, else
// the service's.
func (a *API) zoneOf(f *fields, u *models.User, format string) *time.Location {
	if name := f.str("tz"); name != "" {
		zone, ok := a.zone(name)
		if !ok {
			f.fail("tz", "unknown time zone; use a name like Europe/Moscow or an offset like +03:00")
			return time.UTC
		}
		return zone
	}
	if format == formatJSON {
		return time.UTC
	}
	return a.zoneFor(u)
}

// zoneFor is a user's own zone, else the service's.
func (a *API) zoneFor(u *models.User) *time.Location {
	if u != nil && u.Timezone != "" {
		if zone, ok := a.zone(u.Timezone); ok {
			return zone
		}
	}
	zone, _ := a.zone(a.d.Timezone)
	return zone
}

// zone finds a time zone by name or offset; UTC and false for anything else.
// Known ones are kept: reading them costs a file each time.
func (a *API) zone(name string) (*time.Location, bool) {
	if z, ok := a.zones.Load(name); ok {
		return z.(*time.Location), true //nolint:forcetypeassert // only Locations are stored
	}
	if z, ok := offsetZone(name); ok {
		return z, true
	}
	if name == "" || name == "Local" || len(name) > 64 {
		return time.UTC, false
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, false
	}
	a.zones.Store(name, z)
	return z, true
}

// offsetZone reads +03:00, GMT+3 and the like, as 1C names a zone without a
// name.
func offsetZone(s string) (*time.Location, bool) {
	rest := strings.TrimPrefix(strings.TrimPrefix(s, "GMT"), "UTC")
	if len(rest) < 2 || rest[0] != '+' && rest[0] != '-' {
		return nil, false
	}
	h, m, _ := strings.Cut(rest[1:], ":")
	hours, err := strconv.ParseUint(h, 10, 8)
	minutes, err2 := strconv.ParseUint("0"+m, 10, 8)
	if err != nil || err2 != nil || hours > 14 || minutes > 59 {
		return nil, false
	}
	seconds := int(hours*3600 + minutes*60)
	if rest[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), true
}
