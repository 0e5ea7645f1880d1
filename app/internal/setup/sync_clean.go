package setup

import (
	"fmt"
	"slices"

	"zummer/models"
)

// cleanSync cleans what the CRM lists, and refuses what stands there twice.
func cleanSync(users []models.SyncUser) ([]models.SyncUser, error) {
	if len(users) > maxSyncUsers {
		return nil, models.InvalidField("users", "has %d entries; at most %d are allowed", len(users), maxSyncUsers)
	}
	out := slices.Clone(users)
	ids, logins := map[string]int{}, map[string]int{}
	var err error
	for i := range out {
		u, at := &out[i], fmt.Sprintf("[%d].", i)
		if u.ExternalID, err = name(at+"external_id", u.ExternalID, maxLogin); err != nil {
			return nil, err
		}
		if u.Login, err = ownName(at+"login", u.Login, maxLogin); err != nil {
			return nil, err
		}
		if u.Name, err = optional(at+"name", u.Name, models.MaxName); err != nil {
			return nil, err
		}
		if u.Group, err = optional(at+"group", u.Group, models.MaxName); err != nil {
			return nil, err
		}
		if j, twice := ids[u.ExternalID]; twice {
			return nil, models.InvalidField(at+"external_id", "stands at [%d] too", j)
		}
		if j, twice := logins[models.FoldLogin(u.Login)]; twice {
			return nil, models.InvalidField(at+"login", "stands at [%d] too", j)
		}
		ids[u.ExternalID], logins[models.FoldLogin(u.Login)] = i, i
	}
	return out, nil
}
