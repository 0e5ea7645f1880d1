package simulate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"zummer/handlers/pbx"
)

// genericTongue says every event as it is.
func genericTongue() tongue {
	return tongue{kind: "generic", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", voice: func(to Target) voice {
		return func(step Step) ([]draft, error) {
			body, err := json.Marshal(step.Event)
			if err != nil {
				return nil, err
			}
			return []draft{{contentType: "application/json", body: body, sign: func(req *http.Request, body []byte, now time.Time) error {
				return signStandard(req, to.Secret, step.Event.ID, body, now)
			}}}, nil
		}
	}}
}

// signStandard puts the headers of Standard Webhooks on req; nothing without a
// secret.
func signStandard(req *http.Request, secret, id string, body []byte, now time.Time) error {
	if secret == "" {
		return nil
	}
	id = strings.ReplaceAll(id, ".", "-")
	signature, err := pbx.SignStandard(secret, id, now, body)
	if err != nil {
		return err
	}
	req.Header.Set(pbx.HeaderID, id)
	req.Header.Set(pbx.HeaderTimestamp, fmt.Sprint(now.Unix()))
	req.Header.Set(pbx.HeaderSignature, signature)
	return nil
}
