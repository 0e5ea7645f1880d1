package simulate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"zummer/models"
)

// cloudTongue tells every event as it is, by turns in binary and in structured
// mode.
func cloudTongue() tongue {
	return tongue{kind: "cloudevents", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", voice: func(to Target) voice {
		return func(step Step) ([]draft, error) { return cloudSay(to, step.Event) }
	}}
}

func cloudSay(to Target, e models.Event) ([]draft, error) {
	f := map[string]any{"specversion": "1.0", "id": e.ID, "source": "/pbx/simulator", "type": "zummer.call." + string(e.Type), "subject": e.Call}
	if !e.At.IsZero() {
		f["time"] = e.At.Format(time.RFC3339Nano)
	}
	id := e.ID
	e.Type, e.ID, e.At = "", "", time.Time{} // the attributes say them
	d := draft{contentType: "application/cloudevents+json; charset=utf-8", sign: func(req *http.Request, body []byte, now time.Time) error {
		return signStandard(req, to.Secret, id, body, now)
	}}
	var err error
	if f["data"] = e; e.Seq%2 == 1 {
		d.body, err = json.Marshal(f)
		return []draft{d}, err
	}
	d.contentType, d.header = "application/json", map[string]string{}
	for name, v := range f {
		if name != "data" {
			d.header["Ce-"+name] = fmt.Sprint(v)
		}
	}
	d.body, err = json.Marshal(e)
	return []draft{d}, err
}
