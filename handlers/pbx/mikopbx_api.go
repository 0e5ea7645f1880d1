package pbx

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"zummer/models"
)

// mikoRecording stands before the path of a recording in the PBX.
const mikoRecording = "mikopbx:"

// Recording asks the PBX for the file, as its own pages do; that this needs no
// more than a key is unconfirmed, and so is the address in versions from 2025.
func (mikoPBX) Recording(ctx context.Context, _ Doer, cfg Config, ref, _ string) (*http.Request, error) {
	file, ok := strings.CutPrefix(ref, mikoRecording)
	base := strings.TrimRight(cfg.setting("api_url"), "/")
	switch {
	case !ok || file == "":
		return nil, models.Errorf(models.NotFound, "this is no recording of MikoPBX")
	case base == "":
		return nil, models.InvalidField("settings.api_url", "is required to fetch recordings")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/pbxcore/api/cdr/v2/playback?view="+url.QueryEscape(file), http.NoBody)
	if err != nil {
		return nil, models.InvalidField("settings.api_url", "is no address")
	}
	if key := cfg.setting("api_key"); key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	return req, nil
}
