package pbx

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"zummer/models"
)

// aircallAPI is Aircall's public API (developer.aircall.io).
const aircallAPI = "https://api.aircall.io/v1"

// aircallPages bounds the list of people: 50 on a page.
const aircallPages = 100

// aircallAsk calls the API with the source's credentials.
func aircallAsk(ctx context.Context, do Doer, cfg Config, method, path string, body []byte) (fields, error) {
	id, token := cfg.setting("api_id"), cfg.setting("api_token")
	switch {
	case id == "":
		return nil, missingSetting("api_id")
	case token == "":
		return nil, missingSetting("api_token")
	}
	req, err := cloudRequest(ctx, method, aircallAPI+path, body)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(id, token)
	answer, err := cloudAsk(do, req)
	return cloudObject(answer), err
}

// Employees lists the users (GET /users, page by page).
func (aircall) Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	var out []Employee
	for page := 1; page <= aircallPages; page++ {
		answer, err := aircallAsk(ctx, do, cfg, http.MethodGet, "/users?per_page=50&page="+strconv.Itoa(page), nil)
		if err != nil {
			return nil, err
		}
		if _, ok := answer["users"].([]any); !ok {
			return nil, unavailable("the system's list of people is no list")
		}
		for _, u := range answer.subs("users") {
			if ext, more := aircallPerson(u); ext != "" {
				out = append(out, Employee{Name: u.text("name"), Email: u.text("email"), Addresses: append([]string{ext}, more...)})
			}
		}
		if answer.sub("meta").text("next_page_link") == "" {
			break
		}
	}
	return out, nil
}

// Recording asks for the call and takes its link to the sound, the voice mail
// when there was no talk. The link is valid for some minutes only, so it is
// asked for each time.
func (aircall) Recording(ctx context.Context, do Doer, cfg Config, ref, _ string) (*http.Request, error) {
	id, err := recordingRef(ref, "aircall")
	if err != nil {
		return nil, err
	}
	answer, err := aircallAsk(ctx, do, cfg, http.MethodGet, "/calls/"+url.PathEscape(id), nil)
	if err != nil {
		return nil, err
	}
	call := answer.sub("call")
	link := cmp.Or(call.text("recording"), call.text("voicemail"))
	if link == "" {
		return nil, noRecording()
	}
	return cloudSound(ctx, link)
}

// Dial starts a call in the user's phone app (POST /users/{id}/calls), from the
// number that the setting number_id names. The answer does not tell the call.
func (aircall) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	user, ok := strings.CutPrefix(o.From, "id:")
	if !ok || user == "" || strings.Trim(user, "0123456789") != "" {
		return "", models.InvalidField("from", "this system places calls of people with an id")
	}
	number, err := strconv.ParseInt(cfg.setting("number_id"), 10, 64)
	if err != nil {
		return "", missingSetting("number_id")
	}
	body, err := json.Marshal(struct {
		Number int64  `json:"number_id"`
		To     string `json:"to"`
	}{number, o.Phone})
	if err != nil {
		return "", unavailable("the request cannot be written")
	}
	_, err = aircallAsk(ctx, do, cfg, http.MethodPost, "/users/"+user+"/calls", body)
	return "", err
}
